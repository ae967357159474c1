import fc from 'fast-check'
import { createPinia, setActivePinia, type Pinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, nextTick, type App } from 'vue'

import { addPanelTexts, setLocale } from '@/i18n'
import { useLiveStore } from '@/stores/live'

import type { Balance, CircuitInfo, Comparison, Flows, Series, Summary } from './api'
import EnergyPanel from './EnergyPanel.vue'
import { dayChartOption, type DayChartData } from './chart'
import { dayOf, densityPaint, highlightPaint, hourly, isWhole, moneyText, shareText, sidesOf, treeRows, without } from './figures'
import { messages } from './messages'

vi.mock('./DayChart.vue', () => ({ __esModule: true, default: { props: ['today', 'yesterday', 'names'], template: '<p data-test="chart">{{ names.today }}|{{ names.yesterday }}|{{ today }}</p>' } }))

const NOW = '2026-11-19T06:00:00.000Z'
const FLOWS: Flows = { time: NOW, grid_kw: 100, generated_kw: 20, storage_kw: 30, soc_percent: 64.4, vehicles_kw: 10, used_kw: 90 }

function flows(given: Partial<Flows> = {}): Flows {
  return { ...FLOWS, ...given }
}

function parts(of: Flows): Record<string, Record<string, number> | null> {
  return Object.fromEntries(sidesOf(of).map((side) => [side.key, side.kw === null ? null : Object.fromEntries(side.parts.map((part) => [part.key, part.kw]))]))
}

function balance(given: Partial<Balance> = {}): Balance {
  return {
    day: '2026-11-19',
    from_time: '2026-11-18T16:00:00.000Z',
    to: NOW,
    covered_from: '2026-11-18T16:00:00.000Z',
    covered_to: NOW,
    grid_kwh: 1200,
    generated_kwh: 300,
    charged_kwh: 80,
    discharged_kwh: 20,
    vehicles_kwh: 55,
    used_kwh: 1440,
    resets: 0,
    missing_hours: 0,
    ...given,
  }
}

function circuit(id: string, parent: string | null, kwh: number | null, given: Partial<CircuitInfo> = {}): CircuitInfo {
  return { id, name: { zh: id, en: id }, parent, role: 'load', meter: `m-${id}`, kw: 1, kwh, rest_kwh: null, elements: [], ...given }
}

function hours(...items: (number | null)[][]): Series {
  const times = Array.from({ length: (items[0]?.length ?? 0) + 1 }, (_, hour) => new Date(Date.UTC(2026, 10, 18, 16 + hour)).toISOString())
  return { by: 'total', step: 'hour', times, items: items.map((kwh, index) => ({ key: String(index), kwh })), gaps: [] }
}

describe('what flows', () => {
  it('has two sides of one sum', () => {
    expect(parts(flows())).toEqual({ from: { grid: 100, generated: 20 }, into: { building: 80, vehicles: 10, storageIn: 30 } })
    fc.assert(
      fc.property(fc.integer({ min: -200, max: 400 }), fc.integer({ min: 0, max: 200 }), fc.integer({ min: -100, max: 100 }), fc.nat(50), (grid, sun, stored, vehicles) => {
        const used = grid + sun - stored
        fc.pre(used >= vehicles)
        const [from, into] = sidesOf(flows({ grid_kw: grid, generated_kw: sun, storage_kw: stored, vehicles_kw: vehicles, used_kw: used }))
        expect(into.kw).toBeCloseTo(from.kw ?? Number.NaN, 9)
        for (const part of [...from.parts, ...into.parts]) expect(part.kw).toBeGreaterThan(0)
      }),
    )
  })

  it('goes into the grid when there is more sun than use', () => {
    expect(parts(flows({ grid_kw: -40, generated_kw: 150, storage_kw: -5, used_kw: 115 }))).toEqual({
      from: { generated: 150, storageOut: 5 },
      into: { building: 105, vehicles: 10, gridOut: 40 },
    })
  })

  it('is nothing at all, or not known: not the same', () => {
    const still = flows({ grid_kw: 0, generated_kw: 0, storage_kw: 0, vehicles_kw: 0, used_kw: 0 })
    expect(sidesOf(still).map((side) => [side.kw, side.parts.length])).toEqual([[0, 0], [0, 0]])
    expect(parts(flows({ grid_kw: null, used_kw: null }))).toEqual({ from: null, into: null })
    expect(parts(flows({ used_kw: null })).from).toEqual({ grid: 100, generated: 20 })
  })
})

