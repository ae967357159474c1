import { describe, expect, it } from 'vitest'

import * as read from './read'

const NAMED = { name: '1-12', name_en: '', long_name: '' }

describe('reading the API', () => {
  it('names a space by its long name and keeps the number', () => {
    const raw: read.RawSpace = {
      ...NAMED,
      long_name: '羽毛球馆',
      guid: 'g',
      element_index: 3,
      function: 'badminton_hall',
      storey: null,
      derived: false,
      floor_z_m: 0,
      height_m: 3,
      centre: [1, 1, 1],
      area_m2: 12,
      footprint: { type: 'Polygon', coordinates: [[[0, 0], [2, 0], [2, 1], [0, 0]]] },
    }
    expect(read.space(raw)).toMatchObject({
      number: '1-12',
      names: { zh: '羽毛球馆', en: '羽毛球馆' },
      outline: [[0, 0], [2, 0], [2, 1]],
    })
    expect(read.space({ ...raw, long_name: '', footprint: null })).toMatchObject({ number: '', outline: [] })
  })

  it('takes the richest ring of a space in several parts', () => {
    const small = [[[0, 0], [1, 0], [0, 0]]]
    const large = [[[5, 5], [6, 5], [6, 6], [5, 6], [5, 5]]]
    const raw = { type: 'MultiPolygon', coordinates: [small, large] }
    const given = { ...NAMED, guid: 'g', element_index: 0, function: '', storey: null, derived: false, floor_z_m: 0, height_m: 3, area_m2: 1 }
    expect(read.space({ ...given, centre: [0, 0, 0], footprint: raw }).outline).toEqual([[5, 5], [6, 5], [6, 6], [5, 6]])
  })

  it('tells what an element feeds and is fed by', () => {
    const element = {
      ...NAMED,
      guid: 'pump',
      element_index: 7,
      class: 'IfcPump',
      predefined_type: null,
      object_type: '',
      tag: '',
      storey: null,
      space: null,
      box: null,
    }
    const pipe = { ...NAMED, guid: 'pipe', element_index: 8, class: 'IfcPipeSegment', name: 'Pipe 8', kind: 'flow', medium: 'HEATING' }
    const raw: read.RawDetail = {
      ...element,
      description: '',
      type: null,
      placement: null,
      properties: {},
      materials: [],
      classifications: [],
      systems: [{ guid: 's', class: 'IfcDistributionSystem', predefined_type: 'HEATING', name: 'Flow' }],
      feeds: [pipe],
      fed_by: [],
      connected: [],
      parents: [],
      children: [],
      child_count: 0,
      devices: [],
      points: [],
    }
    const detail = read.detail(raw)
    expect(detail.systems).toEqual(['Flow'])
    expect(detail.feeds).toMatchObject([{ index: 8, ifcClass: 'IfcPipeSegment', names: { zh: 'Pipe 8' } }])
    expect(detail.fedBy).toEqual([])
  })

  it('refuses columns of another revision', () => {
    const raw = { classes: ['IfcWall'], class: [0, 0], storey: [-1, 0], space: [-1, -1] }
    expect(read.columns(raw, 2)).toMatchObject({ storey: Int32Array.from([-1, 0]) })
    expect(() => read.columns(raw, 3)).toThrow(RangeError)
  })

  it('keeps a range only where both ends are known, and marks what is unbound', () => {
    const raw: read.RawPoint = {
      device: 'D',
      point: 'p',
      point_index: 0,
      name: { zh: '', en: '' },
      class: 'Status',
      unit: '1',
      range: [null, 5],
      states: [],
      writable: false,
      period_s: 60,
      element: null,
      element_index: null,
    }
    expect(read.point(raw)).toMatchObject({ range: null, elementIndex: -1 })
    expect(read.point({ ...raw, range: [0, 5], element_index: 7 })).toMatchObject({ range: [0, 5], elementIndex: 7 })
  })

  it('fills in what a layer may leave out', () => {
    const rules: read.RawLayer['rules'] = [{ point_class: ['Status'], paint: 'element' }]
    expect(read.layer({ id: 'x', name: { zh: '', en: '' }, default: true, rules })).toEqual({
      id: 'x',
      name: { zh: '', en: '' },
      isDefault: true,
      rules: [{ pointClasses: ['Status'], paint: 'element', ramp: null, states: null, label: null }],
    })
  })
})

describe('boxes', () => {
  it('come as little-endian float32, six an element', () => {
    const raw = new DataView(new ArrayBuffer(48))
    raw.setFloat32(4 * 7, 2.5, true)
    expect(read.boxes(raw.buffer, 2)[7]).toBe(2.5)
    expect(() => read.boxes(raw.buffer, 3)).toThrow(RangeError)
  })
})
