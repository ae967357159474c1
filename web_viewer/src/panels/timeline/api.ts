import { decodeFrame } from '@/generated/wire'
import type { components } from '@/generated/api'
import { applyFrame, emptyColumns, type LiveColumns } from '@/net/columns'
import { getBytes, getJson, withQuery, type Page } from '@/net/http'
import type { Span } from '@/net/replay'

import { histogramOf, type Histogram, type Wanted } from './density'

type Schemas = components['schemas']

/** What is recorded. */
export interface FilmInfo {
  /** ms since 1970 UTC; NaN: nothing. */
  readonly firstMs: number
  readonly gaps: readonly Span[]
}

/** Something that happened, as the list shows it. */
export interface PastEvent {
  readonly id: string
  readonly timeMs: number
  readonly type: string
  readonly severity: string | null
  readonly subject: string
  readonly actor: string
  readonly data: Readonly<Record<string, unknown>>
}

/** A booking that was held. */
export interface PastBooking {
  readonly id: string
  readonly bookable: string
  readonly fromMs: number
  readonly toMs: number
  readonly people: number
}

function spanQuery(fromMs: number, toMs: number): { readonly from: string; readonly to: string } {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
}

/** What is recorded of a time, ms since 1970 UTC. */
export async function fetchFilm(fromMs: number, toMs: number): Promise<FilmInfo> {
  const raw = await getJson<Schemas['FilmInfo']>('/api/film', spanQuery(fromMs, toMs))
  return {
    firstMs: raw.first === null ? Number.NaN : Date.parse(raw.first),
    gaps: raw.gaps.map((gap) => ({ fromMs: Date.parse(gap.from), toMs: gap.to === null ? null : Date.parse(gap.to) })),
  }
}

export async function fetchHistogram(wanted: Wanted): Promise<Histogram> {
  const query = { ...spanQuery(wanted.fromMs, wanted.toMs), buckets: wanted.buckets }
  const raw = await getJson<Schemas['EventDensity']>('/api/events/density', query)
  return histogramOf(wanted, raw.items)
}

/** The nearest events before a moment, newest first, or from it on, oldest first. */
export async function fetchEvents(side: 'before' | 'from', timeMs: number, limit: number): Promise<PastEvent[]> {
  const moment = new Date(timeMs).toISOString()
  const query = side === 'before' ? { to: moment, newest_first: true, limit } : { from: moment, limit }
  const page = await getJson<Page<Schemas['Event']>>('/api/events', query)
  return page.items.map(({ id, time, type, severity, subject, actor, data }) => ({ id, timeMs: Date.parse(time), type, severity, subject, actor, data }))
}

/** The bookings of a time that were not given back before they began. */
export async function fetchPastBookings(fromMs: number, toMs: number): Promise<PastBooking[]> {
  const { items } = await getJson<Schemas['BookingList']>('/api/booking/bookings', spanQuery(fromMs, toMs))
  return items
    .map(({ id, bookable, start, end, released, people }) => ({
      id, bookable, people, fromMs: Date.parse(start), toMs: Math.min(Date.parse(end), released === null ? Infinity : Date.parse(released)),
    }))
    .filter((booking) => booking.toMs > booking.fromMs)
}

/** The state of all points at a moment of the film. */
export async function fetchStateAt(timeMs: number, points: number): Promise<LiveColumns> {
  const columns = emptyColumns(points)
  applyFrame(columns, decodeFrame(await getBytes(withQuery('/api/state', { at: new Date(Math.round(timeMs)).toISOString() }))))
  return columns
}
