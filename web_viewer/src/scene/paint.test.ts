import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ElementPaint } from './paint'
import { OPACITY_CONTENT, OPACITY_GHOST, OPACITY_HIDDEN, OPACITY_SOLID, opacityOf, weightOf } from './stateTexture'

const STOREYS = Int32Array.from([0, 0, 0, 3, 3, -1])

function texel(paint: ElementPaint, index: number): { rgb: number[]; opacity: number; weight: number } {
  const [r, g, b, a] = paint.texels.subarray(index * 4, index * 4 + 4) as unknown as [number, number, number, number]
  return { rgb: [r, g, b], opacity: opacityOf(a), weight: weightOf(a) }
}

describe('ElementPaint', () => {
  it('begins solid, in the model\'s own colours, and wholly dirty', () => {
    const paint = new ElementPaint(6, 64)
    expect(texel(paint, 5)).toEqual({ rgb: [0, 0, 0], opacity: OPACITY_SOLID, weight: 0 })
    expect(paint.texels.length).toBe(256)
    expect(paint.takeDirty()).toEqual({ from: 0, to: 6 })
    expect(paint.takeDirty()).toBeNull()
  })

  it('sets colours of the named elements alone and reports their range', () => {
    const paint = new ElementPaint(6)
    paint.takeDirty()
    paint.setColours(Uint32Array.from([2, 4]), Uint8Array.from([255, 0, 10, 255, 1, 2, 3, 128]))
    expect(texel(paint, 2)).toEqual({ rgb: [255, 0, 10], opacity: OPACITY_SOLID, weight: 15 })
    expect(texel(paint, 4)).toEqual({ rgb: [1, 2, 3], opacity: OPACITY_SOLID, weight: 8 })
    expect(texel(paint, 3).weight).toBe(0)
    expect(paint.takeDirty()).toEqual({ from: 2, to: 5 })
  })

  it('ignores indices out of range', () => {
    const paint = new ElementPaint(2)
    const before = paint.texels.slice()
    paint.setColours(Uint32Array.from([2, 4_000_000_000]), new Uint8Array(8).fill(255))
    paint.setHidden([-1, 99], true)
    expect(paint.texels).toEqual(before)
  })

  it('shows one storey alone, the storey itself included, and all again', () => {
    const paint = new ElementPaint(6)
    paint.isolate(STOREYS, 3)
    expect([0, 1, 2, 3, 4, 5].filter((i) => paint.isVisible(i))).toEqual([3, 4])
    paint.isolate(STOREYS, null)
    expect([0, 1, 2, 3, 4, 5].every((i) => paint.isVisible(i))).toBe(true)
  })

  it('keeps what is hidden by hand hidden when isolation ends', () => {
    const paint = new ElementPaint(6)
    paint.setHidden([1], true)
    paint.isolate(STOREYS, 3)
    paint.isolate(STOREYS, null)
    expect(paint.isVisible(1)).toBe(false)
    paint.showAll()
    expect(paint.isVisible(1)).toBe(true)
  })

  it('lets hidden win over ghosted, and ghosted over solid', () => {
    const paint = new ElementPaint(6, 6, Uint8Array.from([0, 0, 1, 0, 0, 0]))
    paint.ghost(Uint8Array.from([1, 1, 0, 0, 0, 0]))
    paint.setHidden([1], true)
    expect([0, 1, 2, 3].map((i) => texel(paint, i).opacity)).toEqual([
      OPACITY_GHOST, OPACITY_HIDDEN, OPACITY_CONTENT, OPACITY_SOLID,
    ])
    paint.setHidden([1], false)
    expect(texel(paint, 1).opacity).toBe(OPACITY_GHOST)
    paint.ghost(null)
    expect(texel(paint, 0).opacity).toBe(OPACITY_SOLID)
  })

  it('counts visibility up for shapes and not for colours', () => {
    const paint = new ElementPaint(6)
    const before = paint.visibilityRevision
    paint.setColours(Uint32Array.from([1]), Uint8Array.from([9, 9, 9, 255]))
    paint.setHidden([1], false)
    expect(paint.visibilityRevision).toBe(before)
    paint.setHidden([1], true)
    expect(paint.visibilityRevision).toBeGreaterThan(before)
  })

  it('keeps a colour through any sequence of hiding, isolating and ghosting', () => {
    const operations = fc.array(fc.tuple(fc.constantFrom('hide', 'show', 'isolate', 'all', 'ghost', 'solid'), fc.integer({ min: 0, max: 5 })))
    fc.assert(
      fc.property(operations, (steps) => {
        const paint = new ElementPaint(6)
        paint.setColours(Uint32Array.from([4]), Uint8Array.from([10, 20, 30, 255]))
        for (const [what, index] of steps) {
          if (what === 'hide' || what === 'show') paint.setHidden([index], what === 'hide')
          if (what === 'isolate' || what === 'all') paint.isolate(STOREYS, what === 'isolate' ? index : null)
          if (what === 'ghost' || what === 'solid') paint.ghost(what === 'ghost' ? new Uint8Array(6).fill(1) : null)
        }
        expect(texel(paint, 4).rgb).toEqual([10, 20, 30])
        expect(texel(paint, 4).weight).toBe(15)
        paint.showAll()
        paint.isolate(STOREYS, null)
        paint.ghost(null)
        expect(texel(paint, 4).opacity).toBe(OPACITY_SOLID)
      }),
    )
  })

  it('reports a range that covers every texel that changed', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 199 }), { minLength: 1 }), (indices) => {
        const paint = new ElementPaint(200)
        paint.takeDirty()
        const before = paint.texels.slice()
        paint.setColours(Uint32Array.from(indices), new Uint8Array(indices.length * 4).fill(200))
        const dirty = paint.takeDirty()!
        const changed = before.findIndex((value, k) => value !== paint.texels[k]) >> 2
        expect(dirty.from).toBe(Math.min(...indices))
        expect(dirty.to).toBe(Math.max(...indices) + 1)
        expect(changed).toBe(dirty.from)
      }),
    )
  })

  it('takes every layer colour away', () => {
    const paint = new ElementPaint(3)
    paint.setColours(Uint32Array.from([0, 1, 2]), new Uint8Array(12).fill(255))
    paint.setHidden([2], true)
    paint.clearColours()
    expect([0, 1, 2].map((i) => texel(paint, i).weight)).toEqual([0, 0, 0])
    expect(texel(paint, 2).opacity).toBe(OPACITY_HIDDEN)
  })
})