describe('a day', () => {
  it('is whole where its readings begin and end within twenty minutes of it', () => {
    expect(isWhole(balance())).toBe(true)
    expect(isWhole(balance({ covered_from: '2026-11-18T16:15:00.000Z', covered_to: '2026-11-19T05:45:00.000Z' }))).toBe(true)
    expect(isWhole(balance({ covered_from: '2026-11-18T16:21:00.000Z' }))).toBe(false)
    expect(isWhole(balance({ covered_to: '2026-11-19T05:30:00.000Z' }))).toBe(false)
    expect(isWhole(balance({ covered_from: null, covered_to: null }))).toBe(false)
  })

  it('is that of the venue, not of the reader', () => {
    expect(dayOf(Date.parse('2026-11-18T16:00:00Z'), 'Asia/Shanghai')).toBe('2026-11-19')
    expect(dayOf(Date.parse('2026-11-18T15:59:59Z'), 'Asia/Shanghai')).toBe('2026-11-18')
    expect(dayOf(Date.parse('2026-11-18T23:00:00Z'), 'America/New_York')).toBe('2026-11-18')
  })

  it('adds its intakes up by the hour, and leaves an hour open that one of them does not know', () => {
    expect(hourly(hours([1, null, 3], [10, 20, 0]))).toEqual([11, null, 3])
    expect(hourly(hours())).toEqual([])
    expect(hourly({ ...hours([1, 2]), items: [] })).toEqual([null, null])
  })
})

describe('numbers', () => {
  it('say more and less with a sign, and nothing without', () => {
    expect([0.0826, -0.0061, 0, 0.0001].map((share) => shareText(share, 'en'))).toEqual(['+8.3%', '−0.6%', '0.0%', '0.0%'])
  })

  it('are money in its own currency', () => {
    expect(moneyText(1234.5, 'CNY', 'zh-CN')).toBe('¥1,234.50')
    expect(moneyText(1234.5, 'EUR', 'en')).toBe('€1,234.50')
  })
})

describe('the tree of circuits', () => {
  const circuits = [circuit('main', null, 100, { rest_kwh: 12 }), circuit('a', 'main', 30), circuit('b', 'main', 58), circuit('c', 'b', null), circuit('d', 'main', 58)]

  it('shows what is open, the greatest first', () => {
    expect(treeRows(circuits, new Set()).map((row) => row.key)).toEqual(['main'])
    const rows = treeRows(circuits, new Set(['main', 'b']))
    expect(rows.map((row) => [row.key, row.depth, row.hasChildren])).toEqual([
      ['main', 0, true],
      ['b', 1, true],
      ['c', 2, false],
      ['d', 1, false],
      ['a', 1, false],
      ['rest:main', 1, false],
    ])
    expect(rows.at(-1)).toMatchObject({ circuit: null, kwh: 12 })
  })

  it('has no rest where that is the meters\' tolerance', () => {
    for (const rest of [1, 0, -3, null]) {
      const rows = treeRows([circuit('main', null, 100, { rest_kwh: rest }), circuit('a', 'main', 99)], new Set(['main']))
      expect(rows.map((row) => row.key)).toEqual(['main', 'a'])
    }
  })
})

describe('colours on the model', () => {
  it('get stronger with density, and stop at the ends of the scale', () => {
    const { indices, rgba } = densityPaint(new Map([[7, -5], [8, 0], [9, 15], [10, 100], [11, 5000]]))
    expect([...indices]).toEqual([7, 8, 9, 10, 11])
    const colour = (position: number): string => rgba.subarray(position * 4, position * 4 + 4).join()
    expect(colour(0)).toBe(colour(1))
    expect(colour(3)).toBe(colour(4))
    expect(new Set([colour(1), colour(2), colour(3)]).size).toBe(3)
    const brightness = [1, 2, 3].map((position) => rgba[position * 4] + rgba[position * 4 + 1] + rgba[position * 4 + 2])
    expect(brightness).toEqual([...brightness].sort((a, b) => b - a))
  })

  it('leave what an alarm has coloured', () => {
    const whole = highlightPaint([3, 4, 5])
    const left = without(whole, new Map([[4, 'alarm']]))
    expect([...left.indices]).toEqual([3, 5])
    expect([...left.rgba]).toEqual([...whole.rgba.subarray(0, 4), ...whole.rgba.subarray(8, 12)])
  })
})

