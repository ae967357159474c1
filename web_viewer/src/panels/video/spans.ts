/** A stretch of recording, ms since 1970 UTC. */
export interface Stretch {
  readonly fromMs: number
  readonly toMs: number
}

/** A stretch without recording; null: nothing was recorded before it, or nothing since. */
export interface Gap {
  readonly fromMs: number | null
  readonly toMs: number | null
}

/** The gap around a moment between stretches in order of time; null where it was recorded. */
export function gapAt(spans: readonly Stretch[], timeMs: number): Gap | null {
  let fromMs: number | null = null
  for (const span of spans) {
    if (timeMs < span.fromMs) return { fromMs, toMs: span.fromMs }
    if (timeMs < span.toMs) return null
    fromMs = span.toMs
  }
  return { fromMs, toMs: null }
}

/** Whether a moment lies in a gap. */
export function isWithin(gap: Gap, timeMs: number): boolean {
  return timeMs >= (gap.fromMs ?? -Infinity) && timeMs < (gap.toMs ?? Infinity)
}
