import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { Rgb } from './colour'
import { marksAlone, underMarks } from './marks'

const MARK: Rgb = [215, 38, 61]

describe('marks', () => {
  it('stay over what a layer paints, and leave the rest alone', () => {
    const change = { indices: Uint32Array.from([4, 7]), rgba: Uint8Array.from([1, 2, 3, 235, 4, 5, 6, 235]) }
    const handed = underMarks(change, new Map([[7, MARK]]))
    expect([...handed.rgba]).toEqual([1, 2, 3, 235, ...MARK, 255])
    expect([...change.rgba.subarray(4)]).toEqual([4, 5, 6, 235])
  })

  it('have four bytes for each element', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(1000)), (elements) => {
        const alone = marksAlone(new Map(elements.map((element) => [element, MARK])))
        expect([...alone.indices]).toEqual(elements)
        expect(alone.rgba).toHaveLength(elements.length * 4)
      }),
    )
  })
})
