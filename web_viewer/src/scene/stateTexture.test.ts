import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OtherPaint } from './otherPaint'
import { opacityOf, packAlpha, quantizeWeight, textureShape, weightOf } from './stateTexture'

describe('textureShape', () => {
  it('holds every element in a power-of-two width', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5_000_000 }), (count) => {
        const { width, height, widthLog2 } = textureShape(count)
        expect(width).toBe(2 ** widthLog2)
        expect(width * height).toBeGreaterThanOrEqual(count)
        expect(width * (height - 1)).toBeLessThanOrEqual(Math.max(0, count))
        expect(height).toBeLessThanOrEqual(4096)
      }),
    )
  })

  it('addresses each index by shift and mask, as the shader does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.nat(), (count, any) => {
        const index = any % count
        const { width, height, widthLog2 } = textureShape(count)
        const [x, y] = [index & (width - 1), index >> widthLog2]
        expect(y).toBeLessThan(height)
        expect(y * width + x).toBe(index)
      }),
    )
  })
})

describe('alpha', () => {
  it('keeps both nibbles', () => {
    for (let opacity = 0; opacity < 16; opacity++) {
      for (let weight = 0; weight < 16; weight++) {
        const alpha = packAlpha(opacity, weight)
        expect([opacityOf(alpha), weightOf(alpha)]).toEqual([opacity, weight])
        expect(alpha).toBeLessThan(256)
      }
    }
  })

  it('quantizes weights without losing a faint one or a full one', () => {
    expect(quantizeWeight(0)).toBe(0)
    expect(quantizeWeight(1)).toBe(1)
    expect(quantizeWeight(255)).toBe(15)
    for (let w = 1; w < 256; w++) expect(quantizeWeight(w)).toBeGreaterThanOrEqual(quantizeWeight(w - 1))
  })
})

describe('the paint of another moment', () => {
  it('colours what it is told, hides what the other hides, and forgets its colours with the next', () => {
    const other = new OtherPaint(2, 1)
    const texels = (): number[] => [...(other.texture.image.data as Uint8Array)]
    other.setColours(Uint32Array.of(1, 99), Uint8Array.of(10, 20, 30, 255, 1, 1, 1, 255))
    other.follow(Uint8Array.of(7, 7, 7, packAlpha(0, 3), 7, 7, 7, packAlpha(2, 3)))
    expect(texels()).toEqual([0, 0, 0, packAlpha(0, 0), 10, 20, 30, packAlpha(2, 15)])
    other.setColours(Uint32Array.of(0), Uint8Array.of(5, 6, 7, 17))
    expect(texels()).toEqual([5, 6, 7, packAlpha(0, 1), 10, 20, 30, packAlpha(2, 0)])
  })
})
