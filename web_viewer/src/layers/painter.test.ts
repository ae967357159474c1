import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { Quality } from '@/generated/wire'
import { emptyColumns, type LiveColumns } from '@/net/columns'

import { compileLayer, spaceOf, unpaintedSpaces } from './compile'
import { COLUMNS, layerOf, pointOf, rule } from './fixture'
import { LayerPainter, UNUSABLE_RGB, type ColourChange } from './painter'

const TEMPERATURE = rule({
  pointClasses: ['Temperature'],
  paint: 'space',
  ramp: { stops: [[0, '#000000'], [100, '#ffffff']], unit: 'degC' },
})
const STATUS = rule({ pointClasses: ['Status'], states: { fault: '#ff0000' } })
const POWER = rule({ pointClasses: ['Power'], ramp: { stops: [[0, '#00ff00'], [1, '#0000ff']], unit: 'kW' } })

function set(columns: LiveColumns, point: number, value: number, quality: number = Quality.Good): void {
  columns.value[point] = value
  columns.quality[point] = quality
  columns.time[point] = 1
}

function coloursOf(change: ColourChange): Record<number, number[]> {
  return Object.fromEntries(
    [...change.indices].map((index, position) => [index, [...change.rgba.subarray(position * 4, position * 4 + 3)]]),
  )
}

describe('compileLayer', () => {
  it('paints the space around a device, or the device itself', () => {
    const points = [pointOf(0, 'Temperature', 1), pointOf(1, 'Temperature', 4), pointOf(2, 'Temperature', 3)]
    const compiled = compileLayer(layerOf(TEMPERATURE), points, COLUMNS)
    expect([...compiled.targets]).toEqual([0, 4])
    expect(compiled.paintsSpaces).toBe(true)
    const direct = compileLayer(layerOf({ ...TEMPERATURE, paint: 'element' }), points, COLUMNS)
    expect([...direct.targets]).toEqual([1, 3, 4])
    expect(direct.paintsSpaces).toBe(false)
  })

  it('tells which spaces it says nothing of', () => {
    const compiled = compileLayer(layerOf(TEMPERATURE), [pointOf(0, 'Temperature', 1)], COLUMNS)
    expect(unpaintedSpaces(compiled, COLUMNS)).toEqual([4])
  })

  it('leaves unbound devices alone', () => {
    expect(compileLayer(layerOf(POWER), [pointOf(0, 'Power', -1)], COLUMNS).targets).toHaveLength(0)
    expect(spaceOf(-1, COLUMNS)).toBe(-1)
  })
})

describe('LayerPainter', () => {
  it('averages the sensors of a space and says only what changed', () => {
    const columns = emptyColumns(2)
    const points = [pointOf(0, 'Temperature', 1), pointOf(1, 'Temperature', 2)]
    const painter = new LayerPainter(compileLayer(layerOf(TEMPERATURE), points, COLUMNS), columns)
    painter.paintAll()
    set(columns, 0, 0)
    set(columns, 1, 200)
    expect(coloursOf(painter.update([0, 1]))).toEqual({ 0: [255, 255, 255] })
    expect(painter.update([0, 1]).indices).toHaveLength(0)
    set(columns, 1, 0)
    expect(coloursOf(painter.update([1]))).toEqual({ 0: [0, 0, 0] })
  })

  it('lets the earlier rule win, and a rule without a colour for the value pass', () => {
    const columns = emptyColumns(2)
    const points = [pointOf(0, 'Power', 3), pointOf(1, 'Status', 3, ['ok', 'fault'])]
    const painter = new LayerPainter(compileLayer(layerOf(STATUS, POWER), points, COLUMNS), columns)
    set(columns, 0, 0)
    set(columns, 1, 1)
    expect(coloursOf(painter.update([0, 1]))).toEqual({ 3: [255, 0, 0] })
    set(columns, 1, 0)
    expect(coloursOf(painter.update([1]))).toEqual({ 3: [0, 255, 0] })
  })

  it('takes the highest of several states, since faults come last', () => {
    const columns = emptyColumns(2)
    const points = [pointOf(0, 'Status', 3, ['ok', 'fault']), pointOf(1, 'Status', 3, ['ok', 'fault'])]
    const painter = new LayerPainter(compileLayer(layerOf(STATUS), points, COLUMNS), columns)
    set(columns, 0, 1)
    set(columns, 1, 0)
    expect(coloursOf(painter.update([0, 1]))).toEqual({ 3: [255, 0, 0] })
  })

  it('reads a state by its key, whatever its place in the enumeration of each device', () => {
    const columns = emptyColumns(2)
    const points = [
      pointOf(0, 'Status', 3, ['ok', 'fault']),
      pointOf(1, 'Status', 1, ['ok', 'alarm', 'fault']),
    ]
    const painter = new LayerPainter(compileLayer(layerOf(STATUS), points, COLUMNS), columns)
    set(columns, 0, 1)
    set(columns, 1, 1)
    expect(coloursOf(painter.update([0, 1]))).toEqual({ 3: [255, 0, 0] })
    set(columns, 1, 2)
    expect(coloursOf(painter.update([1]))).toEqual({ 1: [255, 0, 0] })
  })

  it('greys what is stale or bad, and leaves what was never received', () => {
    const columns = emptyColumns(2)
    const points = [pointOf(0, 'Power', 3), pointOf(1, 'Power', 1)]
    const painter = new LayerPainter(compileLayer(layerOf(POWER), points, COLUMNS), columns)
    set(columns, 0, 0.5, Quality.Stale)
    const all = painter.paintAll()
    expect(coloursOf(all)).toEqual({ 1: [0, 0, 0], 3: [...UNUSABLE_RGB] })
    expect(all.rgba[3]).toBe(0)
    set(columns, 0, 0.5, Quality.Bad)
    expect(painter.update([0]).indices).toHaveLength(0)
  })

  it('ends at the colours that a fresh start gives, whatever came in between', () => {
    const points = [pointOf(0, 'Power', 3), pointOf(1, 'Status', 3, ['ok', 'fault']), pointOf(2, 'Temperature', 1)]
    const compiled = compileLayer(layerOf(STATUS, POWER, TEMPERATURE), points, COLUMNS)
    const sample = fc.tuple(fc.nat(2), fc.double({ min: -1, max: 2, noNaN: true }), fc.nat(3))
    fc.assert(
      fc.property(fc.array(sample), (samples) => {
        const columns = emptyColumns(3)
        const painter = new LayerPainter(compiled, columns)
        const shown = coloursOf(painter.paintAll())
        for (const [point, value, quality] of samples) {
          set(columns, point, value, quality)
          Object.assign(shown, coloursOf(painter.update([point])))
        }
        expect(shown).toEqual(coloursOf(new LayerPainter(compiled, columns).paintAll()))
      }),
    )
  })
})
