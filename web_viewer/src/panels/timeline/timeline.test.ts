import fc from 'fast-check'
import { describe, expect, it, vi, type Mock } from 'vitest'

import { Quality } from '@/generated/wire'
import { pointInfo } from '@/logic/fixture'
import { emptyColumns, type LiveColumns } from '@/net/columns'
import type { Alarm } from '@/panels/alarms/alarm'

import { stepFor, ticksOf, zoneOffsetMs } from './axis'
import { countsAt, highest, histogramOf, serves, severityOf, wantedFor } from './density'
import { BandGesture } from './gesture'
import { ALARM_ROWS, itemAt, itemsOf, zonesOf, type Item } from './items'
import { packed } from './lanes'
import { differenceLayer } from './differenceLayer'
import { byElement, countsOf, differencesOf } from './differences'
import { momentHref, readMoment } from './moment'
import type { Note } from './notes'
import { DAY_MS, endingNow, HOUR_MS, keyMoment, keyZoom, LONGEST_MS, panned, revealing, SHORTEST_MS, spanOf, timeAt, xOf, zoomed } from './view'

const NOW = Date.UTC(2026, 2, 14, 11, 40)
const VIEW = endingNow(NOW, 6 * HOUR_MS)

describe('the view', () => {
  const moments = fc.integer({ min: NOW - 20 * DAY_MS, max: NOW })

  it('keeps the moment under the pointer where it is, within the limits', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 50, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (factor, share) => {
        const about = VIEW.fromMs - DAY_MS + share * spanOf(VIEW)
        const shifted = panned(VIEW, -DAY_MS, NOW)
        const next = zoomed(shifted, factor, about, NOW)
        expect(spanOf(next)).toBeGreaterThanOrEqual(SHORTEST_MS - 1)
        expect(spanOf(next)).toBeLessThanOrEqual(LONGEST_MS + 1)
        // Unless that would show the future.
        if (next.toMs < endingNow(NOW, spanOf(next)).toMs - 1) {
          expect(Math.abs(xOf(next, about, 1) - share)).toBeLessThan(1e-6)
        }
      }),
    )
  })

  it('never goes beyond the present', () => {
    fc.assert(
      fc.property(fc.integer({ min: -LONGEST_MS, max: LONGEST_MS }), (by) => {
        const next = panned(VIEW, by, NOW)
        expect(next.toMs).toBeLessThanOrEqual(VIEW.toMs)
        expect(spanOf(next)).toBeCloseTo(spanOf(VIEW), 0)
      }),
    )
  })

  it('reveals any moment, and stays where it is seen already', () => {
    fc.assert(
      fc.property(moments, (timeMs) => {
        const next = revealing(VIEW, timeMs, NOW)
        expect(timeMs >= next.fromMs && timeMs <= next.toMs).toBe(true)
      }),
    )
    expect(revealing(VIEW, NOW - HOUR_MS, NOW)).toBe(VIEW)
  })

  it('maps pixels to times and back', () => {
    expect(timeAt(VIEW, xOf(VIEW, NOW, 800), 800)).toBeCloseTo(NOW, 3)
  })
})

describe('the keys of the slider', () => {
  const view = { fromMs: 0, toMs: HOUR_MS }

  it('move a little, a tenth, to the start of the view and to the present', () => {
    const at = HOUR_MS / 2
    expect(keyMoment('ArrowRight', true, view, at)! - at).toBeCloseTo(HOUR_MS / 500)
    expect(at - keyMoment('ArrowLeft', true, view, at)!).toBeCloseTo(HOUR_MS / 500)
    expect(keyMoment('PageUp', false, view, at)).toBe(at + HOUR_MS / 10)
    expect(keyMoment('PageDown', false, view, at)).toBe(at - HOUR_MS / 10)
    expect(keyMoment('Home', false, view, at)).toBe(0)
    expect(keyMoment('End', false, view, at)).toBe(Infinity)
  })

  it('leave the bare arrows to the events', () => {
    expect(keyMoment('ArrowRight', false, view, 0)).toBeNull()
    expect(keyMoment('x', true, view, 0)).toBeNull()
  })

  it('zoom in and out by the same', () => {
    expect(keyZoom('+')! * keyZoom('-')!).toBeCloseTo(1)
    expect(keyZoom('+')).toBeLessThan(1)
    expect(keyZoom('0')).toBeNull()
  })
})

