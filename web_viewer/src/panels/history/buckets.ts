import type { operations } from '@/generated/api'

type Answer = operations['getAggregates']['responses'][200]['content']['application/json']

const DAY_MS = 86_400_000

/** How much of the past a chart shows. */
export type Span = 'day' | 'week' | 'month' | 'year'

/** Each span's length, ms. */
export const SPANS: Readonly<Record<Span, number>> = { day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS, year: 365 * DAY_MS }

/** By what a span is asked for: its samples, hours or days of the venue. */
export function stepOf(spanMs: number, kind: Answer['kind']): 'samples' | 'hour' | 'day' {
  if (spanMs > 60 * DAY_MS) return 'day'
  return spanMs > 2 * DAY_MS || kind === 'counter' ? 'hour' : 'samples'
}

/** What a point did in one bucket; NaN: not known. */
export interface Bucket {
  /** ms since 1970 UTC; `toMs` is not included. */
  readonly fromMs: number
  readonly toMs: number
  readonly mean: number
  readonly low: number
  readonly high: number
  /** Of counters: what was counted, and how often they began anew. */
  readonly increase: number
  readonly resets: number
  /** Of states: the share of the bucket spent in each, 0..1, in their order. */
  readonly shares: readonly number[]
}

/** The buckets of an answer. */
export function bucketsOf(answer: Answer): Bucket[] {
  return answer.items.map((item) => {
    const fromMs = Date.parse(item.from)
    const toMs = Date.parse(item.to)
    const lengthS = (toMs - fromMs) / 1000
    return {
      fromMs,
      toMs,
      mean: item.mean ?? Number.NaN,
      low: item.min ?? Number.NaN,
      high: item.max ?? Number.NaN,
      increase: item.increase ?? Number.NaN,
      resets: item.resets ?? 0,
      shares: answer.states.map((key) => (item.states_s?.[key] ?? 0) / lengthS),
    }
  })
}
