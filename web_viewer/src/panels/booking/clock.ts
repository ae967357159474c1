import type { Locale } from '@/logic/format'
import { offsetOf } from '@/logic/zone'

/** A time of day in the venue's zone, 24 hours. */
export function clockText(time: string | number, zone: string, locale: Locale): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone }).format(new Date(time))
}

/** A date of the venue (YYYY-MM-DD) as weekday and day. */
export function dayText(date: string, locale: Locale): { weekday: string; day: string } {
  const noon = new Date(`${date}T12:00:00Z`)
  const say = (options: Intl.DateTimeFormatOptions): string => new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...options }).format(noon)
  return { weekday: say({ weekday: 'short' }), day: say({ month: 'numeric', day: 'numeric' }) }
}

/** A moment's day in the venue's zone, YYYY-MM-DD. */
export function dateIn(timeMs: number, zone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { year: 'numeric', month: '2-digit', day: '2-digit', timeZone: zone }).format(timeMs)
}

/** When a day of the venue begins, ms since 1970 UTC. */
export function dayStart(date: string, zone: string): number {
  const guess = Date.parse(`${date}T00:00:00Z`)
  return guess - offsetOf(guess - offsetOf(guess, zone), zone)
}
