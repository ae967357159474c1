import { describe, expect, it } from 'vitest'

import type { Bookable, Booking, Slot } from './api'
import { offsetOf } from '@/logic/zone'

import { clockText, dateIn, dayStart } from './clock'
import { daysFrom, heldAt, HOUR_MS, hourMarks, lightText, offersOf, rowsOf, spanOf, stretchOf } from './day'
import { hallLayer } from './hallLayer'

const EIGHT = Date.parse('2026-11-23T00:00:00Z')

function bookable(id: string, parts: string[] = [id]): Bookable {
  return { id, parts } as unknown as Bookable
}

function booking(id: string, place: string, fromHour: number, hours: number, more: Partial<Booking> = {}): Booking {
  const at = (hour: number): string => new Date(EIGHT + hour * HOUR_MS).toISOString()
  return { id, bookable: place, start: at(fromHour), end: at(fromHour + hours), created: at(-24), released: null, ...more } as Booking
}

describe('the timeline', () => {
  const span = [EIGHT, EIGHT + 10 * HOUR_MS] as const

  it('places a bar by its share of the day, clipped to it', () => {
    expect(stretchOf(booking('a', 'west', 2, 1), ...span)).toEqual({ left: 0.2, width: 0.1 })
    expect(stretchOf(booking('a', 'west', -1, 2), ...span)).toEqual({ left: 0, width: 0.1 })
    expect(stretchOf(booking('a', 'west', 10, 1), ...span)).toBeNull()
  })

  it('shows the booking of a whole court on its halves, and of a half on the whole', () => {
    const places = [bookable('whole', ['west', 'east']), bookable('west'), bookable('east')]
    const rows = rowsOf(places, [booking('a', 'whole', 1, 1), booking('b', 'west', 3, 1)], span)
    expect(rows.map((row) => row.bars.map((bar) => bar.booking.id))).toEqual([['a', 'b'], ['a', 'b'], ['a']])
  })

  it('grows with what is booked outside opening hours', () => {
    expect(spanOf([booking('a', 'west', -1, 1)], span)).toEqual([EIGHT - HOUR_MS, span[1]])
    expect(spanOf([], span)).toEqual([...span])
  })

  it('marks whole local hours, few enough to read', () => {
    const marks = hourMarks(EIGHT, EIGHT + 14 * HOUR_MS, 8 * HOUR_MS, 6)
    expect(marks.map((mark) => clockText(mark, 'Asia/Shanghai', 'en'))).toEqual(['09:00', '12:00', '15:00', '18:00', '21:00'])
  })

  it('keeps what was cancelled later when it shows the past', () => {
    const gone = booking('a', 'west', 1, 1, { released: new Date(EIGHT).toISOString() })
    expect([EIGHT - 25 * HOUR_MS, EIGHT - 1, EIGHT].map((at) => heldAt(gone, at))).toEqual([false, true, false])
  })
})

describe('offers', () => {
  const slot = (hour: number, state: Slot['state']): Slot => ({
    start: new Date(EIGHT + hour * HOUR_MS).toISOString(),
    end: new Date(EIGHT + (hour + 1) * HOUR_MS).toISOString(),
    state,
    booking: null,
  })

  it('gather the places by time, in order', () => {
    const offers = offersOf(
      new Map([
        ['a', [slot(1, 'free'), slot(0, 'over')]],
        ['b', [slot(1, 'mine'), slot(2, 'taken')]],
      ]),
    )
    expect(offers.map(({ free, mine, all, open }) => ({ free, mine, all, open }))).toEqual([
      { free: [], mine: [], all: 1, open: false },
      { free: ['a'], mine: ['b'], all: 2, open: true },
      { free: [], mine: [], all: 1, open: true },
    ])
  })

  it('are for today and the days ahead, over the end of a month', () => {
    expect(daysFrom('2026-11-29', 2)).toEqual(['2026-11-29', '2026-11-30', '2026-12-01'])
  })
})

describe('the day of a venue', () => {
  it('begins at its own midnight, on days when clocks change too', () => {
    expect(dayStart('2026-11-23', 'Asia/Shanghai')).toBe(Date.parse('2026-11-22T16:00:00Z'))
    expect(dayStart('2026-03-29', 'Europe/Berlin')).toBe(Date.parse('2026-03-28T23:00:00Z'))
    expect(dayStart('2026-03-30', 'Europe/Berlin')).toBe(Date.parse('2026-03-29T22:00:00Z'))
    expect(dateIn(Date.parse('2026-11-22T16:00:00Z'), 'Asia/Shanghai')).toBe('2026-11-23')
    expect(offsetOf(EIGHT + 5, 'Asia/Kathmandu')).toBe(5.75 * HOUR_MS)
  })
})

describe('lights', () => {
  const light = { lamps: 6, ordered: 'on', confirmed: 6, waiting: 0, failed: 0, fault: '', fault_reason: null, fault_named: {} } as const

  it('say what matters most: a failure before waiting before done', () => {
    expect(lightText(null).key).toBe('lightNone')
    expect(lightText({ ...light, ordered: null, confirmed: 0 }).key).toBe('lightLater')
    expect(lightText({ ...light, confirmed: 4, waiting: 2 })).toMatchObject({ key: 'lightWaiting', count: 2 })
    expect(lightText({ ...light, confirmed: 5, failed: 1 })).toMatchObject({ key: 'lightFailed', good: false })
    expect(lightText(light).key).toBe('lightOn')
    expect(lightText({ ...light, ordered: 'off' }).key).toBe('lightOff')
  })
})

describe('halls', () => {
  it('have a colour for each state', () => {
    const states = ['free', 'soon', 'partly', 'taken'] as const
    const halls = states.map((state, index) => ({ state, space_index: index }) as Parameters<typeof hallLayer>[0][number])
    const { rooms, legend } = hallLayer(halls)
    const { indices, rgba } = rooms
    const [block] = legend
    expect(block.kind === 'states' ? block.states.map((state) => state.name.en) : []).toEqual(['Free 1', 'Booked within 30 min 1', 'Partly taken 1', 'Taken 1'])
    expect([...indices]).toEqual([0, 1, 2, 3])
    expect(new Set(states.map((_, index) => rgba.slice(index * 4, index * 4 + 4).join())).size).toBe(4)
  })
})
