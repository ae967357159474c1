import type { Counts, Pair, Row, RowKind } from './api'
import { KINDS } from './api'

/** From here on a guess may be confirmed without looking at each. */
export const LIKELY = 0.9

/** The kind to look at first: the first that has rows, else the one that is looked at. */
export function firstKind(counts: Counts, now: RowKind): RowKind {
  return counts[now] > 0 ? now : (KINDS.find((kind) => kind !== 'aside' && counts[kind] > 0) ?? now)
}

/** What can be confirmed at once: of each row the first guess, where it is likely and no other row wants it. */
export function likelyPairs(rows: readonly Row[]): Pair[] {
  const pairs = rows.flatMap(({ device, kind, bound, guesses }) => {
    if (kind === 'ruled') return bound === null ? [] : [{ device, element: bound.guid }]
    return guesses.length > 0 && guesses[0].confidence >= LIKELY ? [{ device, element: guesses[0].element.guid }] : []
  })
  const wanted = new Map<string, number>()
  for (const { element } of pairs) wanted.set(element, (wanted.get(element) ?? 0) + 1)
  return pairs.filter(({ element }) => wanted.get(element) === 1)
}

/** The device after another one in a list, '' where there is none: what is looked at once the first is settled. */
export function following(rows: readonly Row[], device: string): string {
  const at = rows.findIndex((row) => row.device === device)
  return (rows[at + 1] ?? rows[at - 1])?.device ?? ''
}
