import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { compileRamp, rampGradient, rampOffset, rampTicks, type CompiledRamp } from './ramp'

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

  it('sorts the stops and skips unreadable ones', () => {
    const compiled = ramp([30, '#ff0000'], [20, 'tomato'], [10, '#0000ff'])
    expect([compiled.low, compiled.high]).toEqual([10, 30])
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

describe('rampTicks', () => {
  it('takes round numbers between the ends', () => {
    expect(rampTicks(16, 30)).toEqual([16, 20, 25, 30])
    expect(rampTicks(0, 1)).toEqual([0, 0.25, 0.5, 0.75, 1])
    expect(rampTicks(400, 1400)).toEqual([400, 750, 1000, 1400])
  })

  it('is one tick for a ramp without length', () => {
    expect(rampTicks(3, 3)).toEqual([3])
  })

  it('ascends, begins and ends with the ends and is short', () => {
    fc.assert(
      fc.property(fc.integer({ min: -5000, max: 5000 }), fc.integer({ min: 1, max: 9000 }), (low, span) => {
        const ticks = rampTicks(low, low + span)
        expect(ticks[0]).toBe(low)
        expect(ticks.at(-1)).toBe(low + span)
        expect(ticks.length).toBeLessThanOrEqual(6)
        expect([...ticks].sort((a, b) => a - b)).toEqual(ticks)
      }),
    )
  })
})
