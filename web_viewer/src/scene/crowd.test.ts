import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { edgeDistance, hash01, isInside, placesInside, shareOut, stroll } from './crowd'
import type { Ring } from './crowd'

const HALL: Ring = [[0, 0], [20, 0], [20, 6], [8, 6], [8, 14], [0, 14]]

describe('placesInside', () => {
  it('puts everybody inside an L-shaped hall, clear of its walls', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.nat(100_000), (count, seed) => {
        const places = placesInside(HALL, count, seed)
        expect(places.length).toBe(count)
        for (const [x, y] of places) {
          expect(isInside(HALL, x, y)).toBe(true)
          expect(edgeDistance(HALL, x, y)).toBeGreaterThanOrEqual(0.15)
        }
      }),
    )
  })

  it('leaves everybody in place when one more comes', () => {
    expect(placesInside(HALL, 21, 5).slice(0, 20)).toEqual(placesInside(HALL, 20, 5))
  })

  it('gives up in a place too narrow for anybody', () => {
    expect(placesInside([[0, 0], [10, 0], [10, 0.1], [0, 0.1]], 4, 1)).toEqual([])
  })
})

describe('isInside', () => {
  it('knows the notch', () => {
    expect(isInside(HALL, 15, 10)).toBe(false)
    expect(isInside(HALL, 4, 10)).toBe(true)
  })
})

describe('shareOut', () => {
  it('keeps counts that fit and never exceeds the limit by more than one for each room in use', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 40 }), (counts) => {
        const drawn = shareOut(counts, 1000)
        const total = counts.reduce((a, b) => a + b, 0)
        if (total <= 1000) expect(drawn).toEqual(counts)
        expect(drawn.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(1000 + counts.length)
        counts.forEach((c, i) => expect(drawn[i]! > 0).toBe(c > 0))
      }),
    )
  })
})

describe('stroll', () => {
  it('never leads far from the place', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 1e6, noNaN: true }), (seed, seconds) => {
        const { dx, dy } = stroll(seed, seconds)
        expect(Math.hypot(dx, dy)).toBeLessThan(0.5)
      }),
    )
  })
})

describe('hash01', () => {
  it('spreads evenly', () => {
    const bins = new Array<number>(10).fill(0)
    for (let i = 0; i < 10_000; i++) bins[Math.floor(hash01(i, 3) * 10)]!++
    for (const n of bins) expect(Math.abs(n - 1000)).toBeLessThan(150)
  })
})
