import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeDepth, decodeId, decodeNormal, encodeDepth, encodeId, findIdArea, nearestHit, preferHit } from './ids'

function picture(size: number, ids: Record<number, number>): Uint8Array {
  const bytes = new Uint8Array(size * 4)
  for (const [pixel, id] of Object.entries(ids)) bytes.set(encodeId(id), Number(pixel) * 4)
  return bytes
}

describe('ids', () => {
  it('come back as they were written, to the largest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 24 - 2 }), (index) => {
        expect(decodeId(Uint8Array.from(encodeId(index)), 0)).toBe(index)
      }),
    )
  })

  it('are null where nothing was drawn', () => {
    expect(decodeId(new Uint8Array(8), 4)).toBeNull()
  })
})

describe('depth', () => {
  it('comes back to better than a 24-bit depth buffer', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999999, noNaN: true }), (depth) => {
        expect(Math.abs(decodeDepth(Uint8Array.from(encodeDepth(depth)), 0) - depth)).toBeLessThan(2 ** -25)
      }),
    )
  })
})

describe('decodeNormal', () => {
  it('gives a unit vector near the one that was written', () => {
    const n = [0.6, -0.48, 0.64]
    const bytes = Uint8Array.from(n.map((v) => Math.round((v * 0.5 + 0.5) * 255)))
    const back = decodeNormal(bytes, 0)
    expect(Math.hypot(...back)).toBeCloseTo(1, 6)
    back.forEach((v, i) => expect(v).toBeCloseTo(n[i]!, 1))
  })
})

describe('nearestHit', () => {
  it('takes the middle where it is drawn, else what is nearest, else nothing', () => {
    expect(nearestHit(picture(25, { 12: 7, 0: 1 }), 5)).toBe(12)
    expect(nearestHit(picture(25, { 0: 1, 13: 2, 24: 3 }), 5)).toBe(13)
    expect(nearestHit(picture(25, {}), 5)).toBeNull()
  })
})

describe('preferHit', () => {
  const wall = { elementIndex: 1, depth: 0.5 }
  it('takes a space before or on the solid thing, and the solid thing before the space', () => {
    expect(preferHit(wall, { elementIndex: 9, depth: 0.4 })?.elementIndex).toBe(9)
    expect(preferHit(wall, { elementIndex: 9, depth: 0.5 })?.elementIndex).toBe(9)
    expect(preferHit(wall, { elementIndex: 9, depth: 0.6 })?.elementIndex).toBe(1)
  })
  it('takes what there is', () => {
    expect(preferHit(null, wall)).toBe(wall)
    expect(preferHit(wall, null)).toBe(wall)
    expect(preferHit(null, null)).toBeNull()
  })
})

describe('findIdArea', () => {
  it('gives a pixel of the element nearest to its middle', () => {
    const area = findIdArea(picture(16, { 5: 3, 6: 3, 9: 3, 15: 8 }), 4, 4, 3)!
    expect(area.pixels).toBe(3)
    expect([5, 6, 9]).toContain(area.y * 4 + area.x)
  })
  it('stays on the element where its middle is empty', () => {
    const ring = findIdArea(picture(9, { 0: 3, 2: 3, 6: 3, 8: 3 }), 3, 3, 3)!
    expect([0, 2, 6, 8]).toContain(ring.y * 3 + ring.x)
  })
  it('is null for what is not seen', () => {
    expect(findIdArea(picture(4, { 0: 1 }), 2, 2, 2)).toBeNull()
  })
})
