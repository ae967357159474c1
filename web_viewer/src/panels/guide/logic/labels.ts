import { pickName, type Locale } from '@/logic/format'

import type { GuidePlace, Point } from '../types'

import type { PlanShapes, Room } from './plan'
import { widthAt } from './rooms'
import { toScreen, type Size, type View } from './view'
import { brokenToFit } from './words'

/** A name or an icon at a place on screen, CSS px. */
export interface Label {
  readonly x: number
  readonly y: number
  readonly lines: readonly string[]
  readonly fontPx: number
  /** The place whose icon stands above the name, or alone; null for a name alone. */
  readonly poi: GuidePlace | null
}

type Measure = (text: string, fontPx: number) => number

const BADGE_PX = 26
const ROUTE_PX = 7
const ROUTE_EVERY_PX = 10
const FONTS_PX = [15, 13, 11.5]
const AIR_PX = 6
/** Kinds that stand for themselves: an icon says more than the name. */
const ICON_ONLY = new Set(['toilet', 'toilet_accessible', 'lift', 'stair', 'exit', 'entrance', 'water', 'changing', 'parking', 'charging'])
const FIRST = ['service', 'entrance', 'exit', 'lift', 'toilet_accessible', 'toilet', 'stair']

interface Wish {
  readonly at: Point
  readonly room: Room | null
  readonly poi: GuidePlace | null
  readonly weight: number
}

/** Names and icons that fit their rooms and lie neither on one another nor on the `way`; the more important first. */
export function placedLabels(
  shapes: PlanShapes, pois: readonly GuidePlace[], way: readonly (readonly Point[])[], view: View, size: Size, locale: Locale, measure: Measure,
): Label[] {
  const taken: Box[] = way.flatMap((line) => boxesAlong(line.map((point) => toScreen(view, size, point))))
  const labels: Label[] = []
  for (const wish of wishesOf(shapes, pois)) {
    const [x, y] = toScreen(view, size, wish.at)
    if (x < -80 || y < -40 || x > size.width + 80 || y > size.height + 40) continue
    const label = labelOf(wish, x, y, view, locale, measure)
    const box = label && boxOf(label, measure, BADGE_PX)
    if (!label || !box || taken.some((other) => overlaps(other, box))) continue
    taken.push(box)
    labels.push(label)
  }
  return labels
}

/** The label whose icon or name is at a place on screen; null where there is none. */
export function labelAt(labels: readonly Label[], [x, y]: Point, reach = 22): Label | null {
  const hit = labels.filter((label) => label.poi !== null && Math.hypot(label.x - x, label.y - y) <= reach)
  return hit.sort((a, b) => Math.hypot(a.x - x, a.y - y) - Math.hypot(b.x - x, b.y - y)).at(0) ?? null
}

function wishesOf(shapes: PlanShapes, pois: readonly GuidePlace[]): Wish[] {
  const byRoom = new Map<string, GuidePlace>()
  for (const poi of pois) {
    const room = shapes.rooms.find((each) => each.guid === poi.spaceGuid)
    if (room && (room.names.zh === poi.names.zh || ICON_ONLY.has(poi.kind)) && !byRoom.has(room.guid)) byRoom.set(room.guid, poi)
  }
  const own = new Set(byRoom.values())
  const rooms = shapes.rooms.map((room, i): Wish => {
    const poi = byRoom.get(room.guid) ?? null
    return { at: room.label, room, poi, weight: weightOf(poi?.kind ?? '') + (shapes.rooms.length - i) / 1000 }
  })
  const spots = pois
    .filter((poi) => !own.has(poi) && poi.position !== null)
    .map((poi): Wish => ({ at: [poi.position![0], poi.position![1]], room: null, poi, weight: weightOf(poi.kind) }))
  return [...rooms, ...spots].sort((a, b) => b.weight - a.weight)
}

function weightOf(kind: string): number {
  if (kind === '') return 0
  const at = FIRST.indexOf(kind)
  return at < 0 ? 2 : 3 + FIRST.length - at
}

function labelOf({ room, poi, at }: Wish, x: number, y: number, view: View, locale: Locale, measure: Measure): Label | null {
  const alone: Label | null = poi && { x, y, lines: [], fontPx: 0, poi }
  if (room === null || (poi !== null && ICON_ONLY.has(poi.kind))) return alone
  // What lies behind the scenes goes unnamed until one looks closely.
  if (room.group === 'technical' && view.scale < 14) return alone
  const across = widthAt(room.rings, at, -view.angle) * view.scale - AIR_PX
  const down = widthAt(room.rings, at, Math.PI / 2 - view.angle) * view.scale - AIR_PX
  const name = pickName(room.names, locale)
  const tall = poi ? BADGE_PX : 0
  for (const fontPx of FONTS_PX) {
    const lines = brokenToFit(name, across, (text) => measure(text, fontPx))
    if (lines && lines.length * fontPx * 1.2 + tall <= down + AIR_PX) return { x, y, lines, fontPx, poi }
  }
  return alone
}

interface Box {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
}

function boxOf(label: Label, measure: Measure, badge: number): Box {
  const text = Math.max(0, ...label.lines.map((line) => measure(line, label.fontPx)))
  const height = label.lines.length * label.fontPx * 1.25 + (label.poi ? badge : 0)
  const [w, h] = [Math.max(text, label.poi ? badge : 0) / 2, height / 2]
  return { x0: label.x - w, y0: label.y - h, x1: label.x + w, y1: label.y + h }
}

function overlaps(a: Box, b: Box): boolean {
  return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1
}

/** Squares along a line on screen. */
function boxesAlong(line: readonly Point[]): Box[] {
  return line.slice(1).flatMap((b, i) => {
    const a = line[i]
    const count = Math.min(400, Math.ceil(Math.hypot(b[0] - a[0], b[1] - a[1]) / ROUTE_EVERY_PX))
    return Array.from({ length: count + 1 }, (_, k) => {
      const t = k / Math.max(1, count)
      const [x, y] = [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t]
      return { x0: x - ROUTE_PX, y0: y - ROUTE_PX, x1: x + ROUTE_PX, y1: y + ROUTE_PX }
    })
  })
}
