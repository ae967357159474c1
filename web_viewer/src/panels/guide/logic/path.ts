import type { Point, Route, RouteLeg } from '../types'

/** A stretch of the way on one storey; `from`, `to` are m along the way. A stair is a piece of both its storeys. */
export interface Piece {
  readonly storey: string | null
  readonly kind: RouteLeg['kind']
  readonly points: readonly Point[]
  readonly from: number
  readonly to: number
}

/** Where the way leaves a storey, and where it comes out. */
export interface Change {
  readonly kind: RouteLeg['kind']
  readonly fromStorey: string | null
  readonly toStorey: string | null
  readonly leaves: Point
  readonly lands: Point
  readonly up: boolean
}

/** A route as the map draws it; `steps` is how far along the way, m, each instruction is given. */
export interface Path {
  readonly pieces: readonly Piece[]
  readonly changes: readonly Change[]
  readonly steps: readonly number[]
  readonly length: number
}

/** What the map shows at an instruction. */
export interface Focus {
  readonly storey: string | null
  readonly points: readonly Point[]
  /** Direction of the way from here, rad counter-clockwise from +x; null where it goes nowhere. */
  readonly heading: number | null
}

type Point3 = readonly [number, number, number]
const HEADING_BY_M = 6
const BEFORE_CHANGE_M = 8

/** Lays a route out along its length, storey by storey. */
export function pathOf(route: Route): Path {
  const starts: number[] = []
  let along = 0
  for (const leg of route.legs) {
    starts.push(along)
    along += lengthOf(leg.polyline)
  }
  return {
    pieces: route.legs.flatMap((leg, i) => piecesOf(leg, starts[i])),
    changes: route.legs.filter(changesStorey).map(changeOf),
    steps: stepsAlong(route, starts),
    length: along,
  }
}

/** The parts of a way between two distances along it, m, on one storey. */
export function sliced(path: Path, storey: string | null, from: number, to: number): Piece[] {
  return path.pieces
    .filter((piece) => piece.storey === storey && piece.to >= from && piece.from <= to)
    .map((piece) => ({ ...piece, points: cutPiece(piece, from, to) }))
    .filter((piece) => piece.points.length > 1)
}

/** The storey at which an instruction is read, and the one where it has been carried out. */
export function storeysOfStep(route: Route, step: number): { readonly before: string | null; readonly after: string | null } {
  const at = (i: number): RouteLeg | undefined => route.legs[route.steps[i]?.leg ?? -1]
  const leg = at(step)
  if (leg === undefined || leg.kind === 'walk') return { before: leg?.storey ?? null, after: leg?.storey ?? null }
  return { before: leg.storey, after: at(step + 1)?.storey ?? leg.to_storey }
}

/** What to show while an instruction is carried out; `arrived`: on the other storey already. */
export function focusOf(route: Route, path: Path, step: number, arrived: boolean): Focus {
  const { before, after } = storeysOfStep(route, step)
  const storey = arrived ? after : before
  const here = path.steps[step] ?? 0
  const next = path.steps[step + 1] ?? path.length
  const waits = before !== after && !arrived
  const [from, to] = waits || step === path.steps.length - 1 ? [here - BEFORE_CHANGE_M, here] : [here, next]
  const points = sliced(path, storey, from, to).flatMap((piece) => piece.points)
  const at = route.steps[step]?.position
  const shown: readonly Point[] = points.length > 0 ? points : at ? [[at[0], at[1]]] : []
  return { storey, points: shown, heading: headingOf(points) }
}

/** Two routes with the same signature go the same way. */
export function signatureOf(route: Route): string {
  return route.legs.map((leg) => `${leg.kind} ${leg.polyline.map((p) => p.map((v) => v.toFixed(1)).join()).join(' ')}`).join('|')
}

/** Whether `next`, asked from the middle of `old`, goes through the doors that remained. */
export function continues(old: Route, next: Route): boolean {
  const doors = (route: Route): string[] => route.portals.map((portal) => portal.guid ?? portal.position.join())
  const [before, after] = [doors(old), doors(next)]
  return after.length <= before.length && after.every((door, i) => door === before[before.length - after.length + i])
}

