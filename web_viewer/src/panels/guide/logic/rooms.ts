import type { Point, Ring } from '../types'

/** What a room is for, as far as its colour on the plan goes. */
export type RoomGroup = 'sport' | 'culture' | 'care' | 'food' | 'way' | 'vertical' | 'office' | 'rest' | 'parking' | 'outdoor' | 'technical' | 'other'

/** Words in a function's slug; the first line that has one decides. */
const GROUPS: readonly (readonly [RegExp, RoomGroup])[] = [
  [/roof|plant|electrical|shaft|server|battery|storage|control_room|robot|closet|technical|duct|riser|utility/, 'technical'],
  [/toilet|wc|washroom|bath|changing|shower|locker|nursing|first_aid|water_point|health/, 'care'],
  [/lobby|foyer|corridor|gallery_walk|arcade|forecourt|entrance|pavement|circulation|passage|hallway/, 'way'],
  [/stair|lift|elevator|escalator|ramp/, 'vertical'],
  [/car_park|parking|garage/, 'parking'],
  [/basketball|badminton|tennis|pool|fitness|yoga|martial|sport|gym|climbing/, 'sport'],
  [/cafe|canteen|shop|restaurant|kitchen|bar$/, 'food'],
  [/outdoor|plaza|garden|courtyard|terrace/, 'outdoor'],
  [/office|meeting|workshop/, 'office'],
  [/lounge|rest/, 'rest'],
  [/theatre|stage|music|art|library|gallery|exhibition|rehears|dance|training|dressing|multifunction|class|studio|auditorium/, 'culture'],
]

/** The group of a room's function; a function that nobody foresaw is `other`. */
export function roomGroup(fn: string): RoomGroup {
  return GROUPS.find(([words]) => words.test(fn))?.[1] ?? 'other'
}

/** Whether a room is of no interest to visitors. */
export function isBackstage(fn: string): boolean {
  return roomGroup(fn) === 'technical' || /shaft|dressing|office/.test(fn)
}

/** Whether a point lies in a polygon, holes taken out. */
export function contains(rings: readonly Ring[], [x, y]: Point): boolean {
  let inside = false
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [xi, yi] = ring[i]
      const [xj, yj] = ring[j]
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside
    }
  }
  return inside
}

/** Distance to the nearest edge, m; negative outside. */
export function clearance(rings: readonly Ring[], [x, y]: Point): number {
  let nearest = Infinity
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      nearest = Math.min(nearest, distanceToEdge(x, y, ring[j], ring[i]))
    }
  }
  return contains(rings, [x, y]) ? nearest : -nearest
}

/**
 * A point of a polygon as far from its edges as any, to 5 % of its size: where its name stands.
 * A grid, then smaller grids about the best (after Mapbox's polylabel).
 */
export function labelPoint(rings: readonly Ring[]): Point {
  const outline = rings[0] ?? []
  const [xs, ys] = [outline.map((p) => p[0]), outline.map((p) => p[1])]
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  let best: Point = [(x0 + x1) / 2, (y0 + y1) / 2]
  // The middle of a rectangle wins over equals.
  let most = clearance(rings, best) + 1e-6
  let [width, height] = [x1 - x0, y1 - y0]
  for (let round = 0; round < 4; round++, width /= 4, height /= 4) {
    const [cx, cy] = best
    for (let i = -4; i <= 4; i++) {
      for (let j = -4; j <= 4; j++) {
        const point: Point = [cx + (i * width) / 8, cy + (j * height) / 8]
        const room = clearance(rings, point)
        if (room > most + 1e-3) [most, best] = [room, point]
      }
    }
  }
  return best
}

/** How wide a text through `point` may be in a direction (rad), m: twice the shorter way to an edge. */
export function widthAt(rings: readonly Ring[], point: Point, angle: number): number {
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)]
  let [ahead, behind] = [Infinity, Infinity]
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const t = crossing(point, dx, dy, ring[j], ring[i])
      if (t === null) continue
      if (t >= 0) ahead = Math.min(ahead, t)
      else behind = Math.min(behind, -t)
    }
  }
  const half = Math.min(ahead, behind)
  return Number.isFinite(half) ? 2 * half : 0
}

function crossing([x, y]: Point, dx: number, dy: number, a: Point, b: Point): number | null {
  const [ex, ey] = [b[0] - a[0], b[1] - a[1]]
  const det = dx * ey - dy * ex
  if (Math.abs(det) < 1e-12) return null
  const s = ((a[0] - x) * dy - (a[1] - y) * dx) / det
  return s < 0 || s > 1 ? null : ((a[0] - x) * ey - (a[1] - y) * ex) / det
}

function distanceToEdge(x: number, y: number, [ax, ay]: Point, [bx, by]: Point): number {
  const length2 = (bx - ax) ** 2 + (by - ay) ** 2 || 1
  const t = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length2))
  return Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay))
}
