import { describe, expect, it } from 'vitest'

import { Quality } from '@/generated/wire'
import {
  applyFrame,
  emptyColumns,
  isUsable,
  type SampleColumns,
} from './columns'

function frame(time: number, points: number[], values: number[], quality: number[]): SampleColumns {
  return {
    time,
    pointIndex: Uint32Array.from(points),
    value: Float64Array.from(values),
    quality: Uint8Array.from(quality),
  }
}

describe('applyFrame', () => {
  it('keeps the newest value and says what changed', () => {
    const columns = emptyColumns(3)
    expect([...applyFrame(columns, frame(10, [2, 0], [7.5, 1], [0, 3]))]).toEqual([2, 0])
    expect([...applyFrame(columns, frame(20, [2], [8.5], [0]))]).toEqual([2])
    expect([...columns.value]).toEqual([1, Number.NaN, 8.5])
    expect([...columns.time]).toEqual([10, Number.NaN, 20])
  })

  it('ignores points of a registry that this page does not know', () => {
    const columns = emptyColumns(1)
    expect([...applyFrame(columns, frame(10, [5, 0], [1, 2], [0, 0]))]).toEqual([0])
    expect([...columns.value]).toEqual([2])
  })
})

describe('isUsable', () => {
  it('asks for a value of good or simulated quality', () => {
    const columns = emptyColumns(4)
    applyFrame(
      columns,
      frame(1, [0, 1, 2], [1, 2, Number.NaN], [Quality.Good, Quality.Bad, Quality.Good]),
    )
    expect([0, 1, 2, 3, 9].map((point) => isUsable(columns, point))).toEqual([true, false, false, false, false])
    applyFrame(columns, frame(2, [1], [2], [Quality.Simulated]))
    expect(isUsable(columns, 1)).toBe(true)
  })
})
