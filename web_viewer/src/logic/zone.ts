/** How far a zone is ahead of UTC at a moment, ms. */
export function offsetOf(timeMs: number, zone: string): number {
  const shown = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone: zone }).format(timeMs)
  return Date.parse(`${shown.replace(' ', 'T')}Z`) - Math.floor(timeMs / 1000) * 1000
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
