/** A stretch of time that can be downloaded. */
export interface ClipChoice {
  readonly key: 'around' | 'minutes' | 'marked' | 'view'
  readonly fromMs: number
  readonly toMs: number
}

/** The server gives at most an hour at once. */
export const LONGEST_CLIP_MS = 3_600_000
const SHORTEST_MS = 1000
const AROUND_MS = 30_000
const MINUTES_MS = 300_000

/** What is known of the slider, ms since 1970 UTC; NaN: no second moment is marked. */
export interface Slider {
  readonly cursorMs: number
  readonly markMs: number
  readonly fromMs: number
  readonly toMs: number
  readonly presentMs: number
}

/** The stretches to choose from, none of them in the future, none longer than an hour. */
export function clipChoices({ cursorMs, markMs, fromMs, toMs, presentMs }: Slider): ClipChoice[] {
  const all: ClipChoice[] = [
    { key: 'marked', fromMs: Math.min(markMs, cursorMs), toMs: Math.max(markMs, cursorMs) },
    { key: 'view', fromMs, toMs },
    { key: 'around', fromMs: cursorMs - AROUND_MS, toMs: cursorMs + AROUND_MS },
    { key: 'minutes', fromMs: cursorMs - MINUTES_MS, toMs: cursorMs + MINUTES_MS },
  ]
  return all
    .map((each) => ({ ...each, toMs: Math.min(each.toMs, presentMs) }))
    .filter((each) => each.toMs - each.fromMs >= SHORTEST_MS && each.toMs - each.fromMs <= LONGEST_CLIP_MS)
}