describe('the axis', () => {
  it('has round times of the venue, and days begin at its midnight', () => {
    const day = { fromMs: Date.UTC(2026, 2, 13, 10), toMs: Date.UTC(2026, 2, 14, 10) }
    const ticks = ticksOf(day, 6 * HOUR_MS, 'Asia/Shanghai', 'en')
    expect(ticks.map((tick) => tick.text)).toEqual(['18:00', 'Mar 14', '06:00', '12:00', '18:00'])
    expect(ticks[1]).toMatchObject({ isDay: true, timeMs: Date.UTC(2026, 2, 13, 16) })
  })

  it('follows a change to summer time', () => {
    const night = { fromMs: Date.UTC(2026, 2, 29, 0), toMs: Date.UTC(2026, 2, 29, 3) }
    expect(ticksOf(night, HOUR_MS, 'Europe/Berlin', 'de').map((tick) => tick.text)).toEqual(['01:00', '03:00', '04:00', '05:00'])
  })

  it('has both hours where clocks are set back', () => {
    const night = { fromMs: Date.UTC(2026, 10, 1, 4), toMs: Date.UTC(2026, 10, 1, 8) }
    const hours = ticksOf(night, HOUR_MS, 'America/New_York', 'en')
    expect(hours.map((tick) => tick.text)).toEqual(['Nov 1', '01:00', '01:00', '02:00', '03:00'])
    expect(hours.map((tick) => (tick.timeMs - night.fromMs) / HOUR_MS)).toEqual([0, 1, 2, 3, 4])
    const half = ticksOf({ fromMs: night.fromMs + 1.8 * HOUR_MS, toMs: night.fromMs + 2.6 * HOUR_MS }, HOUR_MS / 2, 'America/New_York', 'en')
    expect(half.map((tick) => tick.text)).toEqual(['01:00', '01:30'])
  })

  it('stands at the beginnings of months in a view of a year', () => {
    const year = { fromMs: Date.UTC(2025, 10, 20), toMs: Date.UTC(2026, 2, 20) }
    const ticks = ticksOf(year, 30 * DAY_MS, 'Asia/Shanghai', 'en')
    expect(ticks.map((tick) => tick.text)).toEqual(['Dec', '2026', 'Feb', 'Mar'])
    expect(ticks[1].timeMs).toBe(Date.UTC(2025, 11, 31, 16))
  })

  it('tells parts of a second where a second fills the view', () => {
    const second = { fromMs: NOW, toMs: NOW + 1000 }
    expect(ticksOf(second, 500, 'Asia/Shanghai', 'en').map((tick) => tick.text)).toEqual(['19:40:00.00', '19:40:00.50', '19:40:01.00'])
  })

  it('leaves room for its labels', () => {
    fc.assert(
      fc.property(fc.integer({ min: SHORTEST_MS, max: LONGEST_MS }), fc.integer({ min: 300, max: 3000 }), (span, width) => {
        const view = endingNow(NOW, span)
        const step = stepFor(view, width, 12)
        expect((step / span) * width).toBeGreaterThanOrEqual(60)
        expect(ticksOf(view, step, 'Asia/Shanghai', 'zh-CN').length).toBeLessThanOrEqual(width / 60 + 1)
      }),
    )
  })

  it('knows how far a zone is ahead', () => {
    expect(zoneOffsetMs(NOW + 123, 'Asia/Shanghai')).toBe(8 * HOUR_MS)
    expect(zoneOffsetMs(NOW, 'America/St_Johns')).toBe(-2.5 * HOUR_MS)
  })
})

