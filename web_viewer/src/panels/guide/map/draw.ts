import { GUIDE_ICONS, iconOfKind, type GuideIconName } from '../icons'
import type { Label } from '../logic/labels'
import type { Piece } from '../logic/path'
import type { PlanShapes } from '../logic/plan'
import type { RoomGroup } from '../logic/rooms'
import { matrixOf, toScreen, type Size, type View } from '../logic/view'
import type { Point, Ring } from '../types'

import { badgeColour, type Palette } from './palette'

/** A storey's shapes as paths in metres, made once. */
export interface PlanPaths {
  readonly rooms: ReadonlyMap<RoomGroup, Path2D>
  readonly roomOf: ReadonlyMap<string, Path2D>
  readonly areas: Readonly<Record<string, Path2D>>
  readonly lines: Readonly<Record<string, Path2D>>
}

const FURNITURE_FROM_SCALE = 7
const DOORS_FROM_SCALE = 4
const STAIRS_FROM_SCALE = 5
const FONT = "'Noto Sans SC','Noto Sans CJK SC','PingFang SC','Microsoft YaHei',system-ui,sans-serif"
const icons = new Map<GuideIconName, Path2D>()

export function fontOf(px: number, weight = 500): string {
  return `${String(weight)} ${String(px)}px ${FONT}`
}

export function pathsOf(shapes: PlanShapes): PlanPaths {
  const rooms = new Map<RoomGroup, Path2D>()
  const roomOf = new Map<string, Path2D>()
  for (const room of shapes.rooms) {
    const path = polygons([room.rings])
    roomOf.set(room.guid, path)
    const group = rooms.get(room.group) ?? new Path2D()
    group.addPath(path)
    rooms.set(room.group, group)
  }
  return { rooms, roomOf, areas: mapped(shapes.areas, polygons), lines: mapped(shapes.lines, polylines) }
}

/** Draws everything that stays while the visitor walks: rooms, walls, doors. */
export function drawPlan(context: CanvasRenderingContext2D, paths: PlanPaths, view: View, size: Size, ratio: number, palette: Palette, picked: string | null): void {
  begin(context, size, ratio, palette)
  toMetres(context, view, size, ratio)
  const px = 1 / view.scale
  for (const [group, path] of paths.rooms) fill(context, path, palette.rooms[group])
  for (const path of paths.rooms.values()) stroke(context, path, palette.line, 0.5 * px)
  if (picked !== null) pick(context, paths.roomOf.get(picked), palette, px)
  if (view.scale >= FURNITURE_FROM_SCALE) {
    stroke(context, paths.areas.furniture, palette.furniture, 0.8 * px)
    stroke(context, paths.lines.furniture, palette.furniture, 0.8 * px)
  }
  for (const kind of ['stair', 'ramp']) {
    fill(context, paths.areas[kind], palette.rooms.vertical)
    // Treads that lie closer than the eye can part would be a stain.
    if (view.scale >= STAIRS_FROM_SCALE) stroke(context, paths.areas[kind], palette.line, 0.9 * px)
  }
  fill(context, paths.areas.lift, palette.rooms.vertical)
  stroke(context, paths.areas.lift, palette.wall, 1.2 * px)
  fill(context, paths.areas.wall, palette.wall)
  fill(context, paths.areas.column, palette.wall)
  fill(context, paths.areas.window, palette.glass)
  if (view.scale >= DOORS_FROM_SCALE) stroke(context, paths.lines.door, palette.line, px)
}

/** Draws names and badges; upright whatever way the plan is turned. */
export function drawLabels(context: CanvasRenderingContext2D, labels: readonly Label[], ratio: number, palette: Palette): void {
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.lineJoin = 'round'
  for (const label of labels) {
    const height = label.lines.length * label.fontPx * 1.25
    const shift = label.poi && label.lines.length > 0 ? 12 : 0
    if (label.poi) badge(context, label.x, label.y - (shift > 0 ? height / 2 : 0), label.poi.kind, palette, label.lines.length > 0 ? 10 : 12)
    context.font = fontOf(label.fontPx)
    label.lines.forEach((line, i) => {
      const y = label.y + shift + (i - (label.lines.length - 1) / 2) * label.fontPx * 1.25
      haloed(context, line, label.x, y, palette.text, palette.halo)
    })
  }
}

/** Draws the way on the shown storey; `phase` 0..1 moves its dashes, `now` is the stretch being walked. */
export function drawRoute(context: CanvasRenderingContext2D, pieces: readonly Piece[], now: readonly Piece[], view: View, size: Size, ratio: number, palette: Palette, phase: number): void {
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, size.width, size.height)
  toMetres(context, view, size, ratio)
  context.lineCap = 'round'
  context.lineJoin = 'round'
  const px = 1 / view.scale
  const [all, lit] = [polylines(pieces.map((piece) => piece.points)), polylines(now.map((piece) => piece.points))]
  const guided = now.length > 0
  stroke(context, all, palette.routeCase, 11 * px)
  stroke(context, all, guided ? palette.routeRest : palette.route, 7 * px)
  stroke(context, lit, palette.routeCase, 12 * px)
  stroke(context, lit, palette.route, 8 * px)
  context.setLineDash([1.5 * px, 13 * px])
  context.lineDashOffset = -phase * 14.5 * px
  stroke(context, guided ? lit : all, palette.routeCase, 3.2 * px)
  context.setLineDash([])
}

