import { describe, expect, it } from 'vitest'

import { Quality } from '@/generated/wire'
import { emptyColumns, type LiveColumns } from '@/net/columns'
import type { DeviceInfo, PointInfo } from '@/net/types'

import { pointInfo, states } from './fixture'
import { countDevices, kpisOf, kpiValue } from './kpi'

function columnsOf(...values: (number | null)[]): LiveColumns {
  const columns = emptyColumns(values.length)
  for (const [point, value] of values.entries()) {
    columns.value[point] = value ?? 1
    columns.quality[point] = value === null ? Quality.Bad : Quality.Good
  }
  return columns
}

describe('kpisOf', () => {
  it('adds the meters at the root of the tree alone', () => {
    const meter = (pointIndex: number, circuit: string, parent: string): [PointInfo, DeviceInfo] => {
      const point = pointInfo({ pointIndex, pointClass: 'Electric_Power_Sensor' })
      const names = { zh: '', en: '' }
      const attributes = { circuit, parent_circuit: parent }
      return [point, { id: point.device, names, typeNames: names, elementIndex: -1, elementGuid: null, attributes }]
    }
    const tree = [meter(0, 'MAIN', ''), meter(1, 'L1', 'MAIN'), meter(2, 'L1-LIGHT', 'L1'), meter(3, 'SHOP', 'T9')]
    const points = [...tree.map(([point]) => point), pointInfo({ pointIndex: 4, pointClass: 'Active_Power_Sensor' })]
    const kpis = kpisOf(points, new Map(tree.map(([, device]) => [device.id, device])))
    expect(kpis.map((kpi) => kpi.id)).toEqual(['power'])
    expect(kpiValue(kpis[0], columnsOf(100, 60, 20, 7, 1)).value).toBe(107)
  })

  it('adds up what it can when nobody says how meters hang together', () => {
    const points = [0, 1].map((pointIndex) => pointInfo({ pointIndex, pointClass: 'Electric_Power_Sensor' }))
    expect(kpiValue(kpisOf(points)[0], columnsOf(2, 3)).value).toBe(5)
  })

  it('has no figures for a venue without points', () => {
    expect(kpisOf([])).toEqual([])
  })
})

describe('kpiValue', () => {
  it('sums, averages and counts what is usable', () => {
    const people = kpisOf([0, 1, 2].map((pointIndex) => pointInfo({ pointIndex, pointClass: 'Occupancy_Count_Sensor' })))
    expect(kpiValue(people[0], columnsOf(3, 4, null))).toEqual({ value: 7, known: 2 })
    const warmth = kpisOf([0, 1].map((pointIndex) => pointInfo({ pointIndex, pointClass: 'Zone_Air_Temperature_Sensor' })))
    expect(kpiValue(warmth[0], columnsOf(20, 25)).value).toBe(22.5)
    const bays = kpisOf(
      [0, 1, 2].map((pointIndex) =>
        pointInfo({ pointIndex, pointClass: 'Occupancy_Status', states: states('free', 'occupied') }),
      ),
    )
    expect(kpiValue(bays[0], columnsOf(1, 0, 1)).value).toBe(2)
  })

  it('is unknown while nothing is usable', () => {
    const people = kpisOf([pointInfo({ pointIndex: 0, pointClass: 'Occupancy_Count_Sensor' })])
    expect(kpiValue(people[0], columnsOf(null))).toEqual({ value: Number.NaN, known: 0 })
  })
})

describe('countDevices', () => {
  it('counts a device once, and one that says it is offline as such', () => {
    const points = [
      pointInfo({ pointIndex: 0, device: 'A', states: states('offline', 'ok', 'fault') }),
      pointInfo({ pointIndex: 1, device: 'A', pointClass: 'Power' }),
      pointInfo({ pointIndex: 2, device: 'B', states: states('offline', 'ok', 'fault') }),
      pointInfo({ pointIndex: 3, device: 'C' }),
    ]
    expect(countDevices(points, columnsOf(2, 5, 0, null))).toEqual({ total: 3, online: 1, faulty: 1 })
  })

  it('does not miss a device that was not there yet', () => {
    const points = [pointInfo({ pointIndex: 0, device: 'A' }), { ...pointInfo({ pointIndex: 1, device: 'NEW' }), absent: true }]
    expect(countDevices(points, columnsOf(1, null))).toEqual({ total: 1, online: 1, faulty: 0 })
    const people = points.map((point) => ({ ...point, pointClass: 'Occupancy_Count_Sensor' }))
    expect(kpisOf(people)[0].points.map((point) => point.device)).toEqual(['A'])
  })
})