describe('the bars', () => {
  it('are asked for in whole ones that hold the view, at most a few hundred', () => {
    fc.assert(
      fc.property(fc.integer({ min: SHORTEST_MS, max: LONGEST_MS }), (span) => {
        const view = endingNow(NOW, span)
        const wanted = wantedFor(view)
        expect(serves(wanted, view)).toBe(true)
        expect(wanted.buckets).toBeLessThanOrEqual(2000)
        expect(wanted.toMs - wanted.fromMs).toBe(wanted.buckets * wanted.widthMs)
        expect(wanted.fromMs % wanted.widthMs).toBe(0)
      }),
    )
  })

  it('serve while the view moves a little, not at another width', () => {
    const wanted = wantedFor(VIEW)
    expect(serves(wanted, panned(VIEW, -HOUR_MS, NOW))).toBe(true)
    expect(serves(wanted, panned(VIEW, -DAY_MS, NOW))).toBe(false)
    expect(serves(wanted, zoomed(VIEW, 0.1, NOW, NOW))).toBe(false)
    expect(serves(null, VIEW)).toBe(false)
  })

  it('count events by how grave they are', () => {
    expect(['alarm.raised', 'alarm.acknowledged', 'booking.created'].map((type) => severityOf(type, 'low'))).toEqual(['low', 'handled', 'other'])
    expect(severityOf('alarm.raised', null)).toBe('high')
    const wanted = { fromMs: 0, toMs: 3000, buckets: 3, widthMs: 1000 }
    const bars = histogramOf(wanted, [
      { bucket: 0, type: 'alarm.raised', severity: 'critical', count: 2 },
      { bucket: 0, type: 'log.begun', severity: null, count: 1 },
      { bucket: 2, type: 'alarm.closed', severity: null, count: 5 },
      { bucket: 3, type: 'alarm.closed', severity: null, count: 9 },
    ])
    expect([...bars.counts.critical]).toEqual([2, 0, 0])
    expect([...bars.counts.handled]).toEqual([0, 0, 5])
    expect(highest(bars, { fromMs: 0, toMs: 1500 })).toBe(3)
    expect(highest(bars, { fromMs: 0, toMs: 9000 })).toBe(5)
  })
})

describe('the bar under the pointer', () => {
  const wanted = { fromMs: 1000, toMs: 4000, buckets: 3, widthMs: 1000 }
  const histogram = histogramOf(wanted, [
    { bucket: 1, type: 'alarm.raised', severity: 'critical', count: 2 },
    { bucket: 1, type: 'command.sent', severity: null, count: 5 },
  ])

  it('tells its events by severity', () => {
    expect(countsAt(histogram, 2999)).toEqual({ critical: 2, high: 0, medium: 0, low: 0, handled: 0, other: 5 })
  })

  it.each([1999, 3000, 999, 4000, -1, Number.NaN])('is none at %s', (timeMs) => {
    expect(countsAt(histogram, timeMs)).toBeNull()
  })
})

