import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import { ApiError } from '@/net/http'

import * as api from './api'
import { useIncidentStore } from './store'
import { lengthText, momentText } from './words'

const INCIDENT: api.Incident = {
  id: 'i1', number: 3, version: 1, title: 'Smoke', summary: '', conclusions: '',
  from: '2026-11-17T11:00:00.000Z', to: '2026-11-17T12:00:00.000Z', at: '2026-11-17T11:30:00.000Z',
  element: null, space: null, alarm: null, points: ['A/t'], pictures: [],
  author: 'ann', created: '2026-11-18T08:00:00.000Z', changed: '2026-11-18T08:00:00.000Z', changed_by: 'ann',
}
const DOSSIER: api.Dossier = { entries: [], left_out: 0, responses: [], points: [], gaps: [], recorded: 1 }

function point(unit: string): api.PointReport {
  const nothing = { value: null, state: null, quality: null }
  return {
    point: 'A/t', name: { zh: '', en: '' }, device_name: { zh: '', en: '' }, unit,
    before: nothing, at: nothing, after: nothing, least: null, greatest: null, mean: null, samples: 0, doubtful: 0,
  }
}

beforeEach(() => {
  setActivePinia(createPinia())
  vi.restoreAllMocks()
})

describe('a length of time', () => {
  it.each([
    [400, '0.4 s', '0.4 秒'],
    [59_400, '59 s', '59 秒'],
    [187_000, '3 min 7 s', '3 分 7 秒'],
    [3_600_000, '1 h', '1 小时'],
    [90_061_000, '1 d 1 h', '1 天 1 小时'],
  ])('of %d ms is told in its two largest units', (ms, en, zh) => {
    expect(lengthText(ms, 'en')).toBe(en)
    expect(lengthText(ms, 'zh-CN')).toBe(zh)
  })
})

describe('a value at a moment', () => {
  it('is a state, a number with its unit, or nothing', () => {
    const fault = { value: 2, state: { zh: '故障', en: 'Fault' }, quality: 'good' }
    expect(momentText(point('1'), fault, 'zh-CN')).toBe('故障')
    expect(momentText(point('degC'), { value: 21.5, state: null, quality: 'good' }, 'en')).toBe('21.5 °C')
    expect(momentText(point('degC'), { value: null, state: null, quality: null }, 'en')).toBe('–')
  })
})

describe('the open report', () => {
  it('sends with each change the version that was read, and goes on with the one that came back', async () => {
    vi.spyOn(api, 'fetchIncident').mockResolvedValue(INCIDENT)
    vi.spyOn(api, 'fetchDossier').mockResolvedValue(DOSSIER)
    const sent = vi.spyOn(api, 'changeIncident').mockImplementation((_id, said) => Promise.resolve({ ...INCIDENT, version: said.version + 1 }))
    const incidents = useIncidentStore()
    await incidents.choose('i1')
    expect(await incidents.change({ title: 'Fire' })).toBe(true)
    expect(await incidents.change({ summary: 'x' })).toBe(true)
    expect(sent.mock.calls.map(([, said]) => said.version)).toEqual([1, 2])
  })

  it('stays as it was where somebody else was faster, and says so', async () => {
    vi.spyOn(api, 'fetchIncident').mockResolvedValue(INCIDENT)
    vi.spyOn(api, 'fetchDossier').mockResolvedValue(DOSSIER)
    vi.spyOn(api, 'changeIncident').mockRejectedValue(new ApiError('ann has changed incident 3 meanwhile', 409))
    const incidents = useIncidentStore()
    await incidents.choose('i1')
    expect(await incidents.change({ title: 'Fire' })).toBe(false)
    expect(incidents.open).toEqual(INCIDENT)
    expect(incidents.problem).toContain('meanwhile')
  })

  it('cannot be written in an archive', async () => {
    vi.spyOn(api, 'fetchArchive').mockResolvedValue({ incident: 'i1', number: 3, title: 'Smoke', from: '', to: '', at: '', venue: '', made: '', made_by: '' })
    const incidents = useIncidentStore()
    expect(incidents.readOnly).toBe(false)
    await incidents.learnArchive()
    expect(incidents.readOnly).toBe(true)
  })
})