function piecesOf(leg: RouteLeg, start: number): Piece[] {
  const points = leg.polyline.map(([x, y]): Point => [x, y])
  const piece = { kind: leg.kind, points, from: start, to: start + lengthOf(leg.polyline) }
  const storeys = new Set([leg.storey, leg.to_storey ?? leg.storey])
  return [...storeys].map((storey) => ({ ...piece, storey }))
}

function changesStorey(leg: RouteLeg): boolean {
  return leg.kind !== 'walk' && leg.to_storey !== null && leg.to_storey !== leg.storey
}

function changeOf(leg: RouteLeg): Change {
  const [first, last] = [leg.polyline[0], leg.polyline[leg.polyline.length - 1]]
  return {
    kind: leg.kind,
    fromStorey: leg.storey,
    toStorey: leg.to_storey,
    leaves: [first[0], first[1]],
    lands: [last[0], last[1]],
    up: last[2] > first[2],
  }
}

function stepsAlong(route: Route, starts: readonly number[]): number[] {
  let last = 0
  return route.steps.map((step, i) => {
    const leg = route.legs.at(step.leg)
    if (leg === undefined) return last
    // The last instruction is given at the end, though the way may pass that spot before.
    const on = i === route.steps.length - 1 ? lengthOf(leg.polyline) : nearestAlong(leg.polyline, step.position, last - starts[step.leg])
    last = Math.max(last, starts[step.leg] + on)
    return last
  })
}

/** How far along a line, not before `least`, it comes nearest to a point, m. */
function nearestAlong(line: readonly Point3[], point: Point3, least: number): number {
  let [best, nearest, along] = [Math.max(0, least), Infinity, 0]
  for (let i = 0; i + 1 < line.length; i++) {
    const length = distance(line[i], line[i + 1])
    const t = Math.min(length, Math.max(0, length === 0 ? 0 : projected(line[i], line[i + 1], point)))
    const away = distance(mixed(line[i], line[i + 1], length === 0 ? 0 : t / length), point)
    if (along + t >= least - 1e-6 && away < nearest - 1e-6) [best, nearest] = [along + t, away]
    along += length
  }
  return best
}

/** Distances along the way count the climb of a stair, its line on the plan does not. */
function cutPiece(piece: Piece, from: number, to: number): Point[] {
  const flat = lengthOf(piece.points.map(([x, y]): Point3 => [x, y, 0])) / Math.max(1e-9, piece.to - piece.from)
  return cut(piece.points, (from - piece.from) * flat, (to - piece.from) * flat)
}

function cut(points: readonly Point[], from: number, to: number): Point[] {
  const kept: Point[] = []
  let along = 0
  for (let i = 0; i + 1 < points.length; i++) {
    const [a, b] = [points[i], points[i + 1]]
    const length = Math.hypot(b[0] - a[0], b[1] - a[1])
    const [t0, t1] = [Math.max(0, from - along), Math.min(length, to - along)]
    if (length > 0 && t0 <= t1) {
      if (kept.length === 0) kept.push(at(a, b, t0 / length))
      kept.push(at(a, b, t1 / length))
    }
    along += length
  }
  return kept
}

function headingOf(points: readonly Point[]): number | null {
  const ahead = cut(points, 0, HEADING_BY_M)
  if (ahead.length < 2) return null
  const [a, b] = [ahead[0], ahead[ahead.length - 1]]
  return Math.hypot(b[0] - a[0], b[1] - a[1]) < 0.1 ? null : Math.atan2(b[1] - a[1], b[0] - a[0])
}

function at(a: Point, b: Point, t: number): Point {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]
}

function mixed(a: Point3, b: Point3, t: number): Point3 {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t]
}

function lengthOf(line: readonly Point3[]): number {
  return line.reduce((sum, point, i) => (i === 0 ? 0 : sum + distance(line[i - 1], point)), 0)
}

function distance(a: Point3, b: Point3): number {
  return Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2])
}

/** How far along a stretch the foot of a point lies, m; beyond its ends too. */
function projected(a: Point3, b: Point3, p: Point3): number {
  return ((p[0] - a[0]) * (b[0] - a[0]) + (p[1] - a[1]) * (b[1] - a[1]) + (p[2] - a[2]) * (b[2] - a[2])) / Math.max(1e-9, distance(a, b))
}
