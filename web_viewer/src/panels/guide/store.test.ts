import { flushPromises } from './flush'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, defineComponent, h } from 'vue'

import { hallPlan, liftRoute, place } from './fixture'
import { useGuideStore } from './store'
import type { Route } from './types'

type Store = ReturnType<typeof useGuideStore>
type Reply = () => Promise<Response> | Response

let routeReply: Reply
let asked: URL[] = []

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status })
}

function closed(reason: string): Response {
  return json({ detail: '门已锁', errors: [{ reason }] }, 409)
}

function model(): unknown {
  const storey = (guid: string, name: string, position: number, elevation_m: number): unknown => ({
    guid, element_index: position, name, name_en: name, long_name: name, position, elevation_m, height_m: 4, element_count: 1,
  })
  return {
    name: 'm', revision: 'r', tileset_url: '', columns_url: '', bounds: null, element_count: 1, simulated: false, speed: 1,
    storeys: [storey('storey-1', '1F 大厅', 1, 0), storey('storey-3', '3F 球馆', 3, 9)],
    venue: { name: { zh: '馆', en: 'Hall' }, timezone: 'UTC', location: null },
  }
}

function poi(id: string, zh: string, storey: string, z: number): unknown {
  return { id, kind: 'service', name: { zh, en: id }, space: null, storey, position: [0, 0, z] }
}

function answer(input: string): Promise<Response> | Response {
  const url = new URL(input, 'http://twin')
  if (url.pathname === '/api/route') {
    asked.push(url)
    return routeReply()
  }
  if (url.pathname === '/api/model') return json(model())
  if (url.pathname === '/api/poi') return json({ items: [poi('desk', '服务台', 'storey-1', 0), poi('court', '球馆', 'storey-3', 9)], next: null })
  if (url.pathname === '/api/spaces') return json({ items: [], next: null })
  return json({ ...hallPlan(), storey: decodeURIComponent(url.pathname.split('/').at(-1) ?? '') })
}

/** The store as a component has it: its texts need the app. */
function openStore(): Store {
  const pinia = createPinia()
  setActivePinia(pinia)
  let store: Store | null = null
  const app = createApp(defineComponent({ setup: () => ((store = useGuideStore()), () => h('i')) }))
  app.use(pinia).mount(document.createElement('div'))
  return store!
}

function detour(): Route {
  const route = liftRoute()
  route.legs[0] = { ...route.legs[0], polyline: [[0, 0, 0], [5, 5, 0], [10, 0, 0]] }
  route.portals = [{ ...route.portals[0], guid: 'other door' }]
  return route
}

async function ready(): Promise<Store> {
  const store = openStore()
  await store.open('desk', '')
  store.setGoal(place('hall'))
  await flushPromises()
  return store
}

beforeEach(() => {
  asked = []
  routeReply = () => json(liftRoute())
  localStorage.clear()
  vi.stubGlobal('fetch', vi.fn((input: string) => Promise.resolve().then(() => answer(input))))
})
afterEach(() => {
  vi.unstubAllGlobals()
})

describe('the guide', () => {
  it('asks for the way as soon as it knows both ends, and loads the plans of the whole way', async () => {
    const store = await ready()
    expect(asked.map((url) => [url.searchParams.get('from'), url.searchParams.get('to'), url.searchParams.get('profile')])).toEqual([['desk', 'hall', 'walk']])
    expect(store.route?.length_m).toBe(15)
    const loaded = vi.mocked(fetch).mock.calls.map(([input]) => (input as string)).filter((each) => each.startsWith('/api/plans/'))
    expect(new Set(loaded)).toEqual(new Set(['/api/plans/storey-1', '/api/plans/storey-3']))
  })

  it('shows the storey of the place that its address names', async () => {
    const store = openStore()
    await store.open('', 'court')
    expect(store.to?.id).toBe('court')
    expect(store.storey).toBe('storey-3')
  })

  it('asks on which storey one is before it goes on after a lift', async () => {
    const store = await ready()
    store.goTo(1)
    expect(store.landing?.button).toBe('3F')
    expect(store.storey).toBe('storey-1')
    store.forward()
    expect([store.step, store.storey, store.landing]).toEqual([1, 'storey-3', null])
    store.forward()
    expect(store.step).toBe(2)
    store.back()
    store.back()
    expect([store.step, store.storey]).toEqual([0, 'storey-1'])
  })

  it('keeps quiet while the way stays, and tells when it changes', async () => {
    const store = await ready()
    await store.recheck()
    expect(store.notice).toBeNull()
    routeReply = () => json(detour())
    await store.recheck()
    expect(store.notice).toBe('changed')
    expect(store.route?.legs[0].polyline[1]).toEqual([5, 5, 0])
  })

  it('asks from where the visitor is, and begins anew when the rest of the way changed', async () => {
    const store = await ready()
    store.goTo(1)
    routeReply = () => json({ ...liftRoute(), portals: liftRoute().portals.slice(1) })
    await store.recheck()
    expect(asked.at(-1)?.searchParams.get('from')).toBe('10,0,0')
    expect([store.notice, store.step]).toEqual([null, 1])
    routeReply = () => json(detour())
    await store.recheck()
    expect([store.notice, store.step]).toEqual(['changed', 0])
  })

  it('says why there is no way, and takes it up again when the door opens', async () => {
    const store = await ready()
    routeReply = () => closed('locked')
    await store.recheck()
    expect([store.notice, store.route, store.noWay]).toEqual(['blocked', null, { reason: 'locked', text: '门已锁' }])
    routeReply = () => json(liftRoute())
    await store.recheck()
    expect([store.notice, store.noWay, store.route?.length_m]).toEqual(['changed', null, 15])
  })

  it('keeps the way when the network goes', async () => {
    const store = await ready()
    routeReply = () => Promise.reject(new TypeError('offline'))
    await store.recheck()
    expect([store.offline, store.route?.length_m]).toEqual([true, 15])
    store.goTo(2)
    expect(store.storey).toBe('storey-3')
  })

  it('remembers where one went, whatever the browser kept before', async () => {
    localStorage.setItem('venue-twin.guide.recent', '{"broken": ')
    const store = openStore()
    await store.open('', '')
    store.setGoal(store.pois[0])
    expect(store.recent.map((each) => each.id)).toEqual(['desk'])
    expect(localStorage.getItem('venue-twin.guide.recent')).toBe('["desk"]')
  })

  it('shows a building that cannot be loaded as such', async () => {
    vi.stubGlobal('fetch', vi.fn(() => Promise.reject(new TypeError('away'))))
    const store = openStore()
    await store.open('', '')
    expect(store.problem).not.toBe('')
  })
})
