/** Where figures stand: pure, deterministic, in the local frame (metres). */

export type Ring = readonly (readonly [number, number])[]

const TRIES_A_FIGURE = 24
const WALK_RADIUS_M = 0.7

/** A number of 0..1 from two integers; the same for the same (a 32-bit mix after Chris Wellons' lowbias32). */
export function hash01(a: number, b: number): number {
  let x = (Math.imul(a + 1, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b)) >>> 0
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return ((x ^ (x >>> 16)) >>> 0) / 4294967296
}

/** Whether a point lies inside a ring (even-odd rule). */
export function isInside(ring: Ring, x: number, y: number): boolean {
  let inside = false
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [xi, yi] = ring[i]!
    const [xj, yj] = ring[j]!
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside
  }
  return inside
}

/** Distance from a point to the nearest edge of a ring, m. */
export function edgeDistance(ring: Ring, x: number, y: number): number {
  let nearest = Infinity
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [ax, ay] = ring[j]!
    const [bx, by] = ring[i]!
    const length2 = (bx - ax) ** 2 + (by - ay) ** 2 || 1
    const t = Math.min(1, Math.max(0, ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length2))
    nearest = Math.min(nearest, Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)))
  }
  return nearest
}

/**
 * Places for `count` figures inside a ring, `(x, y)` each, clear of the walls where there is room. The first k places
 * are the same whatever the count, so that nobody jumps when one more comes.
 */
export function placesInside(ring: Ring, count: number, seed: number): [number, number][] {
  const xs = ring.map((p) => p[0])
  const ys = ring.map((p) => p[1])
  const [x0, y0] = [Math.min(...xs), Math.min(...ys)]
  const [width, depth] = [Math.max(...xs) - x0, Math.max(...ys) - y0]
  const places: [number, number][] = []
  for (let k = 0; places.length < count && k < count * TRIES_A_FIGURE; k++) {
    const x = x0 + width * hash01(seed, k * 2)
    const y = y0 + depth * hash01(seed, k * 2 + 1)
    // Now and then near a wall, so that narrow rooms fill as well.
    const clearance = k % 4 === 3 ? 0.15 : 0.45
    if (isInside(ring, x, y) && edgeDistance(ring, x, y) >= clearance) places.push([x, y])
  }
  return places
}

/** Where a figure is at a time, and which way it faces: a slow stroll on a small closed path about its place. */
export function stroll(seed: number, seconds: number): { readonly dx: number; readonly dy: number; readonly heading: number } {
  const phase = hash01(seed, 7) * Math.PI * 2
  const speed = 0.12 + 0.18 * hash01(seed, 8)
  const radius = WALK_RADIUS_M * (0.3 + 0.7 * hash01(seed, 9)) * 0.5
  const a = phase + seconds * speed
  return { dx: Math.cos(a) * radius, dy: Math.sin(a * 2) * radius * 0.5, heading: Math.atan2(Math.cos(a * 2), -Math.sin(a)) }
}

/** How many of each count are drawn when together they exceed `limit`: each its share, at least one of any. */
export function shareOut(counts: readonly number[], limit: number): number[] {
  const whole = counts.map((c) => Math.max(0, Math.round(c)))
  const total = whole.reduce((a, b) => a + b, 0)
  if (total <= limit) return whole
  return whole.map((c) => (c === 0 ? 0 : Math.max(1, Math.floor((c * limit) / total))))
}
