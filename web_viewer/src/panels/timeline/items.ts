import { PRIORITIES, PRIORITY_COLOURS, type Alarm } from '@/panels/alarms/alarm'

import type { PastBooking } from './api'
import { packed } from './lanes'
import type { Note } from './notes'
import { xOf, type TimeView } from './view'

/** Rows of the band, from the top, and their heights in rem; the bars have what is left. */
export const NOTES_REM = 0.95
export const AXIS_REM = 1.3
export const ALARM_ROWS = 4
export const BOOKING_ROWS = 3
const ROW_REM = 0.27
const ROW_GAP_REM = 0.07
const ZONE_GAP_REM = 0.16
const LEAST_PX = 3
/** A note's flag is so wide, rem. */
const FLAG_REM = 0.7

/** Sizes, CSS pixels. */
export interface Size {
  readonly width: number
  readonly height: number
  /** One rem. */
  readonly rem: number
}

/** What the band shows besides its bars. */
export interface Shown {
  readonly alarms: readonly Alarm[]
  readonly bookings: readonly PastBooking[]
  readonly notes: readonly Note[]
  /** Ends what goes on. */
  readonly presentMs: number
}

interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly fromMs: number
}

/** A bar or flag on the band; `solidTo`: up to there, pixels, it is drawn in full strength. */
export type Item = Box &
  (
    | { readonly kind: 'alarm'; readonly of: Alarm; readonly colour: string; readonly solidTo: number }
    | { readonly kind: 'booking'; readonly of: PastBooking }
    | { readonly kind: 'note'; readonly of: Note }
  )

const ZONE_REM = (rows: number): number => rows * (ROW_REM + ROW_GAP_REM)

/** Where the rows of alarms begin, and those of bookings, CSS pixels from the top. */
export function zonesOf({ height, rem }: Size): { readonly alarms: number; readonly bookings: number; readonly axis: number } {
  const axis = height - AXIS_REM * rem
  const bookings = axis - (ZONE_REM(BOOKING_ROWS) + ZONE_GAP_REM) * rem
  return { axis, bookings, alarms: bookings - (ZONE_REM(ALARM_ROWS) + ZONE_GAP_REM) * rem }
}

/** What of `shown` a view has, where; and how many alarms found no row. */
export function itemsOf(shown: Shown, view: TimeView, size: Size): { readonly items: readonly Item[]; readonly left: number } {
  const alarms = alarmItems(shown, view, size)
  return { items: [...bookingItems(shown, view, size), ...alarms.items, ...noteItems(shown, view, size)], left: alarms.left }
}

function alarmItems({ alarms, presentMs }: Shown, view: TimeView, size: Size): { readonly items: Item[]; readonly left: number } {
  const ends = Number.isNaN(presentMs) ? view.toMs : presentMs
  const seen = alarms
    .map((of) => ({ of, ...spanPx(of.raisedMs, of.closedMs ?? ends, view, size.width) }))
    .filter(({ left, right }) => right >= 0 && left <= size.width)
    // The gravest first, and of them the longest: what finds no row is what matters least.
    .sort((a, b) => PRIORITIES.indexOf(a.of.priority) - PRIORITIES.indexOf(b.of.priority) || b.right - b.left - (a.right - a.left))
  const rows = packed(seen, ALARM_ROWS)
  const items = seen.flatMap(({ of, left, right }, index): Item[] => {
    if (rows[index] < 0) return []
    const solidTo = of.returnedMs === null ? right : Math.max(left + LEAST_PX, xOf(view, of.returnedMs, size.width))
    return [{ kind: 'alarm', of, left, right, ...rowPx(zonesOf(size).alarms, rows[index], size), fromMs: of.raisedMs, colour: PRIORITY_COLOURS[of.priority], solidTo: Math.min(right, solidTo) }]
  })
  return { items, left: seen.length - items.length }
}

function bookingItems({ bookings }: Shown, view: TimeView, size: Size): Item[] {
  const seen = bookings
    .map((of) => ({ of, ...spanPx(of.fromMs, of.toMs, view, size.width) }))
    .filter(({ left, right }) => right >= 0 && left <= size.width)
  const rows = packed(seen, BOOKING_ROWS)
  return seen.flatMap(({ of, left, right }, index): Item[] =>
    rows[index] < 0 ? [] : [{ kind: 'booking', of, left, right, ...rowPx(zonesOf(size).bookings, rows[index], size), fromMs: of.fromMs }],
  )
}

function noteItems({ notes }: Shown, view: TimeView, { width, rem }: Size): Item[] {
  return notes.flatMap((of): Item[] => {
    const left = xOf(view, of.fromMs, width)
    const right = Math.max(left + FLAG_REM * rem, of.toMs === null ? 0 : xOf(view, of.toMs, width))
    return right < 0 || left > width ? [] : [{ kind: 'note', of, left, right, top: 0, bottom: NOTES_REM * rem, fromMs: of.fromMs }]
  })
}

function spanPx(fromMs: number, toMs: number, view: TimeView, width: number): { readonly left: number; readonly right: number } {
  const left = xOf(view, fromMs, width)
  return { left, right: Math.max(left + LEAST_PX, xOf(view, toMs, width)) }
}

function rowPx(zoneTop: number, row: number, { rem }: Size): { readonly top: number; readonly bottom: number } {
  const top = zoneTop + row * (ROW_REM + ROW_GAP_REM) * rem
  return { top, bottom: top + ROW_REM * rem }
}

/** The item at a place of the band, the one drawn last; null where there is none. `slack`: fingers may miss by so much, CSS pixels. */
export function itemAt(items: readonly Item[], x: number, y: number, slack: number): Item | null {
  return items.findLast((item) => x >= item.left - slack && x <= item.right + slack && y >= item.top - slack && y <= item.bottom + slack) ?? null
}
