import type { components } from '@/generated/api'
import { getJson, sendJson } from '@/net/http'

type Schemas = components['schemas']

export type Bookable = Schemas['BookableOut']
export type BookableList = Schemas['BookableList']
export type Booking = Schemas['BookingOut']
export type Slot = Schemas['SlotOut']
export type Hall = Schemas['HallOut']
export type Light = Schemas['LightOut']

export function fetchBookables(): Promise<BookableList> {
  return getJson<BookableList>('/api/booking/bookables')
}

/** How halls stand at a moment, ms since 1970 UTC; null: now. */
export async function fetchHalls(atMs: number | null): Promise<readonly Hall[]> {
  const at = atMs === null ? null : new Date(atMs).toISOString()
  return (await getJson<Schemas['HallList']>('/api/booking/halls', { at })).items
}

export async function fetchBookings(fromMs: number, toMs: number): Promise<readonly Booking[]> {
  const span = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
  return (await getJson<Schemas['BookingList']>('/api/booking/bookings', span)).items
}

export async function fetchMine(): Promise<readonly Booking[]> {
  return (await getJson<Schemas['BookingList']>('/api/booking/bookings', { mine: true })).items
}

/** Slots of a day (YYYY-MM-DD) of everything of a kind, by bookable. */
export async function fetchSlots(kind: string, date: string): Promise<ReadonlyMap<string, readonly Slot[]>> {
  const found = await getJson<Schemas['KindSlots']>(`/api/booking/kinds/${encodeURIComponent(kind)}/slots`, { date })
  return new Map(found.items.map((each) => [each.bookable, each.items]))
}

/** @throws ApiError with status 409 where somebody was faster or the venue's rules do not allow it. */
export function book(bookable: string, start: string, people: number): Promise<Booking> {
  return sendJson<Booking>('POST', '/api/booking/bookings', { bookable, start, people })
}

export function cancel(id: string): Promise<Booking> {
  return sendJson<Booking>('POST', `/api/booking/bookings/${encodeURIComponent(id)}/cancel`)
}

export function qrUrl(id: string): string {
  return `/api/booking/bookings/${encodeURIComponent(id)}/qr.svg`
}
