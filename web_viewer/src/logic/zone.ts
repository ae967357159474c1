/** How far a zone is ahead of UTC at a moment, ms. */
export function offsetOf(timeMs: number, zone: string): number {
  const shown = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone: zone }).format(timeMs)
  return Date.parse(`${shown.replace(' ', 'T')}Z`) - Math.floor(timeMs / 1000) * 1000
}

const HOUR_MS = 3_600_000
/** Clocks are changed at quarters of an hour, and lists ask for many times of one. */
const QUARTER_MS = HOUR_MS / 4
/** No clock is changed by more. */
const MOST_CHANGE_MS = 3 * HOUR_MS
const MOST_KEPT = 4096
const repeated = new Map<string, boolean>()

/** Whether a zone's clocks show the time of a moment twice, because they are set back. */
export function isRepeated(timeMs: number, zone: string): boolean {
  const key = `${zone} ${String(Math.floor(timeMs / QUARTER_MS))}`
  let known = repeated.get(key)
  if (known === undefined) {
    if (repeated.size >= MOST_KEPT) repeated.clear()
    known = showsTwice(timeMs, zone)
    repeated.set(key, known)
  }
  return known
}

function showsTwice(timeMs: number, zone: string): boolean {
  const local = timeMs + offsetOf(timeMs, zone)
  const offsets = [offsetOf(timeMs - MOST_CHANGE_MS, zone), offsetOf(timeMs + MOST_CHANGE_MS, zone)]
  return offsets[0] > offsets[1] && offsets.every((offset) => offsetOf(local - offset, zone) === offset)
}

/** How far a zone is ahead of UTC at a moment, as people write it: `UTC-5`, `UTC+5:30`. */
export function offsetText(timeMs: number, zone: string): string {
  const minutes = offsetOf(timeMs, zone) / 60_000
  const rest = Math.abs(minutes) % 60
  const hours = Math.floor(Math.abs(minutes) / 60)
  return `UTC${minutes < 0 ? '-' : '+'}${String(hours)}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`
}

/** A moment as a `datetime-local` field spells it, in a zone: YYYY-MM-DDTHH:MM. */
export function inputOf(timeMs: number, zone: string): string {
  return new Date(timeMs + offsetOf(timeMs, zone)).toISOString().slice(0, 16)
}

/**
 * The moment, ms since 1970 UTC, that a `datetime-local` field of a zone names; null: it names none.
 *
 * Of an hour that daylight saving skips or repeats it is one near it.
 */
export function msOfInput(text: string, zone: string): number | null {
  const local = Date.parse(`${text}Z`)
  if (Number.isNaN(local)) return null
  return local - offsetOf(local - offsetOf(local, zone), zone)
}
