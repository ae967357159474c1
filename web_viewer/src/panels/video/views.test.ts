import { createPinia, setActivePinia, type Pinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, nextTick, type App } from 'vue'

import { setLocale } from '@/i18n'
import type { ModelInfo } from '@/net/types'
import { useLiveStore } from '@/stores/live'
import { useModelStore } from '@/stores/model'

import type { CameraInfo } from './api'
import CameraView from './CameraView.vue'
import { MOST_PINNED, useVideoStore } from './store'

const T = Date.UTC(2026, 2, 10, 11, 40)

let pinia: Pinia
let app: App | null = null
let answers: (path: string) => Response

function info(change: Partial<CameraInfo>): CameraInfo {
  return { camera: 'C', state: 'recording', reason: '', text: '', sinceMs: T, lastMs: T, firstMs: T, codec: 'avc1.64001f', simulated: false, ...change }
}

function show(): HTMLElement {
  const place = document.createElement('div')
  app = createApp(CameraView, { camera: 'C' })
  app.use(pinia).mount(place)
  return place
}

/** What a part of the view says, once it says anything. */
async function said(place: HTMLElement, part: string): Promise<string> {
  return vi.waitFor(() => {
    const found = place.querySelector(`[data-test=${part}]`)
    if (found === null) throw new Error(`no ${part} yet`)
    return (found.textContent ?? '').trim()
  })
}

function problem(kind: string, more: object): Response {
  return new Response(JSON.stringify({ type: `urn:venue-twin:problem:${kind}`, title: 'No', detail: 'No.', ...more }), { status: kind === 'not-recorded' ? 404 : 503 })
}

function picture(timeMs: number): Response {
  return new Response(new Blob(['jpeg']), { headers: { 'x-frame-time': new Date(timeMs).toISOString() } })
}

/** The moment that somebody drags to. */
function drag(timeMs: number): void {
  const live = useLiveStore()
  live.mode = 'replay'
  live.seekingMs = timeMs
  live.nowMs = timeMs
}

beforeEach(() => {
  pinia = createPinia()
  setActivePinia(pinia)
  setLocale('zh-CN')
  answers = () => problem('not-recorded', {})
  vi.stubGlobal('fetch', (path: string) => Promise.resolve(path === '/api/video' ? new Response('{}', { status: 500 }) : answers(path)))
  useModelStore().model = { timeZone: 'Asia/Shanghai' } as unknown as ModelInfo
})

afterEach(() => {
  app?.unmount()
  vi.unstubAllGlobals()
})

describe('the view of a camera', () => {
  it('says why a camera that is down is not seen, and since when', async () => {
    useVideoStore().cameras = new Map([['C', info({ state: 'down', reason: 'unreachable' })]])
    const place = show()
    expect(await said(place, 'camera-note')).toBe('摄像机无信号 · 无法连接 · 自 19:40:00')
    setLocale('en')
    await nextTick()
    expect(await said(place, 'camera-note')).toBe('No signal from the camera · it cannot be reached · since 19:40:00')
    expect(place.querySelector('[data-test=camera-badge]')?.textContent).toContain('No picture')
  })

  it('says from when to when nothing was recorded, and shows no picture of another time', async () => {
    answers = (path) => (path.includes('11%3A40%3A00') ? picture(T - 100) : problem('not-recorded', { named: { from: '2026-03-10T11:41:00Z', to: '2026-03-10T11:42:00Z' } }))
    drag(T)
    const place = show()
    expect(await said(place, 'camera-time')).toBe('19:39:59')
    drag(T + 90_000)
    expect(await said(place, 'camera-note')).toBe('19:41:00 至 19:42:00 没有录像')
    expect(place.querySelector('img')).toBeNull()
    expect(place.querySelector('[data-test=camera-time]')).toBeNull()
  })

  it('says what the server lacks, in the language of the page', async () => {
    answers = () => problem('video-missing', {})
    drag(T)
    expect(await said(show(), 'camera-note')).toContain('缺少读取录像所需的软件')
  })

  it('asks for quick pictures while time is dragged', async () => {
    const asked: string[] = []
    answers = (path) => {
      asked.push(path)
      return picture(T)
    }
    drag(T)
    const place = show()
    await said(place, 'camera-time')
    expect(asked[0]).toContain('key=true')
    expect(asked[0]).toContain('at=2026-03-10T11%3A40%3A00.000Z')
  })

  it('lets go of its pictures when it is taken away', async () => {
    answers = () => picture(T)
    const revoked = vi.spyOn(URL, 'revokeObjectURL')
    drag(T)
    const place = show()
    await said(place, 'camera-time')
    const url = place.querySelector('img')?.src
    app?.unmount()
    app = null
    expect(revoked).toHaveBeenCalledWith(url)
  })
})

describe('pinned cameras', () => {
  it('are few: of too many the oldest goes, and pinned again one is let go', async () => {
    localStorage.clear()
    const store = useVideoStore()
    const names = Array.from({ length: MOST_PINNED + 1 }, (_, number) => `C${String(number)}`)
    for (const name of names) store.pin(name)
    expect(store.pins).toEqual(names.slice(1))
    store.pin('C2')
    expect(store.pins).not.toContain('C2')
    await nextTick()
    setActivePinia(createPinia())
    expect(useVideoStore().pins).toEqual(store.pins)
    localStorage.setItem('venue-twin.pinned-cameras', '{"not": "a list"')
    setActivePinia(createPinia())
    expect(useVideoStore().pins).toEqual([])
  })
})

describe('the camera that is looked at', () => {
  it('is the last one that was opened, and the one before it again when that is closed', async () => {
    const store = useVideoStore()
    store.lookAt('C')
    const away = store.lookAt('D')
    expect(store.open).toBe('D')
    const asked: string[] = []
    answers = (path) => {
      asked.push(path)
      return new Response(JSON.stringify({ spans: [{ from: '2026-03-10T11:40:00Z', to: '2026-03-10T11:41:00Z' }] }))
    }
    store.reveal(T, T + 60_000)
    store.reveal(T + 1000, T + 60_000)
    await vi.waitFor(() => {
      expect(store.spans).toEqual([{ fromMs: T, toMs: T + 60_000 }])
    })
    expect(asked).toHaveLength(1)
    expect(asked[0]).toContain('/api/video/D/spans?')
    away()
    await nextTick()
    expect(store.open).toBe('C')
    expect(store.spans).toEqual([])
  })
})
