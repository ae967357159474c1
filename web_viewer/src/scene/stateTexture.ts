/**
 * The layout of the state texture: one RGBA8 texel an element, at x = index mod width, y = index / width.
 *
 * - red, green, blue: the paint, sRGB.
 * - alpha, high nibble: opacity. 0 hidden, 1..13 ghosted (picks go through it), 14 solid and not cut by the cut that
 *   opens a storey from above (devices and furniture), 15 solid.
 * - alpha, low nibble: how much of the paint replaces the model's own colour, 0..15.
 */

export const OPACITY_HIDDEN = 0
export const OPACITY_CONTENT = 14
export const OPACITY_SOLID = 15
/** Opacity of a ghosted element, in fifteenths. */
export const OPACITY_GHOST = 2

/** Weights, in fifteenths, from which on an element speaks, and from which on it cries. */
export const WEIGHT_SPEAKING = 13
export const WEIGHT_ALARM = 15

const NARROWEST_LOG2 = 6
const WIDEST_LOG2 = 12

export interface TextureShape {
  readonly width: number
  readonly height: number
  /** log2 of the width; the shader shifts by it. */
  readonly widthLog2: number
}

/** The smallest near-square shape, its width a power of two of 64..4096, that holds `count` texels. */
export function textureShape(count: number): TextureShape {
  const wanted = Math.ceil(Math.log2(Math.max(1, Math.sqrt(count))))
  const widthLog2 = Math.min(WIDEST_LOG2, Math.max(NARROWEST_LOG2, wanted))
  const width = 1 << widthLog2
  return { width, height: Math.max(1, Math.ceil(count / width)), widthLog2 }
}

/** Both nibbles of a texel's alpha: opacity 0..15 and the paint's weight 0..15. */
export function packAlpha(opacity: number, weight: number): number {
  return (opacity << 4) | weight
}

/** The opacity, 0..15, in a texel's alpha. */
export function opacityOf(alpha: number): number {
  return alpha >> 4
}

/** The paint's weight, 0..15, in a texel's alpha. */
export function weightOf(alpha: number): number {
  return alpha & 15
}

/** A weight of 0..255 in the fifteen steps that a texel holds; never 0 for what is not 0. */
export function quantizeWeight(weight: number): number {
  return weight === 0 ? 0 : Math.max(1, Math.round((weight * 15) / 255))
}
