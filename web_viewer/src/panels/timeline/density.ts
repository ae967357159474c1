import { PRIORITIES } from '@/panels/alarms/alarm'

import { DAY_MS, HOUR_MS, MINUTE_MS, spanOf, type TimeView } from './view'

/** How grave an event is, gravest first: it raised an alarm of a priority, somebody answered one, all else. */
export const SEVERITIES = [...PRIORITIES, 'handled', 'other'] as const
export type Severity = (typeof SEVERITIES)[number]

const WIDTHS_MS = [
  10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000,
  ...[1, 2, 5, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7].map((days) => days * DAY_MS),
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

/** How many events of a type, raised alarms of a severity, fall into a bar. */
export interface DensityItem {
  readonly bucket: number
  readonly type: string
  readonly severity: string | null
  readonly count: number
}

export const EMPTY: Histogram = histogramOf({ fromMs: 0, toMs: 0, buckets: 0, widthMs: 1 }, [])

/** @param severity what the server says of a raised alarm; one of which it says nothing counts as high. */
export function severityOf(type: string, severity: unknown = null): Severity {
  if (type === 'alarm.raised') return PRIORITIES.find((each) => each === severity) ?? 'high'
  return type.startsWith('alarm.') ? 'handled' : 'other'
}

/** @param offsetMs how far the venue's clocks are ahead of UTC: bars of days begin at its midnight. */
export function wantedFor(view: TimeView, offsetMs = 0): Wanted {
  const span = spanOf(view)
  const widthMs = WIDTHS_MS.find((width) => width >= span / BARS) ?? WIDTHS_MS[WIDTHS_MS.length - 1]
  const fromMs = Math.floor((view.fromMs - span + offsetMs) / widthMs) * widthMs - offsetMs
  const buckets = Math.ceil((view.toMs + span - fromMs) / widthMs)
  return { fromMs, toMs: fromMs + buckets * widthMs, buckets, widthMs }
}

/** Whether counts that were asked for still serve a view: the same bars, and none of it beyond them. */
export function serves(wanted: Wanted | null, view: TimeView): boolean {
  return (
    wanted !== null && wantedFor(view).widthMs === wanted.widthMs && view.fromMs >= wanted.fromMs && view.toMs <= wanted.toMs
  )
}

function bySeverity<T>(make: (severity: Severity) => T): Record<Severity, T> {
  return Object.fromEntries(SEVERITIES.map((severity) => [severity, make(severity)])) as Record<Severity, T>
}

export function histogramOf(wanted: Wanted, items: readonly DensityItem[]): Histogram {
  const counts = bySeverity(() => new Uint32Array(wanted.buckets))
  for (const { bucket, type, severity, count } of items) {
    if (bucket >= 0 && bucket < wanted.buckets) counts[severityOf(type, severity)][bucket] += count
  }
  return { fromMs: wanted.fromMs, widthMs: wanted.widthMs, counts }
}

/** All events of a bar. */
export function totalOf({ counts }: Histogram, bucket: number): number {
  return SEVERITIES.reduce((sum, severity) => sum + (counts[severity][bucket] ?? 0), 0)
}

/** The bar that holds a moment; null where no event is, or where nothing was asked for. */
export function countsAt(histogram: Histogram, timeMs: number): Readonly<Record<Severity, number>> | null {
  const bucket = Math.floor((timeMs - histogram.fromMs) / histogram.widthMs)
  return totalOf(histogram, bucket) > 0 ? bySeverity((severity) => histogram.counts[severity][bucket] ?? 0) : null
}

/** The highest bar that a view shows, in events. */
export function highest(histogram: Histogram, view: TimeView): number {
  const { fromMs, widthMs, counts } = histogram
  const first = Math.max(0, Math.floor((view.fromMs - fromMs) / widthMs))
  const last = Math.min(counts.other.length - 1, Math.floor((view.toMs - fromMs) / widthMs))
  let most = 0
  for (let bucket = first; bucket <= last; bucket++) most = Math.max(most, totalOf(histogram, bucket))
  return most
}
