import type { Locale } from '@/logic/format'

/** A way's length as people say it: to 10 m, then to 0.1 km. */
export function lengthText(metres: number, locale: Locale): string {
  const [m, km] = locale === 'en' ? [' m', ' km'] : [' 米', ' 公里']
  if (metres >= 950) return `${(metres / 1000).toFixed(1)}${km}`
  return `${String(metres < 20 ? Math.round(metres) : Math.round(metres / 5) * 5)}${m}`
}

/** A text whose figures stay on one line with their units. */
export function unbroken(text: string): string {
  return text.replace(/(\d) (?=\p{L})/gu, '$1\u00a0')
}

/** A walk's time in whole minutes, at least one. */
export function minutesOf(seconds: number): number {
  return Math.max(1, Math.round(seconds / 60))
}

/**
 * A name in one or two lines of at most `width` (in the units of `measure`); null where it does not fit. Latin breaks
 * at a space, Han in the middle.
 */
export function brokenToFit(name: string, width: number, measure: (text: string) => number): string[] | null {
  if (name === '') return null
  if (measure(name) <= width) return [name]
  const lines = halves(name)
  return lines !== null && lines.every((line) => measure(line) <= width) ? lines : null
}

function halves(name: string): string[] | null {
  const spaces = [...name.matchAll(/[ ·（(]/g)].map((match) => match.index)
  const middle = name.length / 2
  if (spaces.length > 0) {
    const at = spaces.reduce((best, next) => (Math.abs(next - middle) < Math.abs(best - middle) ? next : best))
    return [name.slice(0, at).trim(), name.slice(at).trim()]
  }
  // A word of Latin letters is not torn apart.
  if (/^[\x20-\x7e]+$/.test(name) || name.length < 4) return null
  return [name.slice(0, Math.ceil(middle)), name.slice(Math.ceil(middle))]
}
