import type { Names } from '@/net/types'

import type { GuidePlace, Plan, PlanFeature, Point, Ring } from '../types'

import { contains, labelPoint, roomGroup, type RoomGroup } from './rooms'

export interface Room {
  readonly guid: string
  readonly rings: readonly Ring[]
  readonly label: Point
  readonly group: RoomGroup
  readonly names: Names
}

/** A storey ready to be drawn: rooms, and by kind the areas and lines of everything else. */
export interface PlanShapes {
  readonly storey: string
  readonly rooms: readonly Room[]
  readonly areas: Readonly<Record<string, readonly (readonly Ring[])[]>>
  readonly lines: Readonly<Record<string, readonly (readonly Point[])[]>>
  /** Corners of all rooms' boxes; of everything where there are no rooms. */
  readonly corners: readonly Point[]
}

/** A plan as shapes; the rooms' names and functions come from `places`. */
export function shapesOf(plan: Plan, places: readonly GuidePlace[]): PlanShapes {
  const known = new Map(places.filter((place) => place.kind === 'space').map((place) => [place.id, place]))
  const rooms = plan.features
    .filter((feature) => feature.properties.kind === 'space')
    .flatMap((feature) => roomsOf(feature, known.get(feature.properties.guid)))
    // Large first, so that a room within a room lies on top.
    .sort((a, b) => ringArea(b.rings[0]) - ringArea(a.rings[0]))
  const rest = plan.features.filter((feature) => feature.properties.kind !== 'space')
  const areas = grouped(rest, polygonsOf)
  const lines = grouped(rest, linesOf)
  const points = rooms.length > 0 ? rooms.flatMap((room) => room.rings[0]) : Object.values(areas).flat(2).flat()
  return { storey: plan.storey, rooms, areas, lines, corners: cornersOf(points) }
}

/** The room at a point, the innermost where rooms lie in rooms. */
export function roomAt(shapes: PlanShapes, point: Point): Room | null {
  return [...shapes.rooms].reverse().find((room) => contains(room.rings, point)) ?? null
}

/** Area within a ring, m2. */
export function ringArea(ring: Ring): number {
  let twice = 0
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) twice += ring[j][0] * ring[i][1] - ring[i][0] * ring[j][1]
  return Math.abs(twice) / 2
}

function roomsOf(feature: PlanFeature, place: GuidePlace | undefined): Room[] {
  const { guid, name } = feature.properties
  const polygons = polygonsOf(feature).filter((rings) => (rings[0]?.length ?? 0) > 2)
  return polygons.map((rings) => ({
    guid,
    rings,
    label: labelPoint(rings),
    group: roomGroup(place?.fn ?? ''),
    names: place?.names ?? { zh: name, en: name },
  }))
}

function polygonsOf({ geometry }: PlanFeature): (readonly Ring[])[] {
  if (geometry.type === 'Polygon') return [geometry.coordinates as Ring[]]
  return geometry.type === 'MultiPolygon' ? (geometry.coordinates as Ring[][]) : []
}

function linesOf({ geometry }: PlanFeature): (readonly Point[])[] {
  if (geometry.type === 'LineString') return [geometry.coordinates as Point[]]
  return geometry.type === 'MultiLineString' ? (geometry.coordinates as Point[][]) : []
}

function grouped<T>(features: readonly PlanFeature[], partsOf: (feature: PlanFeature) => T[]): Record<string, T[]> {
  const found: Record<string, T[]> = {}
  for (const feature of features) (found[feature.properties.kind] ??= []).push(...partsOf(feature))
  return found
}

function cornersOf(points: readonly Point[]): Point[] {
  if (points.length === 0) return []
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const [x, y] of points) [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)]
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
}
