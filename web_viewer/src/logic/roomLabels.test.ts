import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { labelPoint, placeLabels, type RoomLabel } from './roomLabels'

const label = fc.record({
  space: fc.nat(500), text: fc.string({ minLength: 1, maxLength: 9 }), areaM2: fc.integer({ min: 1, max: 900 }),
  x: fc.integer({ min: 0, max: 1440 }), y: fc.integer({ min: 0, max: 900 }),
})

describe('placeLabels', () => {
  it('keeps at most so many, the largest among them, and none over another', () => {
    fc.assert(
      fc.property(fc.array(label, { maxLength: 60 }), fc.integer({ min: 1, max: 25 }), (candidates: RoomLabel[], most) => {
        const placed = placeLabels(candidates, most)
        expect(placed.length).toBeLessThanOrEqual(most)
        if (candidates.length > 0) expect(placed[0]?.areaM2).toBe(Math.max(...candidates.map((each) => each.areaM2)))
        for (const [i, a] of placed.entries()) {
          for (const b of placed.slice(i + 1)) {
            expect(Math.abs(a.x - b.x) >= (a.text.length + b.text.length) * 3.5 || Math.abs(a.y - b.y) >= 22).toBe(true)
          }
        }
      }),
    )
  })
})

describe('labelPoint', () => {
  it('is the middle of a rectangle, whichever way round, and moves with it', () => {
    const rectangle = [[10, 20], [14, 20], [14, 26], [10, 26]] as const
    for (const outline of [rectangle, [...rectangle].reverse()]) {
      const [x, y] = labelPoint(outline)
      expect(x).toBeCloseTo(12)
      expect(y).toBeCloseTo(23)
    }
    expect(labelPoint([[3, 4], [3, 4], [3, 4]])).toEqual([3, 4])
  })
})
