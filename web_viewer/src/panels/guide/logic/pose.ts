import type { CameraPose, Point3 } from '@/scene/types'

const LEAST_RADIUS_M = 11
const MOST_RADIUS_M = 90
const HEIGHT_SHARE = 1.5
const BACK_SHARE = 1.05

/** A camera behind and above a stretch of the way, looking along `heading` (rad); northwards where it is null. */
export function poseOver(points: readonly Point3[], heading: number | null): CameraPose | null {
  if (points.length === 0) return null
  const middle = [0, 1, 2].map((k) => mid(points.map((point) => point[k]))) as [number, number, number]
  const reach = Math.max(...points.map((point) => Math.hypot(point[0] - middle[0], point[1] - middle[1])))
  const radius = Math.min(MOST_RADIUS_M, Math.max(LEAST_RADIUS_M, reach * 2.1))
  const along = heading ?? Math.PI / 2
  return {
    position: [
      middle[0] - Math.cos(along) * radius * BACK_SHARE, middle[1] - Math.sin(along) * radius * BACK_SHARE, middle[2] + radius * HEIGHT_SHARE,
    ],
    target: middle,
  }
}

function mid(values: readonly number[]): number {
  return (Math.min(...values) + Math.max(...values)) / 2
}