describe('a gesture on the band', () => {
  type Told = Mock<(...numbers: number[]) => void>
  const AXIS_Y = 50
  function band(): { gesture: BandGesture; told: Record<'scrub' | 'drop' | 'click' | 'pan' | 'zoom', Told> } {
    const told = { scrub: vi.fn(), drop: vi.fn(), click: vi.fn(), pan: vi.fn(), zoom: vi.fn() }
    return { told, gesture: new BandGesture({ ...told, isScrub: (_x, y) => y < AXIS_Y }) }
  }

  it('tells a click from a drag', () => {
    const { gesture, told } = band()
    gesture.down(1, 100, 20)
    gesture.move(1, 102)
    gesture.up(1, 102)
    expect(told.click).toHaveBeenCalledExactlyOnceWith(102, 20)
    expect(told.scrub).not.toHaveBeenCalled()
    expect(told.drop).not.toHaveBeenCalled()
  })

  it('drags time above the axis, from anywhere', () => {
    const { gesture, told } = band()
    gesture.down(1, 103, 20)
    expect(gesture.scrubX).toBeNull()
    gesture.move(1, 150)
    gesture.move(1, 160)
    expect(gesture.scrubX).toBe(160)
    gesture.up(1, 160)
    expect(told.scrub.mock.calls.flat()).toEqual([150, 160])
    expect(told.drop).toHaveBeenCalledExactlyOnceWith(160)
    expect(gesture.scrubX).toBeNull()
  })

  it('drags the band by its axis, by as much as the pointer moved', () => {
    const { gesture, told } = band()
    gesture.down(1, 100, AXIS_Y + 5)
    gesture.move(1, 140)
    gesture.move(1, 130)
    gesture.up(1, 130)
    expect(told.pan.mock.calls.flat()).toEqual([-40, 10])
    expect(told.drop).not.toHaveBeenCalled()
    expect(told.scrub).not.toHaveBeenCalled()
  })

  it('zooms with two fingers about their middle, and lets time go', () => {
    const { gesture, told } = band()
    gesture.down(1, 100, 20)
    gesture.down(2, 200, 20)
    gesture.move(2, 300)
    expect(told.zoom).toHaveBeenCalledExactlyOnceWith(0.5, 200)
    gesture.up(1, 100)
    gesture.up(2, 300)
    expect(told.drop).not.toHaveBeenCalled()
    expect(told.click).not.toHaveBeenCalled()
  })

  it('zooms with the wheel and pans with a wheel across', () => {
    const { gesture, told } = band()
    gesture.wheel(0, -100, false, 40)
    expect(told.zoom.mock.calls[0][0]).toBeLessThan(1)
    gesture.wheel(30, 0, false, 40)
    gesture.wheel(0, 50, true, 40)
    expect(told.pan.mock.calls.flat()).toEqual([30, 50])
  })
})

describe('a moment in the address', () => {
  it('comes back as it was written', () => {
    const times = fc.date({ min: new Date(0), max: new Date(NOW), noInvalidDate: true }).map((date) => date.getTime())
    fc.assert(
      fc.property(times, fc.option(times), fc.stringMatching(/^[0-9A-Za-z_$:-]{0,40}$/), (atMs, vsMs, sel) => {
        const pose = { position: [1.254, -2, 3], target: [0, 0.1, 1000] } as const
        const { search } = new URL(momentHref('/', { atMs, vsMs, sel, pose }), 'http://venue')
        const read = readMoment(Object.fromEntries(new URLSearchParams(search)))
        expect(read).toEqual({ atMs, vsMs, sel, pose: { position: [1.25, -2, 3], target: [0, 0.1, 1000] } })
      }),
    )
  })

  it('is read with an offset, and nonsense is left out', () => {
    expect(readMoment({ at: '2026-03-14T19:40:00+08:00' }).atMs).toBe(NOW)
    expect(readMoment({ at: '2026-03-14T19:40:00 08:00' }).atMs).toBe(NOW)
    const nothing = { atMs: null, pose: null, sel: '', vsMs: null }
    expect(readMoment({ at: 'yesterday', cam: '1,2,x', sel: ['a'], vs: '1' })).toEqual(nothing)
    expect(readMoment({})).toEqual(nothing)
  })
})

describe('rows of bars', () => {
  const stretches = fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 80 })).map(([left, wide]) => ({ left, right: left + wide })), { maxLength: 60 })

  it('never lie over each other, and a bar is left out only where no row has room', () => {
    fc.assert(
      fc.property(stretches, fc.integer({ min: 1, max: 6 }), (bars, most) => {
        const rows = packed(bars, most)
        for (const [i, row] of rows.entries()) {
          const rivals = bars.filter((bar, k) => k < i && rows[k] >= 0 && bar.left < bars[i].right + 1 && bars[i].left < bar.right + 1)
          const taken = new Set(rivals.map((bar) => rows[bars.indexOf(bar)]))
          if (row < 0) expect(taken.size).toBe(most)
          else expect(taken.has(row)).toBe(false)
        }
      }),
    )
  })
})

