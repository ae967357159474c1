import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { cssColour, mixColours, parseColour } from './colour'

const rgb = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255))

describe('parseColour', () => {
  it('reads six digits, with or without the sharp', () => {
    expect(parseColour('#2e7D32')).toEqual([46, 125, 50])
    expect(parseColour(' ffffff ')).toEqual([255, 255, 255])
  })

  it('refuses the rest', () => {
    for (const text of ['', 'red', '#fff', '#12345g', '#1234567']) expect(parseColour(text)).toBeNull()
  })
})

describe('mixColours', () => {
  it('gives the ends back', () => {
    fc.assert(
      fc.property(rgb, rgb, (from, to) => {
        mixColours(from, to, 0).forEach((channel, axis) => expect(channel).toBeCloseTo(from[axis], 2))
        mixColours(from, to, 1).forEach((channel, axis) => expect(channel).toBeCloseTo(to[axis], 2))
      }),
    )
  })

  it('is even to the eye: the middle of black and white is no mid-grey of sRGB', () => {
    expect(cssColour(mixColours([0, 0, 0], [255, 255, 255], 0.5))).toBe('rgb(99 99 99)')
  })
})
