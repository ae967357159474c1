/** The stretch of time that the slider shows, ms since 1970 UTC. */
export interface TimeView {
  readonly fromMs: number
  readonly toMs: number
}

export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
export const DAY_MS = 86_400_000
/** Zoom goes from a second to a year. */
export const SHORTEST_MS = 1000
export const LONGEST_MS = 366 * DAY_MS
/** The present stands this share of the view from its right edge, so that it can be seen. */
const AHEAD = 0.04

export function spanOf(view: TimeView): number {
  return view.toMs - view.fromMs
}

/** A view that ends a little after the present. */
export function endingNow(presentMs: number, spanMs: number): TimeView {
  const toMs = presentMs + spanMs * AHEAD
  return { fromMs: toMs - spanMs, toMs }
}

/** Zoomed about a moment that keeps its place; `factor` below 1 shows less. */
export function zoomed(view: TimeView, factor: number, aboutMs: number, presentMs: number): TimeView {
  const span = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, spanOf(view) * factor))
  const share = (aboutMs - view.fromMs) / spanOf(view)
  const fromMs = aboutMs - share * span
  return kept({ fromMs, toMs: fromMs + span }, presentMs)
}

/** Moved by a time; positive shows later. */
export function panned(view: TimeView, byMs: number, presentMs: number): TimeView {
  return kept({ fromMs: view.fromMs + byMs, toMs: view.toMs + byMs }, presentMs)
}

/** A view of the same length in which a moment is seen: the same one where it is, else with it in the middle. */
export function revealing(view: TimeView, timeMs: number, presentMs: number): TimeView {
  const span = spanOf(view)
  const margin = span * 0.02
  if (timeMs >= view.fromMs + margin && timeMs <= view.toMs - margin) return view
  return kept({ fromMs: timeMs - span / 2, toMs: timeMs + span / 2 }, presentMs)
}

/** Nothing is known of the future: the view ends with the present. */
function kept(view: TimeView, presentMs: number): TimeView {
  const end = endingNow(presentMs, spanOf(view))
  return view.toMs > end.toMs ? end : view
}

/** How a key moves the cursor of a slider that has the focus: by a fifth of a percent of the view, a tenth, to its ends. */
const STEP_SHARE = 0.002
const PAGE_SHARE = 0.1
const KEY_ZOOM = 1.5

/** The moment that a key of the slider asks for; null: none of its keys. */
export function keyMoment(key: string, shift: boolean, view: TimeView, cursorMs: number): number | null {
  const span = spanOf(view)
  if (shift && key === 'ArrowLeft') return cursorMs - span * STEP_SHARE
  if (shift && key === 'ArrowRight') return cursorMs + span * STEP_SHARE
  if (key === 'PageUp') return cursorMs + span * PAGE_SHARE
  if (key === 'PageDown') return cursorMs - span * PAGE_SHARE
  if (key === 'Home') return view.fromMs
  return key === 'End' ? Infinity : null
}

/** The zoom that a key of the slider asks for, as a factor of the time shown; null: none. */
export function keyZoom(key: string): number | null {
  if (key === '+' || key === '=') return 1 / KEY_ZOOM
  return key === '-' || key === '_' ? KEY_ZOOM : null
}

/** Pixels from the left edge of a view `width` pixels wide. */
export function xOf(view: TimeView, timeMs: number, width: number): number {
  return ((timeMs - view.fromMs) / spanOf(view)) * width
}

/** The moment at a pixel. */
export function timeAt(view: TimeView, x: number, width: number): number {
  return view.fromMs + (x / width) * spanOf(view)
}
