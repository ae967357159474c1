import { describe, expect, it } from 'vitest'

import { states } from '@/logic/fixture'

import { bucketsOf, SPANS, stepOf, type Bucket } from './buckets'
import { counterOption, gaugeOption, samplesOption, statesOption, type Frame } from './chart'

const HOUR_MS = 3_600_000
const FRAME: Frame = {
  fromMs: 0,
  toMs: 4 * HOUR_MS,
  states: [],
  valueText: (value) => (Number.isNaN(value) ? '–' : `${String(value)} kW`),
  amountText: (value) => String(value),
  axisText: String,
  timeText: (timeMs) => `hour ${String(timeMs / HOUR_MS)}`,
  stateText: (state) => state.zh,
  words: { mean: 'mean', range: 'range', increase: 'counted', resets: 'began anew' },
  colours: { line: 'blue', text: 'grey', grid: 'dark', good: 'green', warn: 'orange', bad: 'red', card: 'black', ink: 'white' },
  fontPx: 12,
}
const ITEM = { from: '1970-01-01T00:00:00.000Z', to: '1970-01-01T01:00:00.000Z', known_s: 3600, count: 2, mean: 5, min: 1, max: 9, last: 9, state: null, increase: null, resets: null, states_s: null }
const ANSWER = { device: 'D', point: 'p', unit: 'kW', kind: 'gauge' as const, states: [], every: 'hour' as const, time_zone: 'UTC', items: [ITEM] }

interface Option {
  readonly series: readonly { readonly data: readonly (readonly [number, number | null])[]; readonly type: string; readonly step?: unknown; readonly itemStyle?: { readonly color: string } }[]
  readonly tooltip: { readonly formatter: (of: readonly unknown[]) => string }
}

function bucket(given: Partial<Bucket>): Bucket {
  return { fromMs: 0, toMs: HOUR_MS, mean: 5, low: 1, high: 9, increase: Number.NaN, resets: 0, shares: [], ...given }
}

function unknown(fromMs: number): Bucket {
  return bucket({ fromMs, toMs: fromMs + HOUR_MS, mean: Number.NaN, low: Number.NaN, high: Number.NaN })
}

describe('what is asked for', () => {
  it('is samples of a day, hours of weeks, days of a year; counters are never samples', () => {
    const steps = (kind: 'gauge' | 'counter' | 'state'): string[] => Object.values(SPANS).map((spanMs) => stepOf(spanMs, kind))
    expect(steps('gauge')).toEqual(['samples', 'hour', 'hour', 'day'])
    expect(steps('state')).toEqual(['samples', 'hour', 'hour', 'day'])
    expect(steps('counter')).toEqual(['hour', 'hour', 'hour', 'day'])
  })

  it('comes as buckets, what is not known as NaN, states as shares of the time', () => {
    const items = [ITEM, { ...ITEM, mean: null, min: null, max: null, states_s: { off: 900, on: 1800 } }]
    const found = bucketsOf({ ...ANSWER, kind: 'state', states: ['off', 'on'], items })
    expect(found[0]).toMatchObject({ fromMs: 0, toMs: HOUR_MS, mean: 5, low: 1, high: 9, resets: 0 })
    expect(found[0].increase).toBeNaN()
    expect(found[1].mean).toBeNaN()
    expect(found[1].shares).toEqual([0.25, 0.5])
  })
})

describe('charts of the past', () => {
  it('draw the mean in a band, and nothing where nothing is known', () => {
    const option = gaugeOption([bucket({}), unknown(HOUR_MS)], FRAME) as unknown as Option
    const [low, height, mean] = option.series.map((each) => each.data.map((point) => point[1]))
    expect([low, height, mean]).toEqual([[1, null], [8, null], [5, null]])
    expect(option.tooltip.formatter([{ dataIndex: 0 }])).toBe('hour 0<br>mean <b>5 kW</b><br>range <b>1 kW … 9 kW</b>')
    expect(option.tooltip.formatter([{ dataIndex: 1 }])).toBe('hour 1<br><b>–</b>')
  })

  it('draw counters as bars, and say where one began anew', () => {
    const option = counterOption([bucket({ increase: 3 }), bucket({ increase: 2, resets: 1 })], FRAME) as unknown as Option
    expect(option.series[0].type).toBe('bar')
    expect(option.series[0].data.map((point) => point[1])).toEqual([3, 2])
    expect(option.tooltip.formatter([{ dataIndex: 0 }])).not.toContain('anew')
    expect(option.tooltip.formatter([{ dataIndex: 1 }])).toContain('began anew <b>1</b>')
  })

  it('draw states as shares, faults in red, names without markup', () => {
    const named = states('off', '<on>', 'fault')
    const option = statesOption([bucket({ shares: [0.25, 0.5, 0] })], { ...FRAME, states: named }) as unknown as Option
    expect(option.series.map((each) => each.data[0][1])).toEqual([0.25, 0.5, null])
    expect(option.series[2].itemStyle?.color).toBe('red')
    expect(option.tooltip.formatter([{ dataIndex: 0 }])).toBe('hour 0<br>off <b>25 %</b><br>&lt;on&gt; <b>50 %</b>')
  })

  it('draw samples, of states in steps', () => {
    const curve = { time: [0, HOUR_MS], value: [1, Number.NaN] }
    const steps = [FRAME, { ...FRAME, states: states('off', 'on') }].map((frame) => (samplesOption(curve, frame) as unknown as Option).series[0])
    expect(steps.map((each) => each.step)).toEqual([false, 'end'])
    expect(steps[0].data).toEqual([[0, 1], [HOUR_MS, null]])
  })
})
