import { createPinia, setActivePinia, type Pinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, nextTick } from 'vue'

import { setLocale } from '@/i18n'
import { useSelectionStore } from '@/stores/selection'

import * as api from './api'
import BindingRow from './BindingRow.vue'
import DeviceCard from './DeviceCard.vue'
import DevicesPanel from './DevicesPanel.vue'
import ElementBinding from './ElementBinding.vue'
import { firstKind, following, likelyPairs } from './rows'
import { useDevicesStore } from './store'

let pinia: Pinia

function element(guid: string): api.Guess['element'] {
  return { guid, element_index: 4, name: { zh: `灯 ${guid}`, en: `Lamp ${guid}` }, tag: '', ifc_class: 'IfcLightFixture', storey: null, space: null, box: null }
}

function guess(guid: string, confidence: number): api.Guess {
  return { element: element(guid), confidence, rules: ['tag'], text: 'L-01', distance_m: null }
}

function row(device: string, guesses: readonly api.Guess[], more: Partial<api.Row> = {}): api.Row {
  const name = { zh: `灯 ${device}`, en: `Lamp ${device}` }
  return { device, name, type: 'lamp', type_name: { zh: '灯', en: 'Lamp' }, kind: 'guessed', element: null, bound: null, past: null, guesses: [...guesses], ...more }
}

const NONE: api.Counts = { vanished: 0, ruled: 0, guessed: 0, unbound: 0, aside: 0, settled: 5, shared: 0, doubtful: 0 }

function report(rows: readonly api.Row[], counts: Partial<api.Counts> = { guessed: rows.length }): api.Report {
  return { items: [...rows], next: null, counts: { ...NONE, ...counts }, shared: [] }
}

