import type { CameraPose, Point3 } from '@/scene/types'

/** Of the scene's camera, from the lower to the upper edge of the picture. */
export const FOV_DEG = 34
/** So much is seen around the way: one wants to know where one is. */
const AROUND_M = 4.5
const FARTHEST_M = 260
/** Steep, so that walls hide little of the floor behind them. */
const ALTITUDE = (58 * Math.PI) / 180

/** Half of what is seen a metre away in the clear part of the picture, m: sideways, and up or down. */
export interface ClearLens {
  readonly across: number
  readonly up: number
}

/**
 * A camera behind and above a stretch of the way, looking along `heading` (rad). Where that is null it looks north, but
 * east at what is wide through what is tall: as the plan is turned on a phone.
 */
export function poseOver(points: readonly Point3[], heading: number | null, lens: ClearLens): CameraPose | null {
  if (points.length === 0) return null
  const middle = [0, 1, 2].map((k) => mid(points.map((point) => point[k]))) as [number, number, number]
  const reach = (x: number, y: number): number => Math.max(...points.map((point) => Math.abs((point[0] - middle[0]) * x + (point[1] - middle[1]) * y)))
  const turned = reach(1, 0) > reach(0, 1) && lens.up > lens.across
  const along = heading ?? (turned ? 0 : Math.PI / 2)
  const [ux, uy] = [Math.cos(along), Math.sin(along)]
  const [ahead, aside] = [reach(ux, uy) + AROUND_M, reach(-uy, ux) + AROUND_M]
  // What lies nearer than the middle fills more of the picture than what lies there.
  const near = ahead * Math.cos(ALTITUDE)
  const distance = Math.min(FARTHEST_M, Math.max((ahead * Math.sin(ALTITUDE)) / lens.up, aside / lens.across) + near)
  const [back, high] = [distance * Math.cos(ALTITUDE), distance * Math.sin(ALTITUDE)]
  return { position: [middle[0] - ux * back, middle[1] - uy * back, middle[2] + high], target: middle }
}

function mid(values: readonly number[]): number {
  return (Math.min(...values) + Math.max(...values)) / 2
}
