import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Ring } from '../types'

import { clearance, contains, isBackstage, labelPoint, roomGroup, widthAt } from './rooms'

const L_SHAPE: Ring = [[0, 0], [20, 0], [20, 3], [3, 3], [3, 20], [0, 20]]

function box(width: number, height: number): Ring {
  return [[0, 0], [width, 0], [width, height], [0, height]]
}

describe('rooms on the plan', () => {
  it.each([
    ['badminton_hall', 'sport'], ['toilet_women', 'care'], ['lift_lobby', 'way'], ['lift', 'vertical'], ['gallery_walk', 'way'], ['gallery', 'culture'],
    ['pool_plant', 'technical'], ['swimming_pool', 'sport'], ['car_park', 'parking'], ['outdoor_stage', 'outdoor'], ['cafe', 'food'], ['', 'other'],
    ['never_heard_of', 'other'],
  ])('%s is %s', (fn, group) => {
    expect(roomGroup(fn)).toBe(group)
  })

  it('keeps shafts and plant rooms behind the scenes', () => {
    expect([isBackstage('shaft'), isBackstage('hvac_plant'), isBackstage('library')]).toEqual([true, true, false])
  })

  it('names a bent room within it', () => {
    const at = labelPoint([L_SHAPE])
    expect(clearance([L_SHAPE], at)).toBeGreaterThan(1.3)
  })

  it('names a rectangle in its middle or as far from its walls', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 80 }), (width, height) => {
        const ring = box(width, height)
        expect(clearance([ring], labelPoint([ring]))).toBeGreaterThan(0.47 * Math.min(width, height))
      }),
    )
  })

  it('leaves a court within a room out', () => {
    const court: Ring = [[4, 4], [6, 4], [6, 6], [4, 6]]
    expect(contains([box(10, 10), court], [5, 5])).toBe(false)
    expect(contains([box(10, 10), court], [2, 5])).toBe(true)
  })

  it('measures the room that a name has, along the name', () => {
    expect(widthAt([box(20, 4)], [10, 2], 0)).toBeCloseTo(20)
    expect(widthAt([box(20, 4)], [4, 2], 0)).toBeCloseTo(8)
    expect(widthAt([box(20, 4)], [10, 2], Math.PI / 2)).toBeCloseTo(4)
    expect(widthAt([box(20, 4)], [10, 2], Math.PI / 4)).toBeCloseTo(4 * Math.SQRT2)
  })
})
