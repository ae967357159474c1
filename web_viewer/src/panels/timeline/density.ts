import { DAY_MS, HOUR_MS, MINUTE_MS, spanOf, type TimeView } from './view'

/** How grave an event is, gravest first: something raised an alarm, somebody answered it, all else. */
export const SEVERITIES = ['alarm', 'handled', 'other'] as const
export type Severity = (typeof SEVERITIES)[number]

const WIDTHS_MS = [
  1000, 2000, 5000, 10_000, 30_000,
  ...[1, 2, 5, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 3, 6, 12].map((hours) => hours * HOUR_MS),
  DAY_MS,
]
/** Bars of a view, about. */
const BARS = 150

/** Which counts to ask for: whole bars of a round width, from a view before to a view after. */
export interface Wanted {
  readonly fromMs: number
  readonly toMs: number
  readonly buckets: number
  readonly widthMs: number
}

/** Counts of events in bars, by severity. */
export interface Histogram {
  readonly fromMs: number
  readonly widthMs: number
  /** By severity (buckets,) uint32. */
  readonly counts: Readonly<Record<Severity, Uint32Array>>
}

/** How many events of a type fall into a bar. */
export interface DensityItem {
  readonly bucket: number
  readonly type: string
  readonly count: number
}

export const EMPTY: Histogram = histogramOf({ fromMs: 0, toMs: 0, buckets: 0, widthMs: 1 }, [])

export function severityOf(type: string): Severity {
  if (type === 'alarm.raised') return 'alarm'
  return type.startsWith('alarm.') ? 'handled' : 'other'
}

export function wantedFor(view: TimeView): Wanted {
  const span = spanOf(view)
  const widthMs = WIDTHS_MS.find((width) => width >= span / BARS) ?? DAY_MS
  const fromMs = Math.floor((view.fromMs - span) / widthMs) * widthMs
  const buckets = Math.ceil((view.toMs + span - fromMs) / widthMs)
  return { fromMs, toMs: fromMs + buckets * widthMs, buckets, widthMs }
}

/** Whether counts that were asked for still serve a view: the same bars, and none of it beyond them. */
export function serves(wanted: Wanted | null, view: TimeView): boolean {
  return (
    wanted !== null && wantedFor(view).widthMs === wanted.widthMs && view.fromMs >= wanted.fromMs && view.toMs <= wanted.toMs
  )
}

export function histogramOf(wanted: Wanted, items: readonly DensityItem[]): Histogram {
  const column = (): Uint32Array => new Uint32Array(wanted.buckets)
  const counts: Record<Severity, Uint32Array> = { alarm: column(), handled: column(), other: column() }
  for (const { bucket, type, count } of items) {
    if (bucket >= 0 && bucket < wanted.buckets) counts[severityOf(type)][bucket] += count
  }
  return { fromMs: wanted.fromMs, widthMs: wanted.widthMs, counts }
}

/** The bar that holds a moment; null where no event is, or where nothing was asked for. */
export function countsAt(histogram: Histogram, timeMs: number): Readonly<Record<Severity, number>> | null {
  const { fromMs, widthMs, counts } = histogram
  const bucket = Math.floor((timeMs - fromMs) / widthMs)
  const found = { alarm: counts.alarm[bucket] ?? 0, handled: counts.handled[bucket] ?? 0, other: counts.other[bucket] ?? 0 }
  return found.alarm + found.handled + found.other > 0 ? found : null
}

/** The highest bar that a view shows, in events. */
export function highest(histogram: Histogram, view: TimeView): number {
  const { fromMs, widthMs, counts } = histogram
  const first = Math.max(0, Math.floor((view.fromMs - fromMs) / widthMs))
  const last = Math.min(counts.other.length - 1, Math.floor((view.toMs - fromMs) / widthMs))
  let most = 0
  for (let bucket = first; bucket <= last; bucket++) {
    most = Math.max(most, counts.alarm[bucket] + counts.handled[bucket] + counts.other[bucket])
  }
  return most
}
