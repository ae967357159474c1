import type { PointInfo } from '@/net/types'

/** A point for tests: what is not given is plain. */
export function pointInfo(given: Partial<PointInfo> & Pick<PointInfo, 'pointIndex'>): PointInfo {
  const device = given.device ?? `D${String(given.pointIndex)}`
  return {
    device,
    point: 'status',
    name: { zh: '状态', en: 'Status' },
    pointClass: 'Status',
    unit: '1',
    range: null,
    states: [],
    writable: false,
    elementIndex: -1,
    elementGuid: null,
    ...given,
  }
}

/** States by their keys. */
export function states(...keys: string[]): PointInfo['states'] {
  return keys.map((key) => ({ key, zh: key, en: key }))
}