function show(component: Parameters<typeof createApp>[0], props: Record<string, unknown> = {}): HTMLElement {
  const place = document.createElement('div')
  createApp(component, props).use(pinia).mount(place)
  return place
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

beforeEach(() => {
  vi.restoreAllMocks()
  pinia = createPinia()
  setActivePinia(pinia)
  setLocale('zh-CN')
})

describe('what can be confirmed at once', () => {
  it('is every first guess that is likely and that no other row wants', () => {
    const rows = [row('a', [guess('x', 0.95)]), row('b', [guess('y', 0.89)]), row('c', []), row('d', [guess('z', 0.9), guess('x', 0.8)])]
    expect(likelyPairs(rows)).toEqual([{ device: 'a', element: 'x' }, { device: 'd', element: 'z' }])
    expect(likelyPairs([...rows, row('e', [guess('x', 0.99)])])).toEqual([{ device: 'd', element: 'z' }])
  })

  it('is all that rules have bound', () => {
    const rows = [row('a', [], { kind: 'ruled', bound: element('x') }), row('b', [], { kind: 'ruled' })]
    expect(likelyPairs(rows)).toEqual([{ device: 'a', element: 'x' }])
  })
})

describe('the list', () => {
  it('goes on to what is next, or before, once a device is settled', () => {
    const rows = [row('a', []), row('b', []), row('c', [])]
    expect(['a', 'b', 'c'].map((device) => following(rows, device))).toEqual(['b', 'c', 'b'])
    expect(following([row('a', [])], 'a')).toBe('')
  })

  it('begins with the kind that most deserves a look', () => {
    expect(firstKind({ ...NONE, unbound: 2, vanished: 1 }, 'guessed')).toBe('vanished')
    expect(firstKind({ ...NONE, guessed: 2, vanished: 1 }, 'guessed')).toBe('guessed')
    expect(firstKind({ ...NONE, aside: 2 }, 'guessed')).toBe('guessed')
  })

  it('shows how many there are of each kind, and confirms all likely ones in one go', async () => {
    const rows = [row('a', [guess('x', 0.95)]), row('b', [guess('y', 0.93)])]
    vi.spyOn(api, 'fetchReport').mockResolvedValue(report(rows, { guessed: 2, vanished: 1 }))
    const accepted = vi.spyOn(api, 'acceptBindings').mockResolvedValue({ ...NONE, vanished: 1, settled: 7 })
    const place = show(DevicesPanel)
    await settled()
    expect(place.querySelector('[data-kind=guessed]')?.textContent).toContain('2')
    expect(place.querySelector('[data-kind=unbound]')).toBeNull()
    place.querySelector<HTMLElement>('[data-test=confirm-likely]')?.click()
    await settled()
    expect(accepted).toHaveBeenCalledWith([{ device: 'a', element: 'x' }, { device: 'b', element: 'y' }])
    expect(place.querySelectorAll('[data-test=binding-rows] > li')).toHaveLength(0)
  })

  it('says so when every device is bound', async () => {
    vi.spyOn(api, 'fetchReport').mockResolvedValue(report([], {}))
    const place = show(DevicesPanel)
    await settled()
    expect(place.querySelector('[data-test=bindings-done]')).not.toBeNull()
  })

  it('says why it cannot be read', async () => {
    vi.spyOn(api, 'fetchReport').mockRejectedValue(new Error('away'))
    const place = show(DevicesPanel)
    await settled()
    expect(place.querySelector('[role=alert]')?.textContent).toContain('away')
  })

  it('lists who was refused when that is asked for', async () => {
    vi.spyOn(api, 'fetchReport').mockResolvedValue(report([]))
    const entry = { way: 'mqtt', name: 'stranger', fault: 'bad_secret', times: 3, first: '2026-01-01T00:00:00Z', last: '2026-01-01T00:00:00Z' } as const
    vi.spyOn(api, 'fetchRefused').mockResolvedValue({ items: [entry], next: null, total: 3, signed_only: true })
    const place = show(DevicesPanel)
    await settled()
    place.querySelector<HTMLElement>('[data-tab=refused]')?.click()
    await settled()
    expect(place.querySelector('[data-test=refused]')?.textContent).toContain('stranger')
    expect(place.querySelector('[data-test=refused]')?.textContent).toContain('密钥错误')
  })
})

describe('a device of the list', () => {
  it('opens its guesses, flies to the best, and is confirmed or not', async () => {
    const devices = useDevicesStore()
    const one = row('a', [guess('x', 0.6), guess('y', 0.3)])
    devices.report = report([one])
    const flown = vi.spyOn(useSelectionStore(), 'goTo').mockResolvedValue()
    const rejected = vi.spyOn(api, 'rejectGuesses').mockResolvedValue(NONE)
    vi.spyOn(api, 'fetchReport').mockResolvedValue(report([one]))
    const accepted = vi.spyOn(api, 'acceptBindings').mockResolvedValue(NONE)
    const place = show(BindingRow, { row: one })
    place.querySelector<HTMLElement>('button')?.click()
    await nextTick()
    expect(flown).toHaveBeenCalledWith(4)
    expect([...place.querySelectorAll<HTMLElement>('.guess')].map((each) => each.dataset.guid)).toEqual(['x', 'y'])
    place.querySelector<HTMLElement>('[data-guid=y] [data-test=reject]')?.click()
    await settled()
    expect(rejected).toHaveBeenCalledWith([{ device: 'a', element: 'y' }])
    place.querySelector<HTMLElement>('[data-guid=x] [data-test=confirm]')?.click()
    await settled()
    expect(accepted).toHaveBeenCalledWith([{ device: 'a', element: 'x' }])
  })

  it('is bound to whatever is picked on the model', async () => {
    const devices = useDevicesStore()
    const selection = useSelectionStore()
    vi.spyOn(api, 'fetchReport').mockResolvedValue(report([]))
    const accepted = vi.spyOn(api, 'acceptBindings').mockResolvedValue(NONE)
    const place = show(ElementBinding)
    selection.detail = { guid: 'picked' } as typeof selection.detail
    await nextTick()
    expect(place.querySelector('[data-test=bind-here]')).toBeNull()
    devices.place(row('a', []))
    await nextTick()
    place.querySelector<HTMLElement>('[data-test=bind-here]')?.click()
    await settled()
    expect(accepted).toHaveBeenCalledWith([{ device: 'a', element: 'picked' }])
    expect(devices.placing).toBeNull()
  })
})

describe('a device of the picked element', () => {
  const facts = (maintenance: string): api.Facts => ({
    device: 'a', type: 'lamp', manufacturer: 'Acme', model: '', serial: '', firmware: '', area: '', organisation: '', installed: '',
    warranty_until: '2020-01-01', protocol: '', note: '', maintenance, under_warranty: false, written: [], changed: null, changed_by: null, secrets: 0,
  })

  it('shows what is known of it, and that its warranty is over', async () => {
    vi.spyOn(api, 'fetchFacts').mockResolvedValue(facts(''))
    const place = show(DeviceCard, { device: 'a', several: false })
    await settled()
    expect(place.querySelector('dl')?.textContent).toContain('Acme')
    expect(place.querySelector('dl')?.textContent).toContain('已过保')
    expect(place.querySelectorAll('dt')).toHaveLength(2)
  })

  it('is put into maintenance with a reason, and back', async () => {
    vi.spyOn(api, 'fetchFacts').mockResolvedValue(facts(''))
    const set = vi.spyOn(api, 'setMaintenance').mockImplementation((_, reason) => Promise.resolve(facts(reason)))
    const place = show(DeviceCard, { device: 'a', several: false })
    await settled()
    place.querySelector<HTMLElement>('[data-test=ask-hold]')?.click()
    await nextTick()
    const field = place.querySelector<HTMLInputElement>('[data-test=hold-why]')
    expect(place.querySelector<HTMLButtonElement>('[data-test=hold]')?.disabled).toBe(true)
    if (field) field.value = ' rewired '
    field?.dispatchEvent(new Event('input'))
    await nextTick()
    place.querySelector('form')?.dispatchEvent(new Event('submit'))
    await settled()
    expect(set).toHaveBeenCalledWith('a', 'rewired')
    expect(place.querySelector('[role=status]')?.textContent).toContain('rewired')
    place.querySelector<HTMLElement>('[data-test=release]')?.click()
    await settled()
    expect(set).toHaveBeenLastCalledWith('a', '')
    expect(place.querySelector('[role=status]')).toBeNull()
  })
})
