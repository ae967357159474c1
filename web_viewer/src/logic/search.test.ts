import { describe, expect, it } from 'vitest'

import type { DeviceInfo, ElementHit, SpaceInfo } from '@/net/types'

import { findDevices, findSpaces, foundElements, matches } from './search'

function space(index: number, zh: string, en: string, number: string): SpaceInfo {
  return {
    index,
    guid: `g${String(index)}`,
    number,
    names: { zh, en },
    fn: '',
    storeyGuid: null,
    floorZ: 0,
    areaM2: 1,
    outline: [],
  }
}

const SPACES = [space(0, '舞蹈教室', 'Dance room', '2-01'), space(1, '羽毛球馆', 'Badminton hall', '1-02')]

describe('matches', () => {
  it('wants every word, in any text, whatever the case and the width of letters', () => {
    expect(matches('HALL bad', ['Badminton hall'])).toBe(true)
    expect(matches('１－０２', ['1-02'])).toBe(true)
    expect(matches('hall dance', ['Badminton hall'])).toBe(false)
    expect(matches('羽毛', ['羽毛球馆'])).toBe(true)
  })
})

describe('findSpaces', () => {
  it('finds by either name and by number', () => {
    expect(findSpaces('羽毛球', SPACES).map((found) => found.elementIndex)).toEqual([1])
    expect(findSpaces('dance', SPACES).map((found) => found.elementIndex)).toEqual([0])
    expect(findSpaces('1-02', SPACES)[0]).toMatchObject({ kind: 'space', code: '1-02' })
  })

  it('puts what begins with the query before what only holds it', () => {
    const spaces = [space(5, '大舞台', '', ''), space(6, '舞台', '', ''), space(7, '舞台后区', '', '')]
    expect(findSpaces('舞台', spaces).map((found) => found.elementIndex)).toEqual([6, 7, 5])
  })
})

describe('findDevices', () => {
  it('falls back to the name of the type, and is short', () => {
    const devices: DeviceInfo[] = Array.from({ length: 30 }, (_, index) => ({
      id: `L2-LUM-${String(index)}`,
      names: { zh: '', en: '' },
      typeNames: { zh: '灯', en: 'Lamp' },
      elementIndex: index,
      elementGuid: null,
      attributes: {},
    }))
    const found = findDevices('lamp', devices)
    expect(found).toHaveLength(6)
    expect(found[0].names.zh).toBe('灯')
    expect(findDevices('l2-lum-29', devices).map((each) => each.code)).toEqual(['L2-LUM-29'])
  })
})

describe('foundElements', () => {
  it('does not repeat what is listed as a space', () => {
    const hit = (index: number): ElementHit => ({
      index,
      guid: String(index),
      ifcClass: 'IfcWall',
      predefinedType: null,
      names: { zh: 'x', en: 'x' },
      tag: 'T',
      storeyGuid: null,
      spaceGuid: null,
      box: null,
    })
    expect(foundElements([hit(1), hit(9)], findSpaces('羽毛球', SPACES)).map((found) => found.elementIndex)).toEqual([9])
  })
})
