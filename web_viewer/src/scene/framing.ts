import type { Box, CameraPose, Point3, Storey, ViewPreset } from './types'

/** Pure camera geometry, all in the local frame: metres, Z up. */

export interface Lens {
  /** Vertical field of view, degrees. */
  readonly fovDeg: number
  /** Width divided by height of the picture. */
  readonly aspect: number
}

const HOME_AZIMUTH_DEG = -62
const HOME_ALTITUDE_DEG = 27
/** Nearly along an axis, so that a plan, which is mostly a rectangle, fills the picture. */
const STOREY_AZIMUTH_DEG = -80
const STOREY_ALTITUDE_DEG = 52
/** From this radius on an element is a room or the like: seen steeply, and filling the picture. */
const ROOM_RADIUS_M = 3
const ROOM_ALTITUDE_DEG = 50
const ELEMENT_ALTITUDE_DEG = 32
const SMALLEST_RADIUS_M = 0.4
const MARGIN = 1.07
const CENTRING_STEPS = 3

/** The box's middle. */
function boxCentre(box: Box): Point3 {
  return [0, 1, 2].map((i) => (box.min[i]! + box.max[i]!) / 2) as unknown as Point3
}

/** Half of the box's diagonal, m. */
export function boxRadius(box: Box): number {
  return Math.hypot(box.max[0] - box.min[0], box.max[1] - box.min[1], box.max[2] - box.min[2]) / 2
}

/** Whether all six numbers are finite and min does not exceed max. */
export function isBox(box: Box): boolean {
  return [0, 1, 2].every((i) => Number.isFinite(box.min[i]) && box.max[i]! >= box.min[i]!)
}

/** The corners of a box, eight points. */
export function boxCorners(box: Box): Point3[] {
  const { min, max } = box
  return [0, 1, 2, 3, 4, 5, 6, 7].map((k) => [
    k & 1 ? max[0] : min[0],
    k & 2 ? max[1] : min[1],
    k & 4 ? max[2] : min[2],
  ])
}

/** Unit vector from the target to a viewer at this azimuth (0 = +X, counter-clockwise) and altitude, degrees. */
export function viewDirection(azimuthDeg: number, altitudeDeg: number): Point3 {
  const azimuth = (azimuthDeg * Math.PI) / 180
  const altitude = (altitudeDeg * Math.PI) / 180
  const c = Math.cos(altitude)
  return [Math.cos(azimuth) * c, Math.sin(azimuth) * c, Math.sin(altitude)]
}

/**
 * Where to stand so that a box just fills the picture, looking against `direction` (unit, target to viewer): each
 * corner is inside the frustum, and the corners' extent on the picture is centred.
 */
export function frameBox(box: Box, direction: Point3, lens: Lens): CameraPose {
  return framePoints(boxCorners(box), boxCentre(box), direction, lens)
}

/** As `frameBox`, for any points around `centre`. */
function framePoints(points: readonly Point3[], centre: Point3, direction: Point3, lens: Lens): CameraPose {
  let target = centre
  let distance = nearestDistance(points, target, direction, lens)
  for (let i = 0; i < CENTRING_STEPS; i++) {
    target = centred(points, target, direction, distance)
    distance = nearestDistance(points, target, direction, lens)
  }
  return { position: addScaled(target, direction, distance * MARGIN), target }
}

/** The least distance from `target` at which each point is inside the frustum, m. */
function nearestDistance(points: readonly Point3[], target: Point3, direction: Point3, lens: Lens): number {
  const [right, up] = pictureAxes(direction)
  const tanV = Math.tan((lens.fovDeg * Math.PI) / 360)
  const tanH = tanV * lens.aspect
  let distance = SMALLEST_RADIUS_M / Math.min(tanV, tanH)
  for (const point of points) {
    const v = subtract(point, target)
    const needed = Math.max(Math.abs(dot(v, right)) / tanH, Math.abs(dot(v, up)) / tanV)
    distance = Math.max(distance, needed + dot(v, direction))
  }
  return distance
}

/** `target` moved in the picture's plane so that the points, seen from `distance`, lie evenly about it. */
function centred(points: readonly Point3[], target: Point3, direction: Point3, distance: number): Point3 {
  const [right, up] = pictureAxes(direction)
  const seen = points.map((point) => {
    const v = subtract(point, target)
    const away = Math.max(distance - dot(v, direction), 1e-3)
    return [dot(v, right) / away, dot(v, up) / away] as const
  })
  const middle = (axis: 0 | 1): number =>
    ((Math.min(...seen.map((p) => p[axis])) + Math.max(...seen.map((p) => p[axis]))) / 2) * distance
  return addScaled(addScaled(target, right, middle(0)), up, middle(1))
}

/**
 * The pose of a preset: `home` is a three-quarter view from the south, the others look at a side or the plan.
 * @param boxes what is to be in the picture, at least one; what lies below `groundM` is left out.
 */
