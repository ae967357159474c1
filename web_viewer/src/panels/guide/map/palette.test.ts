import { describe, expect, it } from 'vitest'

import { badgeColour, paletteOf } from './palette'

/** WCAG 2.2: relative luminance of sRGB, and contrast. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = parseInt(hex.slice(at, at + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}

const KINDS = ['exit', 'toilet', 'lift', 'medical', 'service', 'family', 'food', 'sport', 'culture', 'parking', 'outdoor', 'rest', 'changing']

describe.each([['light', false], ['dark', true]])('the %s plan', (_, dark) => {
  const palette = paletteOf(dark)

  it.each(Object.entries(palette.rooms))('has names that can be read in %s', (_group, room) => {
    expect(contrast(palette.text, room)).toBeGreaterThanOrEqual(4.5)
  })

  it.each(KINDS)('has a white glyph that can be read for %s', (kind) => {
    expect(contrast('#ffffff', badgeColour(kind, palette))).toBeGreaterThanOrEqual(3)
  })

  it('has a way that stands out from every room', () => {
    for (const room of Object.values(palette.rooms)) expect(contrast(palette.route, room)).toBeGreaterThanOrEqual(3)
  })
})