describe('the chart', () => {
  const colours = { today: '#111', yesterday: '#222', text: '#333', grid: '#444' }
  const data: DayChartData = { today: [1, null], yesterday: [2, 3], names: { today: 'T', yesterday: 'Y' }, colours, fontPx: 24, number: (value) => `<${value.toFixed(1)}>` }

  it('leaves unknown hours open and speaks the reader\'s numbers', () => {
    const option = dayChartOption(data) as { series: { data: unknown; connectNulls?: boolean; name: string }[]; tooltip: { valueFormatter: (value: unknown) => string }; xAxis: { data: string[] } }
    expect(option.series.map((each) => each.data)).toEqual([[1, null], [2, 3]])
    expect(option.series[1].connectNulls).toBe(false)
    expect(option.tooltip.valueFormatter(12)).toBe('<12.0> kWh')
    expect(option.tooltip.valueFormatter(null)).toBe('–')
    expect(option.xAxis.data).toHaveLength(24)
  })

  it('names the unit where there are figures, and nothing where there are none', () => {
    const unitOf = (today: (number | null)[]): string => (dayChartOption({ ...data, today, yesterday: today.map(() => null) }) as { yAxis: { name: string } }).yAxis.name
    expect(unitOf([null, 3])).toBe('kWh')
    expect(unitOf([null, null])).toBe('')
  })

  it('grows with the text of the page', () => {
    const lineOf = (fontPx: number): number => (dayChartOption({ ...data, fontPx }) as { series: { lineStyle?: { width: number } }[] }).series[1].lineStyle?.width ?? 0
    expect(lineOf(24)).toBeGreaterThan(lineOf(9))
  })
})

const SAME: Comparison = { day: '2026-11-18', days_before: 1, measure: 'used', share: 0.0826, refusal: null, is_own: false }
const GONE: Comparison = { day: '2026-11-12', days_before: 7, measure: 'grid', share: null, refusal: 'gap', is_own: false }

function summary(given: Partial<Summary> = {}): Summary {
  return {
    timezone: 'Asia/Shanghai',
    now: flows(),
    today: balance(),
    yesterday: balance({ day: '2026-11-18', from_time: '2026-11-17T16:00:00.000Z' }),
    last_week: balance({ day: '2026-11-12', missing_hours: 3.25 }),
    comparisons: [SAME, GONE],
    storeys: [{ storey: 's', element_index: 3, area_m2: 100, kw: 1, kwh: 10, w_per_m2: 3.1415, metered: false, missing: ['EV'] }],
    kinds: [{ kind: 'charging', kw: null, kwh: null, metered: true, missing: [] }],
    carbon: { kg: 491.04, kgco2e_per_kwh: 0.4092, source: 'the ministry' },
    cost: null,
    gaps: [],
    ...given,
  }
}

