import { describe, expect, it } from 'vitest'

import { compileLayer } from './compile'
import { COLUMNS, layerOf, pointOf, rule } from './fixture'
import { legendOf, mergeBlocks } from './legend'

const SWITCH = rule({ pointClasses: ['On_Off_Status'], states: { 0: '#888888', 1: '#ffcc00', 2: '#cc0000' } })
const RUN = rule({ pointClasses: ['Run_Status'], states: { 0: '#888888', 1: '#0088aa', 2: '#cc0000' } })
const POINTS = [
  pointOf(0, 'On_Off_Status', 1, ['off', 'on', 'fault']),
  pointOf(1, 'Run_Status', 2, ['stopped', 'running', 'fault']),
]

describe('legendOf', () => {
  it('names states by the points that have them', () => {
    const layer = layerOf(SWITCH, rule({ pointClasses: ['Nothing'], states: { 0: '#000000' } }))
    const [block, ...rest] = legendOf(compileLayer(layer, POINTS, COLUMNS), POINTS)
    expect(rest).toEqual([])
    expect(block).toEqual({
      kind: 'states',
      label: null,
      states: [
        { colour: 'rgb(136 136 136)', name: { zh: 'off', en: 'off' } },
        { colour: 'rgb(255 204 0)', name: { zh: 'on', en: 'on' } },
        { colour: 'rgb(204 0 0)', name: { zh: 'fault', en: 'fault' } },
      ],
    })
  })

  it('shows a ramp with its stops and unit', () => {
    const layer = layerOf(
      rule({ pointClasses: ['Power'], ramp: { stops: [[0, '#000000'], [10, '#ffffff']], unit: 'kW' } }),
    )
    const points = [pointOf(0, 'Power', 1)]
    expect(legendOf(compileLayer(layer, points, COLUMNS), points)).toMatchObject([
      { kind: 'ramp', unit: 'kW', ticks: [0, 10] },
    ])
  })
})

describe('mergeBlocks', () => {
  it('joins what has the same colour, and keeps every word once', () => {
    const blocks = legendOf(compileLayer(layerOf(SWITCH, RUN), POINTS, COLUMNS), POINTS)
    const merged = mergeBlocks(blocks)
    expect(merged).toHaveLength(1)
    expect(merged[0]).toMatchObject({
      states: [
        { name: { en: 'off / stopped' } },
        { name: { en: 'on' } },
        { name: { en: 'fault' } },
        { name: { en: 'running' } },
      ],
    })
  })

  it('leaves labelled blocks and ramps alone', () => {
    const labelled = { kind: 'states', label: { zh: '门', en: 'Doors' }, states: [] } as const
    expect(mergeBlocks([labelled, labelled])).toEqual([labelled, labelled])
  })
})
