import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { compileRamp, rampGradient, rampOffset, rampShare, type CompiledRamp } from './ramp'

function ramp(...stops: [number, string][]): CompiledRamp {
  const compiled = compileRamp({ stops, unit: 'degC' })
  if (compiled === null) throw new Error('the ramp has no readable stop')
  return compiled
}

function colour(compiled: CompiledRamp, value: number): number[] {
  const offset = rampOffset(compiled, value)
  return [...compiled.table.subarray(offset, offset + 3)]
}

describe('compileRamp', () => {
  it('has the colour of each stop at its value, and of the ends beyond', () => {
    const compiled = ramp([10, '#0000ff'], [20, '#00ff00'], [30, '#ff0000'])
    expect(colour(compiled, 10)).toEqual([0, 0, 255])
    expect(colour(compiled, -40)).toEqual([0, 0, 255])
    expect(colour(compiled, 99)).toEqual([255, 0, 0])
    expect(colour(compiled, 20)[1]).toBeGreaterThan(250)
  })

  it('gives each step between stops the same room, so that decades can be told apart', () => {
    const decades = ramp([0, '#000000'], [0.1, '#404040'], [10, '#808080'], [1000, '#ffffff'])
    expect([0.05, 0.1, 5.05, 505].map((value) => rampShare(decades, value))).toEqual([1 / 6, 1 / 3, 1 / 2, 5 / 6])
  })

  it('never goes back as the value grows', () => {
    const compiled = ramp([-5, '#000000'], [0, '#404040'], [40, '#ffffff'])
    fc.assert(
      fc.property(fc.double({ min: -50, max: 90, noNaN: true }), fc.double({ min: 0, max: 50, noNaN: true }), (value, more) => {
        expect(rampShare(compiled, value + more)).toBeGreaterThanOrEqual(rampShare(compiled, value))
      }),
    )
  })

  it('sorts the stops and skips unreadable ones and repeated values', () => {
    const compiled = ramp([30, '#ff0000'], [20, 'tomato'], [10, '#0000ff'], [10, '#00ff00'])
    expect(compiled.stops).toEqual([10, 30])
  })

  it('is one colour when there is one stop, and nothing without any', () => {
    expect(colour(ramp([5, '#123456']), 9)).toEqual([18, 52, 86])
    expect(compileRamp({ stops: [[1, 'nope']], unit: '' })).toBeNull()
  })

  it('stays inside the table whatever the value', () => {
    const compiled = ramp([0, '#000000'], [1, '#ffffff'])
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        const offset = rampOffset(compiled, value)
        expect(offset % 3).toBe(0)
        expect(offset).toBeGreaterThanOrEqual(0)
        expect(offset).toBeLessThanOrEqual(compiled.table.length - 3)
      }),
    )
  })

  it('draws its gradient from end to end', () => {
    expect(rampGradient(ramp([0, '#000000'], [1, '#ffffff']), 2)).toBe(
      'linear-gradient(90deg, rgb(0 0 0), rgb(255 255 255))',
    )
  })
})