describe('the items of the band', () => {
  const size = { width: 1000, height: 104, rem: 16 }
  const view = { fromMs: 0, toMs: 1000 }
  const alarm = { id: 'a', raisedMs: 100, returnedMs: 200, closedMs: 400, acknowledgedMs: null, priority: 'high' } as unknown as Alarm
  const note = { id: 'n', text: 'x', fromMs: 500, toMs: null } as unknown as Note
  const booking = { id: 'b', bookable: 'court', fromMs: 600, toMs: 900, people: 4 }
  const shown = { alarms: [alarm], bookings: [booking], notes: [note], presentMs: 950 }

  it('lie where they were, each kind in rows of its own, and are found there', () => {
    const { items, left } = itemsOf(shown, view, size)
    expect(left).toBe(0)
    const of = (kind: string): Item => items.find((item) => item.kind === kind)!
    expect(of('alarm')).toMatchObject({ left: 100, right: 400, solidTo: 200, fromMs: 100 })
    expect(of('booking')).toMatchObject({ left: 600, right: 900 })
    for (const item of items) {
      expect(item.bottom).toBeLessThanOrEqual(zonesOf(size).axis)
      expect(itemAt(items, (item.left + item.right) / 2, (item.top + item.bottom) / 2, 0)).toBe(item)
    }
    expect(itemAt(items, 300, zonesOf(size).axis + 5, 1)).toBeNull()
  })

  it('go on to the present while they last, and the gravest get the rows', () => {
    const many = Array.from({ length: 9 }, (_, i) => ({ ...alarm, id: String(i), closedMs: null, priority: i === 8 ? 'critical' : 'low' }) as Alarm)
    const { items, left } = itemsOf({ ...shown, alarms: many }, view, size)
    expect(left).toBe(9 - ALARM_ROWS)
    expect(items.filter((item) => item.kind === 'alarm').map(({ of, right }) => [of.id, right])).toContainEqual(['8', 950])
  })
})

describe('what changed between two moments', () => {
  const points = [
    pointInfo({ pointIndex: 0, range: [0, 50], elementIndex: 7 }),
    pointInfo({ pointIndex: 1, states: [{ key: 'off', zh: '', en: '' }, { key: 'on', zh: '', en: '' }], elementIndex: 7 }),
    pointInfo({ pointIndex: 2, range: null, elementIndex: 9 }),
    pointInfo({ pointIndex: 3, range: [0, 50], elementIndex: -1 }),
  ]
  function columns(...values: number[]): LiveColumns {
    const made = emptyColumns(values.length)
    made.value.set(values)
    made.quality.fill(Quality.Good)
    return made
  }

  it('lists the biggest change first, and leaves noise out', () => {
    const found = differencesOf(points, columns(20, 0, 100, 10), columns(20.2, 1, 150, 45))
    expect(found.map(({ point, change }) => [point.pointIndex, change])).toEqual([[3, 'up'], [1, 'switched'], [2, 'up']])
    expect(found[2].size).toBeCloseTo(1 / 3)
    expect(countsOf(found)).toEqual({ switched: 1, up: 2, down: 0, quality: 0 })
  })

  it('tells what is read no more, and nothing where it was not read before either', () => {
    const found = differencesOf(points, columns(20, Number.NaN, 5, 5), columns(Number.NaN, Number.NaN, 5, 5))
    expect(found).toMatchObject([{ change: 'quality', before: 20, after: Number.NaN }])
  })

  it('turns round with the moments, and is nothing between a moment and itself', () => {
    const values = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(values, values, (a, b) => {
        const there = differencesOf(points, columns(...a), columns(...b))
        const back = differencesOf(points, columns(...b), columns(...a))
        expect(back.map(({ point, size }) => [point.pointIndex, size])).toEqual(there.map(({ point, size }) => [point.pointIndex, size]))
        expect(differencesOf(points, columns(...a), columns(...a))).toEqual([])
        expect(there.every(({ size }) => size > 0 && size <= 1)).toBe(true)
      }),
    )
  })

  it('paints an element once, by what changed most about it', () => {
    const found = differencesOf(points, columns(0, 0, 1, 1), columns(50, 1, 1, 1))
    expect([...byElement(found)].map(([element, { change }]) => [element, change])).toEqual([[7, 'up']])
    const layer = differenceLayer(found)
    expect([...layer.rooms.indices]).toEqual([7])
    expect(layer.rooms.rgba).toHaveLength(4)
  })
})
