import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ribbonOf } from './ribbon'
import type { Point3 } from './types'

const coordinate = fc.integer({ min: -500, max: 500 }).map((n) => n / 10)
const line = fc.array(fc.tuple(coordinate, coordinate, coordinate) as fc.Arbitrary<Point3>, { maxLength: 12 })

describe('the ribbon of a way', () => {
  it('lies above the floor along a stretch, 0.64 m wide', () => {
    const { points, triangles } = ribbonOf([[[0, 0, 3], [10, 0, 3]]])
    expect(triangles).toEqual([0, 1, 2, 0, 2, 3])
    expect(points.every((p) => p[2] > 3 && p[2] < 3.5)).toBe(true)
    expect(Math.max(...points.map((p) => p[1])) - Math.min(...points.map((p) => p[1]))).toBeCloseTo(0.64)
  })

  it('stands upright in a lift', () => {
    const { points } = ribbonOf([[[5, 5, 0], [5, 5, 9]]])
    expect(Math.max(...points.map((p) => p[2])) - Math.min(...points.map((p) => p[2]))).toBeCloseTo(9)
    expect(new Set(points.map((p) => p[0])).size).toBe(2)
  })

  it('has only finite vertices, and triangles of them, whatever the way', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), (lines) => {
        const { points, triangles } = ribbonOf(lines)
        expect(points.flat().every(Number.isFinite)).toBe(true)
        expect(triangles.every((at) => at >= 0 && at < points.length)).toBe(true)
        expect(triangles.length).toBe((points.length / 4) * 6)
      }),
    )
  })

  it('leaves out stretches without length', () => {
    expect(ribbonOf([[[1, 1, 1], [1, 1, 1]], []]).points).toEqual([])
  })
})
