import type { Bookable, Booking, Light, Slot } from './api'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

/** A stretch of a timeline, shares of its length. */
export interface Stretch {
  readonly left: number
  readonly width: number
}

/** A bar of the timeline. */
export interface Bar extends Stretch {
  readonly booking: Booking
}

/** A bookable with its bars. */
export interface Row {
  readonly bookable: Bookable
  readonly bars: readonly Bar[]
}

/** A time that several places can be booked for. */
export interface Offer {
  readonly start: string
  readonly end: string
  /** Ids of those that are free. */
  readonly free: readonly string[]
  /** Ids of those that one has booked oneself. */
  readonly mine: readonly string[]
  readonly all: number
  /** Whether any of them is still to come and open for booking. */
  readonly open: boolean
}

/** When a booking was made and kept at a moment: of the past, what was cancelled later is still there. */
export function heldAt(booking: Booking, timeMs: number): boolean {
  if (Date.parse(booking.created) > timeMs) return false
  return booking.released === null || timeMs < Date.parse(booking.released)
}

/** Part of a span that a booking takes up, clipped; null: none. */
export function stretchOf(booking: Pick<Booking, 'start' | 'end'>, fromMs: number, toMs: number): Stretch | null {
  const start = Math.max(Date.parse(booking.start), fromMs)
  const end = Math.min(Date.parse(booking.end), toMs)
  if (end <= start || toMs <= fromMs) return null
  return { left: (start - fromMs) / (toMs - fromMs), width: (end - start) / (toMs - fromMs) }
}

/** Rows of the timeline, in the venue's order; a booking shows on each row whose parts it takes. */
export function rowsOf(bookables: readonly Bookable[], bookings: readonly Booking[], span: readonly [number, number]): Row[] {
  const byId = new Map(bookables.map((each) => [each.id, each]))
  const bars = bookings.flatMap((booking) => {
    const stretch = stretchOf(booking, ...span)
    return stretch === null ? [] : [{ booking, ...stretch }]
  })
  return bookables.map((bookable) => ({
    bookable,
    bars: bars.filter((bar) => takes(bar.booking, bookable, byId)),
  }))
}

function takes(booking: Booking, bookable: Bookable, byId: ReadonlyMap<string, Bookable>): boolean {
  if (booking.bookable === bookable.id) return true
  const parts = byId.get(booking.bookable)?.parts ?? []
  return parts.some((part) => bookable.parts.includes(part))
}

/** The hours to mark on a span: whole ones, at most `most`. */
export function hourMarks(fromMs: number, toMs: number, offsetMs: number, most: number): number[] {
  const hours = (toMs - fromMs) / HOUR_MS
  const step = [1, 2, 3, 4, 6, 12].find((each) => hours / each <= most) ?? 24
  const marks: number[] = []
  const stepMs = step * HOUR_MS
  for (let at = Math.ceil((fromMs + offsetMs) / stepMs) * stepMs - offsetMs; at <= toMs; at += stepMs) marks.push(at)
  return marks
}

/** The span of a timeline: where anything is booked or can be, at least the given hours around now. */
export function spanOf(bookings: readonly Booking[], openMs: readonly [number, number]): [number, number] {
  const starts = bookings.map((each) => Date.parse(each.start))
  const ends = bookings.map((each) => Date.parse(each.end))
  return [Math.min(openMs[0], ...starts), Math.max(openMs[1], ...ends)]
}

/** Slots of several places by their time, in order. */
export function offersOf(slots: ReadonlyMap<string, readonly Slot[]>): Offer[] {
  const byTime = new Map<string, { start: string; end: string; free: string[]; mine: string[]; all: number; open: boolean }>()
  for (const [id, list] of slots) {
    for (const slot of list) {
      const key = `${slot.start} ${slot.end}`
      const offer = byTime.get(key) ?? { start: slot.start, end: slot.end, free: [], mine: [], all: 0, open: false }
      byTime.set(key, offer)
      offer.all++
      if (slot.state === 'free') offer.free.push(id)
      if (slot.state === 'mine') offer.mine.push(id)
      offer.open ||= slot.state !== 'over'
    }
  }
  return [...byTime.values()].sort((a, b) => a.start.localeCompare(b.start) || a.end.localeCompare(b.end))
}

/** The days (YYYY-MM-DD) that can be booked from `today` on. */
export function daysFrom(today: string, ahead: number): string[] {
  const first = Date.parse(`${today}T00:00:00Z`)
  return Array.from({ length: ahead + 1 }, (_, day) => new Date(first + day * DAY_MS).toISOString().slice(0, 10))
}

/** What to say of a booking's lights. */
export function lightText(light: Light | null): { key: string; count: number; good: boolean } {
  if (light === null) return { key: 'lightNone', count: 0, good: true }
  if (light.failed > 0) return { key: 'lightFailed', count: light.failed, good: false }
  if (light.waiting > 0) return { key: 'lightWaiting', count: light.waiting, good: true }
  if (light.ordered === null) return { key: 'lightLater', count: light.lamps, good: true }
  return { key: light.ordered === 'on' ? 'lightOn' : 'lightOff', count: light.confirmed, good: true }
}