describe('the panel', () => {
  let pinia: Pinia
  let app: App | null = null
  let asked: string[] = []

  function serve(found: Summary | null): void {
    vi.stubGlobal('fetch', (path: string) => {
      asked.push(path)
      if (found === null) return Promise.resolve(Response.json({ detail: 'the film is away' }, { status: 503 }))
      if (path.includes('/summary')) return Promise.resolve(Response.json(found))
      if (path.includes('/circuits')) return Promise.resolve(Response.json({ day: '', to: '', items: [circuit('main', null, 100, { rest_kwh: 12 }), circuit('a', 'main', 88)] }))
      if (path.includes('/spaces')) return Promise.resolve(Response.json({ day: '', to: '', items: [] }))
      return Promise.resolve(Response.json(hours([5, 6])))
    })
  }

  async function open(found: Summary | null): Promise<HTMLElement> {
    serve(found)
    const place = document.createElement('div')
    app = createApp(EnergyPanel).use(pinia)
    app.mount(place)
    await vi.waitFor(() => {
      expect(place.querySelector(found === null ? '[role=alert]' : '[data-test=chart]')).not.toBeNull()
    })
    return place
  }

  function text(place: Element | null): string {
    return (place?.textContent ?? '').replace(/\s+/g, ' ').trim()
  }

  beforeEach(async () => {
    pinia = createPinia()
    setActivePinia(pinia)
    addPanelTexts('energy', messages)
    setLocale('zh-CN')
    asked = []
    await nextTick()
  })
  afterEach(() => {
    app?.unmount()
    vi.unstubAllGlobals()
  })

  it('tells the day, and its difference to yesterday', async () => {
    const place = await open(summary())
    expect(text(place.querySelector('.big'))).toBe('今日用电1,440 kWh')
    expect(text(place.querySelector('[data-days="1"]'))).toBe('与昨日同时段相比+8.3%')
    expect(text(place.querySelector('[data-test=chart]'))).toBe('今日|昨日|[ 5, 6 ]')
    expect(text(place)).toContain('491 kgCO₂e')
    expect(text(place)).toContain('电费未配置')
    expect(text(place.querySelector('[data-test=energy-storage]'))).toContain('64% 储能充电')
  })

  it('says why it does not compare, and whose fault that is', async () => {
    const own: Comparison = { ...SAME, share: null, refusal: 'reset', is_own: true }
    const place = await open(summary({ comparisons: [own, GONE] }))
    expect(text(place.querySelector('[data-days="1"]'))).toBe('与昨日同时段相比不作比较今日有表底复位或换表')
    expect(text(place.querySelector('[data-days="7"]'))).toContain('上周同日缺 3.3 小时记录')
    setLocale('en')
    await nextTick()
    expect(text(place.querySelector('[data-days="1"]'))).toContain('a counter began anew or was replaced today')
  })

  it('falls back to the grid where the use is not known, and says so once', async () => {
    const byGrid: Comparison = { ...SAME, measure: 'grid', share: -0.1 }
    const place = await open(summary({ today: balance({ used_kwh: null }), comparisons: [byGrid, GONE] }))
    expect(text(place.querySelector('.big'))).toBe('今日电网电量1,200 kWh')
    expect(text(place).split('1,200 kWh')).toHaveLength(2)
    expect(text(place)).toContain('用电量无法得出')
    expect(text(place.querySelector('[data-days="1"]'))).toBe('电网电量与昨日同时段相比−10.0%')
  })

  it('does not tell of sun, storage and chargers where there are none', async () => {
    const nothing = balance({ generated_kwh: null, charged_kwh: null, discharged_kwh: null, vehicles_kwh: null })
    const place = await open(summary({ today: nothing, kinds: [] }))
    const facts = [...place.querySelectorAll('.facts dt')].map((each) => text(each))
    expect(facts).toEqual(['电网电量', '碳排放', '电费'])
  })

  it('does not call a past day today', async () => {
    const live = useLiveStore()
    live.mode = 'replay'
    live.presentMs = Date.parse('2026-11-21T00:00:00Z')
    live.nowMs = Date.parse(NOW)
    const place = await open(summary())
    expect(asked[0]).toContain('at=2026-11-19')
    expect(text(place.querySelector('.big'))).toContain('11-19 用电')
    expect(text(place.querySelector('[data-days="1"]'))).toContain('与前一日同时段相比')
    expect(text(place.querySelector('[data-test=chart]'))).toContain('11-19|11-18')
    expect(text(place)).not.toContain('今日')
  })

  it('shows what no meter below saw, and what is shared out', async () => {
    const place = await open(summary())
    expect(text(place.querySelector('.rest'))).toBe('未分项12 kWh')
    place.querySelector<HTMLButtonElement>('[data-way=storeys]')?.click()
    await nextTick()
    const storey = place.querySelector<HTMLElement>('[data-storey]')
    expect(text(storey)).toContain('1.0 kW · 10 kWh · 3.1 W/m²')
    expect(storey?.title).toContain('EV')
  })

  it('says what went wrong', async () => {
    expect(text(await open(null))).toContain('the film is away')
  })
})
