import { describe, expect, it, vi } from 'vitest'

import { detailAsThen, deviceAsThen, fetchBindingsAt, placedAsThen, readScene, type PastBindings } from './pastBindings'
import type { DeviceInfo, ElementDetail, PointInfo } from './types'

const THEN: PastBindings = {
  hash: 'h',
  elements: new Map([
    ['L-01', { index: 7, guid: 'seven' }],
    ['L-02', { index: 2, guid: 'two' }],
    ['SOLD', { index: 7, guid: 'seven' }],
  ]),
}

function point(device: string, elementIndex: number): PointInfo {
  return { device, elementIndex, elementGuid: 'now', pointIndex: 0 } as PointInfo
}

function device(id: string, elementIndex: number): DeviceInfo {
  return { id, elementIndex, elementGuid: 'now' } as DeviceInfo
}

describe('bindings of a past moment', () => {
  it('place points where their devices stood, and those of devices that were not there nowhere', () => {
    const [moved, stayed, added] = placedAsThen([point('L-01', 1), point('L-02', 2), point('NEW', 3)], THEN)
    expect([moved.elementIndex, moved.elementGuid, moved.absent]).toEqual([7, 'seven', false])
    expect(stayed.absent).toBeUndefined()
    expect([added.elementIndex, added.elementGuid, added.absent]).toEqual([-1, null, true])
  })

  it('give an element the devices of then, and name those that came to it later', () => {
    const devices = new Map([device('L-01', 1), device('L-02', 2), device('NEW', 7)].map((each) => [each.id, each]))
    const detail = { index: 7, devices: [device('NEW', 7)], points: [] } as unknown as ElementDetail
    const points = placedAsThen([point('L-01', 1), point('L-02', 2), point('NEW', 7)], THEN)
    const shown = detailAsThen(detail, points, devices, THEN)
    expect(shown.devices.map((each) => [each.id, each.elementIndex])).toEqual([['L-01', 7]])
    expect(shown.points.map((each) => each.device)).toEqual(['L-01'])
    expect(shown.later?.map((each) => each.id)).toEqual(['NEW'])
  })

  it('are those of now where nobody noted others', () => {
    expect(deviceAsThen(device('NEW', 3), null)?.elementIndex).toBe(3)
    expect(deviceAsThen(device('NEW', 3), THEN)).toBeNull()
    expect(deviceAsThen(device('L-01', 3), THEN)?.elementGuid).toBe('seven')
  })

  it('are asked for at the first whole ms that they hold in', async () => {
    const asked: string[] = []
    vi.stubGlobal('fetch', (url: string) => {
      asked.push(url)
      return Promise.resolve(new Response(JSON.stringify({ hash: 'h', items: [] })))
    })
    await fetchBindingsAt(Date.UTC(2026, 10, 2, 0, 0, 10, 584) + 0.73)
    expect(decodeURIComponent(asked[0] ?? '')).toContain('at=2026-11-02T00:00:10.585Z')
    vi.unstubAllGlobals()
  })

  it('are told with the replay', () => {
    expect(readScene({ since: '2026-11-02T00:00:10.000Z', revision: 'r', bindings: 'h' })).toEqual({ sinceMs: Date.UTC(2026, 10, 2, 0, 0, 10), revision: 'r', bindings: 'h' })
    expect(readScene(null)).toBeNull()
    expect(() => readScene({ revision: 1 })).toThrow(TypeError)
  })
})
