import { inputOf, msOfInput } from '@/logic/zone'

/** What is asked for most: within two hours, by the end of today, of tomorrow, within a week. */
export const DUE_WISHES = ['soon', 'today', 'tomorrow', 'week'] as const
export type DueWish = (typeof DUE_WISHES)[number]

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** The minute at which a day's work is asked for. */
const END_OF_DAY = '22:00'

/** The time that a wish means, ms since 1970 UTC; days are the venue's. One that is over already is the same hour of the next day. */
export function dueOf(wish: DueWish, nowMs: number, zone: string): number {
  if (wish === 'soon') return Math.ceil((nowMs + 2 * HOUR_MS) / 60_000) * 60_000
  const days = { today: 0, tomorrow: 1, week: 7 }[wish]
  const due = endOfDay(nowMs + days * DAY_MS, zone)
  return due > nowMs ? due : endOfDay(nowMs + (days + 1) * DAY_MS, zone)
}

function endOfDay(timeMs: number, zone: string): number {
  return msOfInput(`${inputOf(timeMs, zone).slice(0, 10)}T${END_OF_DAY}`, zone) ?? timeMs
}

/** A time to the minute in a zone: today's alone, another day's after its month and day, another year's after that too. */
export function dueText(dueMs: number, nowMs: number, zone: string): string {
  const [date, clock] = inputOf(dueMs, zone).split('T')
  const today = Number.isNaN(nowMs) ? '' : inputOf(nowMs, zone).slice(0, 10)
  if (date === today) return clock
  return `${date.slice(0, 4) === today.slice(0, 4) ? date.slice(5) : date} ${clock}`
}