describe('painted rooms', () => {
  it('are told of when one is painted or bare again, and not when its colour changes', () => {
    const paint = new ElementPaint(3, 3, null, Uint8Array.of(0, 1, 0))
    const revisionAfter = (index: number, weight: number): number => {
      paint.setColours(Uint32Array.of(index), Uint8Array.of(1, 2, 3, weight))
      return paint.paintedRoomsRevision
    }
    expect([revisionAfter(0, 255), revisionAfter(1, 0)]).toEqual([0, 0])
    expect([revisionAfter(1, 17), revisionAfter(1, 255), revisionAfter(1, 0)]).toEqual([1, 1, 2])
  })
})

describe('what is seen through', () => {
  it('is told of when its colour changes: glass and ghosts, and nothing else', () => {
    const paint = new ElementPaint(3)
    const revisionAfter = (index: number, ...rgba: number[]): number => {
      paint.setColours(Uint32Array.of(index), Uint8Array.from(rgba))
      return paint.seenThroughRevision
    }
    paint.markGlass([-1, 1, 7])
    expect([revisionAfter(0, 9, 9, 9, 255), revisionAfter(1, 9, 9, 9, 0)]).toEqual([0, 0])
    expect([revisionAfter(1, 9, 9, 9, 255), revisionAfter(1, 9, 9, 9, 255), revisionAfter(1, 9, 8, 9, 255)]).toEqual([1, 1, 2])
    paint.ghost(Uint8Array.of(1, 0, 0))
    expect([revisionAfter(0, 8, 9, 9, 255), revisionAfter(2, 8, 9, 9, 255)]).toEqual([3, 3])
  })
})
