import fc from 'fast-check'
import { describe, expect, it, vi, type Mock } from 'vitest'

import { stepFor, ticksOf, zoneOffsetMs } from './axis'
import { countsAt, highest, histogramOf, serves, severityOf, wantedFor } from './density'
import { BandGesture } from './gesture'
import { momentQuery, readMoment } from './moment'
import { DAY_MS, endingNow, HOUR_MS, keyMoment, keyZoom, LONGEST_MS, MINUTE_MS, panned, revealing, SHORTEST_MS, spanOf, timeAt, xOf, zoomed } from './view'

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

  it('leaves room for its labels', () => {
    fc.assert(
      fc.property(fc.integer({ min: MINUTE_MS, max: LONGEST_MS }), fc.integer({ min: 300, max: 3000 }), (span, width) => {
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
      fc.property(fc.integer({ min: MINUTE_MS, max: LONGEST_MS }), (span) => {
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
    expect(['alarm.raised', 'alarm.acknowledged', 'booking.created'].map(severityOf)).toEqual(['alarm', 'handled', 'other'])
    const wanted = { fromMs: 0, toMs: 3000, buckets: 3, widthMs: 1000 }
    const bars = histogramOf(wanted, [
      { bucket: 0, type: 'alarm.raised', count: 2 },
      { bucket: 0, type: 'log.begun', count: 1 },
      { bucket: 2, type: 'alarm.closed', count: 5 },
      { bucket: 3, type: 'alarm.closed', count: 9 },
    ])
    expect([...bars.counts.alarm]).toEqual([2, 0, 0])
    expect([...bars.counts.handled]).toEqual([0, 0, 5])
    expect(highest(bars, { fromMs: 0, toMs: 1500 })).toBe(3)
    expect(highest(bars, { fromMs: 0, toMs: 9000 })).toBe(5)
  })
})

describe('the bar under the pointer', () => {
  const wanted = { fromMs: 1000, toMs: 4000, buckets: 3, widthMs: 1000 }
  const histogram = histogramOf(wanted, [
    { bucket: 1, type: 'alarm.raised', count: 2 },
    { bucket: 1, type: 'command.sent', count: 5 },
  ])

  it('tells its events by severity', () => {
    expect(countsAt(histogram, 2999)).toEqual({ alarm: 2, handled: 0, other: 5 })
  })

  it.each([1999, 3000, 999, 4000, -1, Number.NaN])('is none at %s', (timeMs) => {
    expect(countsAt(histogram, timeMs)).toBeNull()
  })
})

describe('a gesture on the band', () => {
  function band(cursorX: number): { gesture: BandGesture; told: ReturnType<typeof handlers> } {
    const told = handlers()
    return { told, gesture: new BandGesture({ ...told, isCursor: (x) => Math.abs(x - cursorX) < 8 }) }
  }
  type Told = Mock<(...numbers: number[]) => void>
  function handlers(): Record<'scrub' | 'drop' | 'pan' | 'zoom', Told> {
    return { scrub: vi.fn(), drop: vi.fn(), pan: vi.fn(), zoom: vi.fn() }
  }

  it('puts the cursor down with a click', () => {
    const { gesture, told } = band(500)
    gesture.down(1, 100)
    gesture.move(1, 102)
    gesture.up(1, 102)
    expect(told.drop).toHaveBeenCalledExactlyOnceWith(102)
    expect(told.pan).not.toHaveBeenCalled()
  })

  it('drags the cursor where it takes hold of it', () => {
    const { gesture, told } = band(100)
    gesture.down(1, 103)
    gesture.move(1, 150)
    gesture.move(1, 160)
    gesture.up(1, 160)
    expect(told.scrub.mock.calls.flat()).toEqual([150, 160])
    expect(told.drop).toHaveBeenCalledExactlyOnceWith(160)
  })

  it('drags the band elsewhere, by as much as the pointer moved', () => {
    const { gesture, told } = band(500)
    gesture.down(1, 100)
    gesture.move(1, 140)
    gesture.move(1, 130)
    gesture.up(1, 130)
    expect(told.pan.mock.calls.flat()).toEqual([-40, 10])
    expect(told.drop).not.toHaveBeenCalled()
  })

  it('zooms with two fingers about their middle', () => {
    const { gesture, told } = band(500)
    gesture.down(1, 100)
    gesture.down(2, 200)
    gesture.move(2, 300)
    expect(told.zoom).toHaveBeenCalledExactlyOnceWith(0.5, 200)
    gesture.up(1, 100)
    gesture.up(2, 300)
    expect(told.drop).not.toHaveBeenCalled()
  })

  it('zooms with the wheel and pans with a wheel across', () => {
    const { gesture, told } = band(500)
    gesture.wheel(0, -100, false, 40)
    expect(told.zoom.mock.calls[0][0]).toBeLessThan(1)
    gesture.wheel(30, 0, false, 40)
    gesture.wheel(0, 50, true, 40)
    expect(told.pan.mock.calls.flat()).toEqual([30, 50])
  })
})

describe('a moment in the address', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(NOW), noInvalidDate: true }), (date) => {
        const pose = { position: [1.25, -2, 3], target: [0, 0.1, 1000] } as const
        const { at, cam } = momentQuery(date.getTime(), pose)
        expect(readMoment(at, cam)).toEqual({ atMs: date.getTime(), pose: { position: [1.3, -2, 3], target: [0, 0.1, 1000] } })
      }),
    )
  })

  it('is read with an offset, and nonsense is left out', () => {
    expect(readMoment('2026-03-14T19:40:00+08:00', null).atMs).toBe(NOW)
    expect(readMoment('2026-03-14T19:40:00 08:00', null).atMs).toBe(NOW)
    expect(readMoment('yesterday', '1,2,x')).toEqual({ atMs: null, pose: null })
    expect(readMoment(undefined, undefined)).toEqual({ atMs: null, pose: null })
  })
})
