import type { Point3 } from './types'

const HALF_WIDTH_M = 0.32
const ABOVE_FLOOR_M = 0.15

/** Vertices in the local frame, and triples of their positions. */
export interface Ribbon {
  readonly points: readonly Point3[]
  readonly triangles: readonly number[]
}

/**
 * Flat bands along polylines, a little above them; a vertical stretch (a lift) stands upright. Every stretch is a
 * rectangle, lengthened by half its width, so that bends have no gaps.
 */
export function ribbonOf(polylines: readonly (readonly Point3[])[]): Ribbon {
  const points: Point3[] = []
  const triangles: number[] = []
  for (const line of polylines) {
    for (let i = 0; i + 1 < line.length; i++) {
      const corners = bandOf(line[i]!, line[i + 1]!)
      if (corners === null) continue
      const first = points.length
      points.push(...corners)
      triangles.push(first, first + 1, first + 2, first, first + 2, first + 3)
    }
  }
  return { points, triangles }
}

function bandOf(a: Point3, b: Point3): readonly Point3[] | null {
  const [dx, dy, dz] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]]
  const flat = Math.hypot(dx, dy)
  if (flat < 1e-3 && Math.abs(dz) < 1e-3) return null
  const [ux, uy] = flat < 1e-3 ? [1, 0] : [dx / flat, dy / flat]
  const [sx, sy] = flat < 1e-3 ? [HALF_WIDTH_M, 0] : [-uy * HALF_WIDTH_M, ux * HALF_WIDTH_M]
  const over = flat < 1e-3 ? 0 : HALF_WIDTH_M
  const [az, bz] = [a[2] + ABOVE_FLOOR_M, b[2] + ABOVE_FLOOR_M]
  const [ax, ay] = [a[0] - ux * over, a[1] - uy * over]
  const [bx, by] = [b[0] + ux * over, b[1] + uy * over]
  return [[ax + sx, ay + sy, az], [bx + sx, by + sy, bz], [bx - sx, by - sy, bz], [ax - sx, ay - sy, az]]
}
