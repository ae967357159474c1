import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { parseColour, type Rgb } from '@/layers/colour'

const tokens = readFileSync('src/styles/tokens.css', 'utf8')

/** Least contrast of text, WCAG 2.2, 1.4.3. */
const LEAST = 4.5

/** The solid colours of a theme by name; translucent ones lie over something else and are left out. */
function themeColours(theme: string): Map<string, Rgb> {
  const block = tokens.slice(tokens.indexOf(`[data-theme='${theme}']`)).split('}')[0]
  const found = new Map<string, Rgb>()
  for (const [, name, value] of block.matchAll(/--([\w-]+): (#[0-9a-f]+);/g)) {
    const long = value.length === 4 ? `#${[...value.slice(1)].map((digit) => digit + digit).join('')}` : value
    const colour = parseColour(long)
    if (colour) found.set(name, colour)
  }
  return found
}

/** Relative luminance, WCAG 2.2. */
function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((channel) => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: Rgb, b: Rgb): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (high + 0.05) / (low + 0.05)
}

describe.each(['dark', 'light'])('the %s theme', (theme) => {
  const colours = themeColours(theme)
  const pairs = [
    ...['text', 'text-2', 'accent', 'good', 'warn', 'bad'].map((name) => [name, 'panel-solid']),
    ['on-accent', 'accent'],
  ]

  it.each(pairs)('%s can be read on %s', (front, back) => {
    const [a, b] = [colours.get(front), colours.get(back)]
    if (!a || !b) throw new Error(`the theme lacks ${front} or ${back}`)
    expect(contrast(a, b)).toBeGreaterThanOrEqual(LEAST)
  })
})
