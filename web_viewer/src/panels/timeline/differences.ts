import { isUsable, type LiveColumns } from '@/net/columns'
import type { PointInfo } from '@/net/types'

/** What became of a point between two moments: it went up or down, switched to another state, or is read no more, or again. */
export const CHANGES = ['switched', 'up', 'down', 'quality'] as const
export type Change = (typeof CHANGES)[number]

/** A point that reads otherwise at the second moment; NaN where it reads nothing usable. */
export interface Difference {
  readonly point: PointInfo
  readonly before: number
  readonly after: number
  readonly change: Change
  /** How much, 0..1: of its range, else of the greater of the two. */
  readonly size: number
}

/** What is less than this share of a range is noise. */
const LEAST = 0.01
/** A state that switched is more than a number that moved by a tenth of its range. */
const SWITCHED = 0.6
const QUALITY = 0.5

/** What differs between two moments, the biggest first; of equal ones in the order of points. */
export function differencesOf(points: readonly PointInfo[], before: LiveColumns, after: LiveColumns): Difference[] {
  return points
    .flatMap((point) => {
      const found = differenceOf(point, before, after)
      return found === null ? [] : [found]
    })
    .sort((a, b) => b.size - a.size || a.point.pointIndex - b.point.pointIndex)
}

function differenceOf(point: PointInfo, before: LiveColumns, after: LiveColumns): Difference | null {
  const at = point.pointIndex
  const [was, is] = [isUsable(before, at), isUsable(after, at)]
  const [a, b] = [was ? before.value[at] : Number.NaN, is ? after.value[at] : Number.NaN]
  if (was !== is) return { point, before: a, after: b, change: 'quality', size: QUALITY }
  if (!was || a === b) return null
  if (point.states.length > 0) return { point, before: a, after: b, change: 'switched', size: SWITCHED }
  const size = Math.min(1, Math.abs(b - a) / scaleOf(point, a, b))
  return size < LEAST ? null : { point, before: a, after: b, change: b > a ? 'up' : 'down', size }
}

function scaleOf({ range }: PointInfo, a: number, b: number): number {
  const span = range === null ? 0 : range[1] - range[0]
  return span > 0 && Number.isFinite(span) ? span : Math.max(Math.abs(a), Math.abs(b))
}

/** The biggest difference of each element, by its index; devices without an element have none. */
export function byElement(differences: readonly Difference[]): ReadonlyMap<number, Difference> {
  const found = new Map<number, Difference>()
  for (const each of differences) {
    const { elementIndex } = each.point
    if (elementIndex >= 0 && !found.has(elementIndex)) found.set(elementIndex, each)
  }
  return found
}

/** How many points changed, by how. */
export function countsOf(differences: readonly Difference[]): Record<Change, number> {
  const counts: Record<Change, number> = { switched: 0, up: 0, down: 0, quality: 0 }
  for (const { change } of differences) counts[change]++
  return counts
}
