import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { between, fitted, headingUp, keptInside, LEAST_SCALE, matrixOf, MOST_SCALE, panned, pinched, toMap, toScreen, zoomed, type View } from './view'

const SIZE = { width: 390, height: 844 }
const metre = fc.integer({ min: -2000, max: 2000 }).map((n) => n / 10)
const px = fc.integer({ min: 0, max: 840 })
const view: fc.Arbitrary<View> = fc.record({
  x: metre, y: metre, scale: fc.integer({ min: 12, max: 600 }).map((n) => n / 10), angle: fc.integer({ min: -314, max: 314 }).map((n) => n / 100),
})
const spot = fc.tuple(px, px)

function near(a: readonly number[], b: readonly number[]): void {
  a.forEach((value, i) => {
    expect(value).toBeCloseTo(b[i], 5)
  })
}

describe('the view of a plan', () => {
  it('goes to the screen and back', () => {
    fc.assert(fc.property(view, spot, (v, at) => { near(toScreen(v, SIZE, toMap(v, SIZE, at)), at) }))
  })

  it('gives the canvas the same transform', () => {
    fc.assert(
      fc.property(view, metre, metre, (v, x, y) => {
        const [a, b, c, d, e, f] = matrixOf(v, SIZE)
        near([a * x + c * y + e, b * x + d * y + f], toScreen(v, SIZE, [x, y]))
      }),
    )
  })

  it('moves with the finger', () => {
    fc.assert(fc.property(view, spot, spot, (v, from, to) => { near(toScreen(panned(v, SIZE, from, to), SIZE, toMap(v, SIZE, from)), to) }))
  })

  it('zooms and turns about the finger, within limits', () => {
    fc.assert(
      fc.property(view, spot, fc.double({ min: 0.01, max: 100, noNaN: true }), fc.double({ min: -3, max: 3, noNaN: true }), (v, at, factor, turn) => {
        const next = zoomed(v, SIZE, at, factor, turn)
        near(toScreen(next, SIZE, toMap(v, SIZE, at)), at)
        expect(next.scale).toBeGreaterThanOrEqual(LEAST_SCALE)
        expect(next.scale).toBeLessThanOrEqual(MOST_SCALE)
      }),
    )
  })

  it('keeps the plan under two fingers that spread and turn', () => {
    const v = { x: 3, y: 4, scale: 10, angle: 0.3 }
    const [a0, b0, a1, b1] = [[100, 300], [200, 300], [120, 260], [160, 400]] as const
    const next = pinched(v, SIZE, a0, b0, a1, b1)
    near(toScreen(next, SIZE, toMap(v, SIZE, a0)), a1)
    near(toScreen(next, SIZE, toMap(v, SIZE, b0)), b1)
  })

  it('fits points into what no panel covers', () => {
    const insets = { top: 120, right: 60, bottom: 300, left: 10 }
    const points = fc.array(fc.tuple(metre, metre), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(points, fc.double({ min: -3, max: 3, noNaN: true }), (shown, angle) => {
        const v = fitted(shown, SIZE, insets, angle)
        fc.pre(v.scale > LEAST_SCALE)
        for (const point of shown) {
          const [x, y] = toScreen(v, SIZE, point)
          expect(x).toBeGreaterThan(insets.left - 0.01)
          expect(x).toBeLessThan(SIZE.width - insets.right + 0.01)
          expect(y).toBeGreaterThan(insets.top - 0.01)
          expect(y).toBeLessThan(SIZE.height - insets.bottom + 0.01)
        }
      }),
    )
  })

  it('turns a heading upwards', () => {
    const v = { x: 0, y: 0, scale: 5, angle: headingUp(Math.PI) }
    const [x, y] = toScreen(v, SIZE, [-10, 0])
    near([x, y], [SIZE.width / 2, SIZE.height / 2 - 50])
  })

  it('turns the short way round', () => {
    const [a, b] = [{ x: 0, y: 0, scale: 2, angle: 3 }, { x: 0, y: 0, scale: 8, angle: -3 }]
    expect(Math.abs(between(a, b, 0.5).angle)).toBeGreaterThan(3)
    expect(between(a, b, 0.5).scale).toBeCloseTo(4)
  })
})

describe('a tag on the map', () => {
  const INSETS = { top: 120, right: 60, bottom: 90, left: 0 }
  const TAG = { width: 120, height: 60 }

  it('is read whole wherever its point is in sight', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: SIZE.width }), fc.integer({ min: 0, max: SIZE.height }), (x, y) => {
        const [tagX, tagY] = keptInside([x, y], TAG, SIZE, INSETS)
        expect(tagX - TAG.width / 2).toBeGreaterThanOrEqual(INSETS.left)
        expect(tagX + TAG.width / 2).toBeLessThanOrEqual(SIZE.width - INSETS.right)
        expect(tagY - TAG.height).toBeGreaterThanOrEqual(INSETS.top)
      }),
    )
  })

  it('stays on its point where there is room, and where that is out of sight', () => {
    expect(keptInside([200, 400], TAG, SIZE, INSETS)).toEqual([200, 400])
    expect(keptInside([-1, 400], TAG, SIZE, INSETS)).toEqual([-1, 400])
    expect(keptInside([200, 900], TAG, SIZE, INSETS)).toEqual([200, 900])
  })

  it('is in the middle of what is clear where that is narrower', () => {
    expect(keptInside([20, 400], { width: 600, height: 60 }, SIZE, INSETS)[0]).toBe((SIZE.width - INSETS.right) / 2)
  })
})
