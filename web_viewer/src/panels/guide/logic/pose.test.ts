import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Point3 } from '@/scene/types'

import { poseOver, type ClearLens } from './pose'

const PHONE: ClearLens = { across: 0.14, up: 0.22 }
const metre = fc.integer({ min: -150, max: 150 }).map((n) => n / 10)
const way = fc.array(fc.tuple(metre, metre).map(([x, y]): Point3 => [x, y, -5.1]), { minLength: 1, maxLength: 8 })
const heading = fc.option(fc.integer({ min: -314, max: 314 }).map((n) => n / 100))

/** Where a point is seen: shares of the clear half picture, -1 to 1. */
function seen(point: Point3, pose: NonNullable<ReturnType<typeof poseOver>>): [number, number] {
  const forward = unit(minus(pose.target, pose.position))
  const right = unit([forward[1], -forward[0], 0])
  const up: Point3 = [-forward[2] * right[1], forward[2] * right[0], forward[0] * right[1] - forward[1] * right[0]]
  const away = minus(point, pose.position)
  const depth = dot(away, forward)
  return [dot(away, right) / depth / PHONE.across, dot(away, up) / depth / PHONE.up]
}

function minus(a: Point3, b: Point3): Point3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

function dot(a: Point3, b: Point3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

function unit(a: Point3): Point3 {
  const length = Math.hypot(...a)
  return [a[0] / length, a[1] / length, a[2] / length]
}

describe('the camera over a way', () => {
  it('has all of it in the clear part of the picture', () => {
    fc.assert(
      fc.property(way, heading, (points, along) => {
        const pose = poseOver(points, along, PHONE)!
        for (const point of points) {
          const [x, y] = seen(point, pose)
          expect(Math.abs(x)).toBeLessThanOrEqual(1)
          expect(Math.abs(y)).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  it('looks along the heading, from above and behind', () => {
    const { position, target } = poseOver([[0, 0, 0], [0, 8, 0]], Math.PI / 2, PHONE)!
    expect(target).toEqual([0, 4, 0])
    expect(position[0]).toBeCloseTo(0)
    expect(position[1]).toBeLessThan(0)
    expect(position[2]).toBeGreaterThan(10)
  })

  it('stands upright on a phone where the way is wide, else looks north', () => {
    const wide: Point3[] = [[-20, 0, 0], [20, 4, 0]]
    const [phone, desk] = [PHONE, { across: 0.4, up: 0.25 }].map((lens) => poseOver(wide, null, lens)!)
    expect(phone.position[0]).toBeLessThan(-10)
    expect(phone.position[1]).toBeCloseTo(phone.target[1])
    expect(desk.position[1]).toBeLessThan(-10)
    expect(desk.position[0]).toBeCloseTo(desk.target[0])
  })

  it('is none without a way', () => {
    expect(poseOver([], null, PHONE)).toBeNull()
  })
})
