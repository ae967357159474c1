/** sRGB, three numbers 0..255. */
export type Rgb = readonly [number, number, number]

const HEX = /^#?([0-9a-f]{6})$/i

/** Reads `#rrggbb`; null for anything else, since colours come from files that people write. */
export function parseColour(text: string): Rgb | null {
  const match = HEX.exec(text.trim())
  if (match === null) return null
  const bits = Number.parseInt(match[1], 16)
  return [bits >> 16, (bits >> 8) & 255, bits & 255]
}

/** `rgb(r g b)` for style sheets. */
export function cssColour(colour: Rgb): string {
  return `rgb(${colour.map((channel) => Math.round(channel)).join(' ')})`
}

/**
 * Mixes two colours in OKLab, where equal steps look equal (Ottosson, "A perceptual color space for image
 * processing", 2020). `share` 0 gives `from`, 1 gives `to`.
 */
export function mixColours(from: Rgb, to: Rgb, share: number): Rgb {
  const a = oklabOf(from)
  const b = oklabOf(to)
  return rgbOf([0, 1, 2].map((axis) => a[axis] + (b[axis] - a[axis]) * share))
}

function oklabOf(colour: Rgb): number[] {
  const [r, g, b] = colour.map((channel) => linear(channel / 255))
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

function rgbOf([lightness, a, b]: number[]): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    encoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encoded(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ]
}

function linear(channel: number): number {
  return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
}

function encoded(channel: number): number {
  const clamped = Math.min(1, Math.max(0, channel))
  return 255 * (clamped <= 0.0031308 ? clamped * 12.92 : 1.055 * clamped ** (1 / 2.4) - 0.055)
}
