import { describe, expect, it } from 'vitest'

import type { DeviceInfo, PointInfo } from '@/net/types'

import { reboundBetween, standsNow } from './rebound'

const stand = (index: number): { index: number; guid: string } => ({ index, guid: String(index) })

describe('devices between two moments', () => {
  it('moved, came, or are gone; who stayed is not named', () => {
    const before = new Map([['MOVED', stand(1)], ['STAYED', stand(2)], ['SOLD', stand(3)]])
    const after = new Map([['NEW', stand(4)], ['MOVED', stand(5)], ['STAYED', stand(2)]])
    expect(reboundBetween(before, after)).toEqual([
      { device: 'MOVED', change: 'moved', before: 1, after: 5 },
      { device: 'NEW', change: 'added', before: -1, after: 4 },
      { device: 'SOLD', change: 'gone', before: 3, after: -1 },
    ])
    expect(reboundBetween(after, after)).toEqual([])
  })

  it('stand now where their points say, for these follow every change', () => {
    const device = { id: 'L-01', elementIndex: 1, elementGuid: 'one' } as DeviceInfo
    const silent = { id: 'CAM', elementIndex: 3, elementGuid: 'three' } as DeviceInfo
    const point = { device: 'L-01', elementIndex: 2, elementGuid: 'two' } as PointInfo
    const stands = standsNow(new Map([['L-01', device], ['CAM', silent]]), [point])
    expect([stands.get('L-01')?.index, stands.get('CAM')?.index]).toEqual([2, 3])
  })
})