/** The dot of where one is, with the way it looks where that is known. */
export function drawHere(context: CanvasRenderingContext2D, at: Point, heading: number | null, view: View, size: Size, ratio: number, palette: Palette): void {
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  const [x, y] = toScreen(view, size, at)
  disc(context, x, y, 20, `${palette.start}33`)
  if (heading !== null) arrowHead(context, x, y, heading + view.angle, palette.start)
  disc(context, x, y, 10, palette.routeCase)
  disc(context, x, y, 7, palette.start)
}

/** The pin of where the way ends. */
export function drawGoal(context: CanvasRenderingContext2D, at: Point, view: View, size: Size, ratio: number, palette: Palette): void {
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  const [x, y] = toScreen(view, size, at)
  disc(context, x, y, 4, `${palette.goal}66`)
  context.beginPath()
  context.moveTo(x, y)
  context.bezierCurveTo(x - 4, y - 10, x - 13, y - 15, x - 13, y - 25)
  context.arc(x, y - 25, 13, Math.PI, 0)
  context.bezierCurveTo(x + 13, y - 15, x + 4, y - 10, x, y)
  context.fillStyle = palette.goal
  context.strokeStyle = palette.routeCase
  context.lineWidth = 2
  context.fill()
  context.stroke()
  disc(context, x, y - 25, 5, palette.routeCase)
}

function begin(context: CanvasRenderingContext2D, size: Size, ratio: number, palette: Palette): void {
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.fillStyle = palette.page
  context.fillRect(0, 0, size.width, size.height)
}

function toMetres(context: CanvasRenderingContext2D, view: View, size: Size, ratio: number): void {
  const [a, b, c, d, e, f] = matrixOf(view, size)
  context.setTransform(a * ratio, b * ratio, c * ratio, d * ratio, e * ratio, f * ratio)
}

function pick(context: CanvasRenderingContext2D, path: Path2D | undefined, palette: Palette, px: number): void {
  fill(context, path, `${palette.picked}2e`)
  stroke(context, path, palette.picked, 3 * px)
}

function badge(context: CanvasRenderingContext2D, x: number, y: number, kind: string, palette: Palette, radius: number): void {
  disc(context, x, y, radius + 1.5, palette.halo)
  disc(context, x, y, radius, badgeColour(kind, palette))
  const scale = (radius * 1.34) / 24
  context.save()
  context.translate(x - 12 * scale, y - 12 * scale)
  context.scale(scale, scale)
  context.lineCap = 'round'
  stroke(context, iconPath(iconOfKind(kind)), '#ffffff', 2.1)
  context.restore()
}

function iconPath(name: GuideIconName): Path2D {
  const known = icons.get(name) ?? new Path2D(GUIDE_ICONS[name])
  icons.set(name, known)
  return known
}

function haloed(context: CanvasRenderingContext2D, text: string, x: number, y: number, colour: string, halo: string): void {
  context.strokeStyle = halo
  context.lineWidth = 3
  context.strokeText(text, x, y)
  context.fillStyle = colour
  context.fillText(text, x, y)
}

function disc(context: CanvasRenderingContext2D, x: number, y: number, radius: number, colour: string): void {
  context.beginPath()
  context.arc(x, y, radius, 0, Math.PI * 2)
  context.fillStyle = colour
  context.fill()
}

function arrowHead(context: CanvasRenderingContext2D, x: number, y: number, angle: number, colour: string): void {
  const at = (turn: number, length: number): Point => [x + Math.cos(angle + turn) * length, y - Math.sin(angle + turn) * length]
  const corners = [at(0, 24), at(0.62, 12), at(-0.62, 12)]
  context.beginPath()
  corners.forEach(([cx, cy], i) => {
    if (i === 0) context.moveTo(cx, cy)
    else context.lineTo(cx, cy)
  })
  context.closePath()
  context.fillStyle = colour
  context.fill()
}

function fill(context: CanvasRenderingContext2D, path: Path2D | undefined, colour: string): void {
  if (!path) return
  context.fillStyle = colour
  context.fill(path, 'evenodd')
}

function stroke(context: CanvasRenderingContext2D, path: Path2D | undefined, colour: string, width: number): void {
  if (!path) return
  context.strokeStyle = colour
  context.lineWidth = width
  context.stroke(path)
}

function polygons(parts: readonly (readonly Ring[])[]): Path2D {
  const path = new Path2D()
  for (const ring of parts.flat()) {
    ring.forEach(([x, y], i) => {
      if (i === 0) path.moveTo(x, y)
      else path.lineTo(x, y)
    })
    path.closePath()
  }
  return path
}

function polylines(lines: readonly (readonly Point[])[]): Path2D {
  const path = new Path2D()
  for (const line of lines) {
    line.forEach(([x, y], i) => {
      if (i === 0) path.moveTo(x, y)
      else path.lineTo(x, y)
    })
  }
  return path
}

function mapped<T>(groups: Readonly<Record<string, T>>, make: (parts: T) => Path2D): Record<string, Path2D> {
  return Object.fromEntries(Object.entries(groups).map(([kind, parts]) => [kind, make(parts)]))
}
