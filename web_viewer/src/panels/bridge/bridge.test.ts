import { createPinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, nextTick, type App } from 'vue'

import { setLocale } from '@/i18n'
import { REASONS_ZH, told } from '@/i18n/reasons'

import { loadTexts } from '../texts'
import * as api from './api'
import BridgePanel from './BridgePanel.vue'
import { bridge } from './index'
import { ageS, counted, markOf, sorted, trouble } from './lines'

function line(id: string, rest: Partial<api.BridgeLine> = {}): api.BridgeLine {
  return {
    id,
    kind: 'modbus',
    state: 'up',
    simulated: false,
    detail: `connected to ${id}`,
    received: 12,
    refused: 0,
    reconnects: 0,
    points: 4,
    bad: 0,
    last_message: null,
    last_error: '',
    reason: null,
    named: {},
    notes: [],
    ...rest,
  }
}

const DOWN = line('down', { state: 'down', received: 0, detail: '10.0.3.20:502: no connection', last_error: 'older', reason: 'no-connection', named: { at: '10.0.3.20:502' } })
const PARTLY = line('partly', { bad: 1, last_error: 'r1/mode: 3 is odd', reason: 'other', named: { point: 'r1/mode', text: '3 is odd' } })
const OFF = line('off', { state: 'off', detail: 'switched off in the file' })
const LINES = [line('a'), OFF, PARTLY, DOWN, line('b')]

describe('the lines', () => {
  it('come with what needs a person first', () => {
    expect(sorted(LINES).map((each) => each.id)).toEqual(['down', 'partly', 'a', 'b', 'off'])
    expect(LINES.map(markOf)).toEqual(['up', 'off', 'partly', 'down', 'up'])
    expect(counted(LINES)).toEqual({ down: 1, partly: 1, up: 2, off: 1 })
  })

  it('say what is wrong now, and nothing of what is over', () => {
    setLocale('en')
    expect(trouble(DOWN)).toEqual({ text: '10.0.3.20:502: no connection', lang: 'en' })
    setLocale('zh-CN')
    expect(trouble(DOWN)).toEqual({ text: '10.0.3.20:502：没有连接', lang: 'zh-CN' })
    expect(trouble(PARTLY)).toEqual({ text: 'r1/mode: 3 is odd', lang: 'en' })
    expect(trouble(OFF)).toBeNull()
    expect(trouble(line('well', { last_error: 'long ago' }))).toBeNull()
  })

  it('say every reason in Chinese', () => {
    for (const text of Object.values(REASONS_ZH)) expect(text).toMatch(/\p{Script=Han}/u)
    setLocale('zh-CN')
    const named = { point: 'r1/mode', place: 'unit 3 coil 1', unit: 3, wait: '2 s' }
    expect(told('in English', 'unit-silent', named).text).toBe('r1/mode：unit 3 coil 1：从站 3 在 2 s 内没有应答')
    expect(told('in English', null, {})).toEqual({ text: 'in English', lang: 'en' })
  })

  it('know how long nothing came', () => {
    const nowMs = Date.parse('2026-11-21T08:00:10Z')
    expect(ageS(line('a', { last_message: '2026-11-21T08:00:00Z' }), nowMs)).toBe(10)
    expect(ageS(line('a', { last_message: '2026-11-21T08:00:11Z' }), nowMs)).toBe(0)
    expect(ageS(line('a'), nowMs)).toBeNull()
  })
})

describe('the panel', () => {
  let app: App | null = null
  let place = document.createElement('div')

  beforeEach(async () => {
    setLocale('zh-CN')
    await loadTexts([bridge])
  })

  afterEach(() => {
    app?.unmount()
    vi.restoreAllMocks()
  })

  async function shown(): Promise<string> {
    place = document.createElement('div')
    app = createApp(BridgePanel)
    app.use(createPinia()).mount(place)
    await vi.waitFor(async () => {
      await nextTick()
      expect(place.querySelector('.note')).not.toBeNull()
    })
    return (place.textContent ?? '').replace(/\s+/g, ' ')
  }

  it('shows which line is down and why, in the language of the page', async () => {
    vi.spyOn(api, 'fetchBridge').mockResolvedValue({ items: LINES, clocks: [{ device: 'L-01', behind_s: 3600 }] })
    const text = await shown()
    expect(text).toContain('1 断开 · 1 部分异常 · 2 正常')
    expect(text).toContain('10.0.3.20:502：没有连接')
    expect(text).toContain('1 个点无效')
    expect(text).toContain('Modbus TCP')
    expect(text).toContain('从未收到')
    expect(text).toContain('L-01：慢 3,600 秒')
  })

  it('marks the lines whose devices the server plays', async () => {
    vi.spyOn(api, 'fetchBridge').mockResolvedValue({ items: [line('a'), line('b', { simulated: true })], clocks: [] })
    await shown()
    const marked = [...place.querySelectorAll('[data-test=bridge-simulated]')].map((each) => each.closest('li')?.querySelector('b')?.textContent)
    expect(marked).toEqual(['b'])
  })

  it('says of a line that heard something, but not when, only how much', async () => {
    vi.spyOn(api, 'fetchBridge').mockResolvedValue({ items: [line('simulation', { received: 46570 })], clocks: [] })
    const text = await shown()
    expect(text).toContain('收到 46,570')
    expect(text).not.toContain('从未收到')
  })

  it('says that there are none, and that it did not work', async () => {
    vi.spyOn(api, 'fetchBridge').mockResolvedValue({ items: [], clocks: [] })
    expect(await shown()).toContain('adapters.yaml')
    app?.unmount()
    vi.spyOn(api, 'fetchBridge').mockRejectedValue(new Error('away'))
    expect(await shown()).toContain('没有成功')
  })
})
