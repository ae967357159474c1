/**
 * What the picking pass writes and how it is read back. Each pixel of the pass is three RGBA8 texels: the element's
 * id, its depth, its normal. Id 0 means nothing, so an element is written as its index + 1.
 */

export interface IdHit {
  readonly elementIndex: number
  /** Window depth, 0 at the near plane, 1 at the far one. */
  readonly depth: number
}

/** An element's index as the four bytes that the shader writes; exact to 2^24 - 2. */
export function encodeId(elementIndex: number): [number, number, number, number] {
  const id = elementIndex + 1
  return [id & 255, (id >> 8) & 255, (id >> 16) & 255, 255]
}

/** The element's index in four bytes at `offset`, or null where nothing was drawn. */
export function decodeId(bytes: Uint8Array, offset: number): number | null {
  const id = bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16)
  return id === 0 ? null : id - 1
}

/** A depth of 0..1 as four bytes, most significant first: base-255 digits, as the shader's `packDepth` writes. */
export function encodeDepth(depth: number): [number, number, number, number] {
  let rest = Math.min(Math.max(depth, 0), 1 - 1e-9)
  const bytes: [number, number, number, number] = [0, 0, 0, 0]
  for (let i = 0; i < 4; i++) {
    rest *= 255
    bytes[i] = Math.floor(rest)
    rest -= bytes[i]!
  }
  return bytes
}

/** The depth in four bytes at `offset`, 0..1. */
export function decodeDepth(bytes: Uint8Array, offset: number): number {
  let depth = 0
  for (let i = 3; i >= 0; i--) depth = (depth + bytes[offset + i]!) / 255
  return depth
}

/** The unit normal in four bytes at `offset`. */
export function decodeNormal(bytes: Uint8Array, offset: number): [number, number, number] {
  const v = [0, 1, 2].map((i) => (bytes[offset + i]! / 255) * 2 - 1)
  const length = Math.hypot(v[0]!, v[1]!, v[2]!) || 1
  return [v[0]! / length, v[1]! / length, v[2]! / length]
}

/**
 * The pixel of a `(size, size)` patch that a pointer in its middle means: the middle itself where something was
 * drawn, else the nearest one, so that thin things can be hit. Null where the patch is empty.
 */
export function nearestHit(ids: Uint8Array, size: number): number | null {
  const middle = (size - 1) / 2
  let best: number | null = null
  let bestDistance = Infinity
  for (let i = 0; i < size * size; i++) {
    if (decodeId(ids, i * 4) === null) continue
    const distance = Math.hypot((i % size) - middle, Math.floor(i / size) - middle)
    if (distance < bestDistance) {
      best = i
      bestDistance = distance
    }
  }
  return best
}

/**
 * Which of two hits a click means when space volumes are shown: the space, where its face lies before the solid
 * thing or on it; else the solid thing, such as a device inside another room's view.
 */
export function preferHit(solid: IdHit | null, space: IdHit | null, tolerance = 1e-5): IdHit | null {
  if (solid === null) return space
  if (space === null) return solid
  return space.depth <= solid.depth + tolerance ? space : solid
}

export interface IdArea {
  /** Number of pixels of the element. */
  readonly pixels: number
  /** A pixel well inside it: x from the left, y from the bottom. */
  readonly x: number
  readonly y: number
}

/**
 * Where an element is seen in a `(width, height)` id picture: the pixel of it nearest to its centroid. Null when it
 * is not seen.
 */
export function findIdArea(ids: Uint8Array, width: number, height: number, elementIndex: number): IdArea | null {
  const found: number[] = []
  for (let i = 0; i < width * height; i++) if (decodeId(ids, i * 4) === elementIndex) found.push(i)
  if (found.length === 0) return null
  const cx = found.reduce((sum, i) => sum + (i % width), 0) / found.length
  const cy = found.reduce((sum, i) => sum + Math.floor(i / width), 0) / found.length
  const distance = (i: number): number => Math.hypot((i % width) - cx, Math.floor(i / width) - cy)
  const best = found.reduce((a, b) => (distance(b) < distance(a) ? b : a))
  return { pixels: found.length, x: best % width, y: Math.floor(best / width) }
}
