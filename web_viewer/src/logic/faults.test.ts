import { describe, expect, it } from 'vitest'

import { Quality } from '@/generated/wire'
import { emptyColumns } from '@/net/columns'

import { FaultWatch } from './faults'
import { pointInfo, states } from './fixture'

const POINTS = [
  pointInfo({ pointIndex: 0, states: states('ok', 'fault') }),
  pointInfo({ pointIndex: 1, states: states('normal', 'alarm', 'fault') }),
  pointInfo({ pointIndex: 2, states: states('off', 'on') }),
]

function setup(): { watch: FaultWatch; set: (point: number, value: number, time: number, quality?: number) => boolean } {
  const columns = emptyColumns(3)
  const watch = new FaultWatch(POINTS)
  return {
    watch,
    set: (point, value, time, quality: number = Quality.Good) => {
      columns.value[point] = value
      columns.time[point] = time
      columns.quality[point] = quality
      return watch.update([point], columns)
    },
  }
}

describe('FaultWatch', () => {
  it('lists alarms first, and remembers when a fault began', () => {
    const { watch, set } = setup()
    expect(set(0, 1, 10)).toBe(true)
    expect(set(0, 1, 20)).toBe(false)
    expect(set(1, 1, 5)).toBe(true)
    expect(watch.list().map((fault) => [fault.point.pointIndex, fault.severity, fault.sinceMs])).toEqual([
      [1, 'alarm', 5],
      [0, 'fault', 10],
    ])
  })

  it('tells a changed kind of fault, and its end', () => {
    const { watch, set } = setup()
    set(1, 1, 5)
    expect(set(1, 2, 6)).toBe(true)
    expect(watch.list()[0].severity).toBe('fault')
    expect(set(1, 0, 7)).toBe(true)
    expect(set(1, 0, 8)).toBe(false)
    expect(watch.list()).toEqual([])
  })

  it('keeps a fault whose device falls silent', () => {
    const { watch, set } = setup()
    set(0, 1, 10)
    expect(set(0, 0, 11, Quality.Stale)).toBe(false)
    expect(watch.list()).toHaveLength(1)
  })

  it('does not look at points that cannot fail', () => {
    const { watch, set } = setup()
    expect(set(2, 1, 1)).toBe(false)
    expect(watch.list()).toEqual([])
  })
})
