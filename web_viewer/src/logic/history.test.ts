import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { PointHistory, sparkPath } from './history'

describe('PointHistory', () => {
  it('begins with what all points read, of which those that change go on', () => {
    const history = new PointHistory(0)
    const values = Float64Array.of(5, Number.NaN, 7)
    history.begin(1000, values)
    values[0] = 99
    history.record(0, 2000, 6)
    history.record(1, 2000, 1)
    const of = (point: number): number[][] => [[...history.series(point).time], [...history.series(point).value]]
    expect(of(0)).toEqual([[1000, 2000], [5, 6]])
    expect(of(1)).toEqual([[2000], [1]])
    expect(of(2)).toEqual([[1000], [7]])
    expect(of(3)).toEqual([[], []])
    history.clear()
    expect(of(2)).toEqual([[], []])
  })

  it('keeps the newest of samples that crowd, and the rest in order', () => {
    const history = new PointHistory(1000)
    for (const [time, value] of [[0, 1], [200, 2], [400, 3], [1500, 4], [1600, 5]]) history.record(7, time, value)
    const series = history.series(7)
    expect([...series.value]).toEqual([1, 4, 5])
    expect([...series.time]).toEqual([0, 1500, 1600])
  })

  it('knows nothing of other points, nor of values that are none', () => {
    const history = new PointHistory()
    history.record(1, 0, Number.NaN)
    history.record(1, Number.NaN, 5)
    expect(history.series(1).time).toHaveLength(0)
    history.record(1, 0, 5)
    history.clear()
    expect(history.series(1).time).toHaveLength(0)
  })

  it('is bounded, ascending, and ends with the last sample', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 600 }), (gaps) => {
        const history = new PointHistory(1000)
        let time = 0
        for (const gap of gaps) history.record(0, (time += gap), time * 2)
        const series = history.series(0)
        expect(series.time.length).toBeLessThanOrEqual(240)
        expect([...series.time]).toEqual([...series.time].sort((a, b) => a - b))
        expect(series.time.at(-1)).toBe(time)
        expect(series.value.at(-1)).toBe(time * 2)
      }),
    )
  })
})

describe('sparkPath', () => {
  const series = { time: Float64Array.from([0, 50]), value: Float64Array.from([0, 10]) }

  it('goes up where the value does, and lasts until now', () => {
    expect(sparkPath(series, 100, 20, 100, false)).toBe('M0.0 20.0L50.0 0.0H100.0')
    expect(sparkPath(series, 100, 20, 100, true)).toBe('M0.0 20.0H50.0V0.0H100.0')
  })

  it('ends with the last sample while the time is not known', () => {
    expect(sparkPath(series, 100, 20, Number.NaN, false)).toBe('M0.0 20.0L100.0 0.0H100.0')
  })

  it('draws a level line in the middle for a steady value, and nothing for one sample', () => {
    expect(sparkPath({ time: series.time, value: Float64Array.from([3, 3]) }, 100, 20, 50, false)).toBe(
      'M0.0 10.0L100.0 10.0H100.0',
    )
    expect(sparkPath({ time: new Float64Array(1), value: new Float64Array(1) }, 100, 20, 50, false)).toBe('')
  })
})
