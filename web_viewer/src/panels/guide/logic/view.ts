import type { Insets, Point } from '../types'

/** How the plan is seen: `x`, `y` (m) in the middle of the picture, px a metre, turned by `angle` (rad, counter-clockwise). */
export interface View {
  readonly x: number
  readonly y: number
  readonly scale: number
  readonly angle: number
}

/** Size of the picture, CSS px. */
export interface Size {
  readonly width: number
  readonly height: number
}

export const LEAST_SCALE = 1.2
export const MOST_SCALE = 60

/** Where a point of the plan is on screen, CSS px from the top left. */
export function toScreen(view: View, size: Size, [x, y]: Point): [number, number] {
  const [dx, dy] = turned(x - view.x, y - view.y, view.angle)
  return [size.width / 2 + dx * view.scale, size.height / 2 - dy * view.scale]
}

/** The point of the plan under a place on screen. */
export function toMap(view: View, size: Size, [sx, sy]: Point): [number, number] {
  const [dx, dy] = turned((sx - size.width / 2) / view.scale, (size.height / 2 - sy) / view.scale, -view.angle)
  return [view.x + dx, view.y + dy]
}

/** The six numbers of a canvas transform from metres to px. */
export function matrixOf(view: View, size: Size): [number, number, number, number, number, number] {
  const [c, s] = [Math.cos(view.angle) * view.scale, Math.sin(view.angle) * view.scale]
  const [e, f] = toScreen(view, size, [0, 0])
  return [c, -s, -s, -c, e, f]
}

/** Moved so that what was under `from` is under `to`. */
export function panned(view: View, size: Size, from: Point, to: Point): View {
  const [a, b] = [toMap(view, size, from), toMap(view, size, to)]
  return { ...view, x: view.x + a[0] - b[0], y: view.y + a[1] - b[1] }
}

/** Scaled by `factor` and turned by `turn` (rad) about a place on screen, which stays. */
export function zoomed(view: View, size: Size, at: Point, factor: number, turn = 0): View {
  const fixed = toMap(view, size, at)
  const scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, view.scale * factor))
  const next = { ...view, scale, angle: normalAngle(view.angle + turn) }
  const now = toMap(next, size, at)
  return { ...next, x: next.x + fixed[0] - now[0], y: next.y + fixed[1] - now[1] }
}

/** Two fingers moved from `a0`, `b0` to `a1`, `b1`: the plan goes with them. */
export function pinched(view: View, size: Size, a0: Point, b0: Point, a1: Point, b1: Point): View {
  const before = [b0[0] - a0[0], b0[1] - a0[1]] as const
  const after = [b1[0] - a1[0], b1[1] - a1[1]] as const
  const factor = Math.hypot(...after) / Math.max(1, Math.hypot(...before))
  const turn = Math.atan2(before[1], before[0]) - Math.atan2(after[1], after[0])
  const middle = (p: Point, q: Point): Point => [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2]
  const moved = panned(view, size, middle(a0, b0), middle(a1, b1))
  // Screen y grows downwards: fingers that turn clockwise there turn the plan clockwise.
  return zoomed(moved, size, middle(a1, b1), factor, turn)
}

/** The view that shows `points` at `angle`, as large as the part of the picture that no panel covers allows. */
export function fitted(points: readonly Point[], size: Size, insets: Insets, angle: number, mostScale = 22): View {
  const turnedPoints = points.map(([x, y]) => turned(x, y, angle))
  const [x0, x1] = extent(turnedPoints.map((p) => p[0]))
  const [y0, y1] = extent(turnedPoints.map((p) => p[1]))
  const width = Math.max(60, size.width - insets.left - insets.right)
  const height = Math.max(60, size.height - insets.top - insets.bottom)
  const wanted = Math.min(width / Math.max(1, x1 - x0), height / Math.max(1, y1 - y0))
  const scale = Math.min(mostScale, Math.max(LEAST_SCALE, wanted))
  const offX = (insets.left - insets.right) / 2 / scale
  const offY = (insets.top - insets.bottom) / 2 / scale
  const [x, y] = turned((x0 + x1) / 2 - offX, (y0 + y1) / 2 + offY, -angle)
  return { x, y, scale, angle: normalAngle(angle) }
}

/** Between two views, `t` 0..1; turns the short way round and zooms evenly. */
export function between(a: View, b: View, t: number): View {
  return {
    x: a.x + (b.x - a.x) * t,
    y: a.y + (b.y - a.y) * t,
    scale: a.scale * (b.scale / a.scale) ** t,
    angle: normalAngle(a.angle + normalAngle(b.angle - a.angle) * t),
  }
}

/** The angle that makes a direction of the plan (rad, counter-clockwise from +x) point up. */
export function headingUp(heading: number): number {
  return normalAngle(Math.PI / 2 - heading)
}

/** The same angle within -pi..pi. */
function normalAngle(angle: number): number {
  return Math.atan2(Math.sin(angle), Math.cos(angle))
}

function turned(x: number, y: number, angle: number): [number, number] {
  const [c, s] = [Math.cos(angle), Math.sin(angle)]
  return [x * c - y * s, x * s + y * c]
}

function extent(values: readonly number[]): [number, number] {
  return values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)]
}

/**
 * Where the middle of the lower edge of a tag of a size goes, so that a tag on a point is read whole between the insets;
 * on the point itself where that is out of sight.
 */
export function keptInside([x, y]: Point, tag: Size, size: Size, insets: Insets): Point {
  if (x < 0 || y < 0 || x > size.width || y > size.height) return [x, y]
  const [least, most] = [insets.left + tag.width / 2, size.width - insets.right - tag.width / 2]
  return [least > most ? (least + most) / 2 : Math.min(most, Math.max(least, x)), Math.max(y, insets.top + tag.height)]
}
