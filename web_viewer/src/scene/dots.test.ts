import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ghostMask, storeyParts } from './classes'
import { dotGeometry, listDots } from './dots'
import { ElementPaint } from './paint'
import { OPACITY_HIDDEN, OPACITY_SOLID, packAlpha, WEIGHT_ALARM, WEIGHT_SPEAKING } from './stateTexture'
import type { ElementColumns } from './types'

const BOXES = Float32Array.from([
  ...[0, 0, 0, 2, 4, 6],
  ...new Array<number>(6).fill(Number.NaN),
  ...[10, 10, 3, 10.2, 10.1, 3.1],
  ...[-5, -5, -1, 50, 50, 0],
])
const COLUMNS: ElementColumns = {
  storey: Int32Array.from([7, 7, 7, -1]),
  classIndex: Uint16Array.from([0, 0, 1, 0]),
  classNames: ['IfcSlab', 'IfcLamp'],
}

describe('dots', () => {
  it('stand in the middle of each drawn element, in the frame with Y up', () => {
    const geometry = dotGeometry(BOXES, Uint8Array.from([0, 0, 0, 1]))
    expect([...geometry.getAttribute('elementId').array]).toEqual([0, 2])
    expect([...geometry.getAttribute('position').array.slice(0, 3)]).toEqual([1, 3, -2])
    expect(geometry.getAttribute('extent').getX(0)).toBe(6)
    expect(geometry.index?.count).toBe(2)
  })
  it('are drawn where they are painted and visible, what cries over what speaks over what is quiet', () => {
    const rank = (weight: number): number => (weight >= WEIGHT_ALARM ? 2 : weight >= WEIGHT_SPEAKING ? 1 : 0)
    const look = fc.record({ hidden: fc.boolean(), weight: fc.nat({ max: 15 }) })
    fc.assert(
      fc.property(fc.array(look), (looks) => {
        const texels = new Uint8Array(looks.length * 4)
        looks.forEach(({ hidden, weight }, i) => (texels[i * 4 + 3] = packAlpha(hidden ? OPACITY_HIDDEN : OPACITY_SOLID, weight)))
        const ids = looks.map((_, i) => looks.length - 1 - i)
        const order = new Uint32Array(looks.length)
        const drawn = [...order.subarray(0, listDots(ids, texels, order))].map((k) => ids[k]!)
        expect(new Set(drawn)).toEqual(new Set(looks.flatMap(({ hidden, weight }, i) => (hidden || weight === 0 ? [] : [i]))))
        const ranks = drawn.map((id) => rank(looks[id]!.weight))
        expect(ranks).toEqual([...ranks].sort())
        expect(new Set(drawn).size).toBe(drawn.length)
      }),
    )
  })
})

describe('alarms', () => {
  it('are counted as colours come, change and go', () => {
    const paint = new ElementPaint(3)
    const set = (index: number, weight: number): void => {
      paint.setColours(Uint32Array.of(index), Uint8Array.of(200, 0, 0, weight))
    }
    set(0, 255)
    set(0, 255)
    set(2, 255)
    set(1, 235)
    expect(paint.alarmCount).toBe(2)
    set(0, 190)
    expect(paint.alarmCount).toBe(1)
    paint.clearColours()
    expect(paint.alarmCount).toBe(0)
  })
})

describe('what a storey is made of', () => {
  it('is its envelope and rooms; the x-ray leaves the ground outside solid', () => {
    expect(storeyParts(COLUMNS, BOXES, 7)).toEqual([{ min: [0, 0, 0], max: [2, 4, 6] }])
    expect(storeyParts(COLUMNS, BOXES, 8)).toBeNull()
    expect(storeyParts(COLUMNS, null, 7)).toBeNull()
    expect([...ghostMask(COLUMNS)]).toEqual([1, 1, 0, 0])
  })
})
