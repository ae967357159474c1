import { told, type Told } from '@/i18n/reasons'

import type { BridgeLine } from './api'

/** How a line is, worst first: what does not work, what works in part, what works, what is switched off. */
export type Mark = 'down' | 'partly' | 'up' | 'off'

const ORDER: readonly Mark[] = ['down', 'partly', 'up', 'off']

/** How a line is to be marked: one that is up and cannot read some of its points works in part. */
export function markOf(line: BridgeLine): Mark {
  return line.state === 'up' && line.bad > 0 ? 'partly' : line.state
}

/** The lines with what needs a person first; else in the order of the file. */
export function sorted(lines: readonly BridgeLine[]): BridgeLine[] {
  return lines
    .map((line, place) => ({ line, place, rank: ORDER.indexOf(markOf(line)) }))
    .sort((a, b) => a.rank - b.rank || a.place - b.place)
    .map(({ line }) => line)
}

/** How many lines are in each state. */
export function counted(lines: readonly BridgeLine[]): Record<Mark, number> {
  const counts: Record<Mark, number> = { down: 0, partly: 0, up: 0, off: 0 }
  for (const line of lines) counts[markOf(line)] += 1
  return counts
}

/** What a person should read under a line's name: why it is down, else what went wrong last, else nothing. */
export function trouble(line: BridgeLine): Told | null {
  if (line.state === 'off') return null
  const text = line.state === 'down' ? line.detail : line.bad > 0 || line.refused > 0 ? line.last_error : ''
  return text ? told(text, line.reason, line.named) : null
}

/** Seconds since something came over a line; null: nothing ever did, or it is not known. */
export function ageS(line: BridgeLine, nowMs: number): number | null {
  return line.last_message === null ? null : Math.max(0, Math.round((nowMs - Date.parse(line.last_message)) / 1000))
}