export function presetPose(preset: ViewPreset, boxes: readonly Box[], groundM: number, lens: Lens): CameraPose {
  const seen = boxes.filter((box) => box.max[2] > groundM)
  const above = (seen.length > 0 ? seen : boxes).map(({ min, max }): Box => ({ min: [min[0], min[1], Math.max(min[2], groundM)], max }))
  return framePoints(above.flatMap(boxCorners), boxCentre(unionBox(above)!), presetDirection(preset), lens)
}

/**
 * A storey seen obliquely from above. @param parts boxes of its pieces, at least one; what of them lies above the cut
 * that opens the storey, or below its floor, is left out of the frame.
 */
export function storeyPose(storey: Storey, parts: readonly Box[], lens: Lens): CameraPose {
  const [floor, cut] = [storey.elevationM, storeyCut(storey)]
  const level = (z: number): number => Math.min(Math.max(z, floor), cut)
  const framed = parts.map(({ min, max }): Box => ({ min: [min[0], min[1], level(min[2])], max: [max[0], max[1], level(max[2])] }))
  const direction = viewDirection(STOREY_AZIMUTH_DEG, STOREY_ALTITUDE_DEG)
  return framePoints(framed.flatMap(boxCorners), boxCentre(unionBox(framed)!), direction, lens)
}

/** The storey's slice of the building's box, for want of anything closer. */
export function storeyBox(storey: Storey, bounds: Box): Box {
  return {
    min: [bounds.min[0], bounds.min[1], storey.elevationM],
    max: [bounds.max[0], bounds.max[1], storey.elevationM + storey.heightM],
  }
}

/** Height at which a storey is opened from above: over a person's head, lower than its ceiling, m in the local frame. */
export function storeyCut(storey: Storey): number {
  return storey.elevationM + Math.max(Math.min(2.2, storey.heightM * 0.9), storey.heightM * 0.6)
}

/** An element seen from the side the camera is on now, from somewhat above, with room around it. */
export function elementPose(box: Box, from: CameraPose, lens: Lens): CameraPose {
  const centre = boxCentre(box)
  const away = subtract(from.position, centre)
  const azimuthDeg = (Math.atan2(away[1], away[0]) * 180) / Math.PI
  const isRoom = boxRadius(box) >= ROOM_RADIUS_M
  const room = isRoom ? boxRadius(box) * 0.12 : Math.max(2, boxRadius(box) * 0.9)
  const roomy: Box = {
    min: [box.min[0] - room, box.min[1] - room, box.min[2] - room * 0.3],
    max: [box.max[0] + room, box.max[1] + room, box.max[2] + room * 0.3],
  }
  return frameBox(roomy, viewDirection(azimuthDeg, isRoom ? ROOM_ALTITUDE_DEG : ELEMENT_ALTITUDE_DEG), lens)
}

/**
 * Where the ground lies, m: at the model's own zero where a storey lies below it (a basement), else at its lowest
 * storey, foundations being below; at the model's lowest point where it has no storey in its height.
 */
export function groundHeight(bounds: Box, storeys: readonly Storey[]): number {
  const lowest = Math.min(...storeys.map((storey) => storey.elevationM))
  const ground = bounds.max[2] > 1 && lowest < -1 ? 0 : lowest
  return ground < bounds.max[2] ? Math.max(ground, bounds.min[2]) : bounds.min[2]
}

/** The union of boxes; null of none. */
export function unionBox(boxes: Iterable<Box>): Box | null {
  let union: Box | null = null
  for (const box of boxes) {
    union = union === null ? box : { min: pointwise(Math.min, union.min, box.min), max: pointwise(Math.max, union.max, box.max) }
  }
  return union
}

function presetDirection(preset: ViewPreset): Point3 {
  switch (preset) {
    case 'home':
      return viewDirection(HOME_AZIMUTH_DEG, HOME_ALTITUDE_DEG)
    case 'top':
      return viewDirection(-90, 89)
    case 'north':
      return viewDirection(90, 8)
    case 'south':
      return viewDirection(-90, 8)
    case 'east':
      return viewDirection(0, 8)
    case 'west':
      return viewDirection(180, 8)
  }
}

function pictureAxes(direction: Point3): [Point3, Point3] {
  const length = Math.hypot(direction[0], direction[1]) || 1
  const right: Point3 = [-direction[1] / length, direction[0] / length, 0]
  const up: Point3 = [
    direction[1] * right[2] - direction[2] * right[1],
    direction[2] * right[0] - direction[0] * right[2],
    direction[0] * right[1] - direction[1] * right[0],
  ]
  return [right, up]
}

function subtract(a: Point3, b: Point3): Point3 {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

function addScaled(a: Point3, b: Point3, scale: number): Point3 {
  return [a[0] + b[0] * scale, a[1] + b[1] * scale, a[2] + b[2] * scale]
}

function dot(a: Point3, b: Point3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

function pointwise(f: (a: number, b: number) => number, a: Point3, b: Point3): Point3 {
  return [f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2])]
}
