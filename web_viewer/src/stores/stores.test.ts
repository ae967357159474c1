import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'

import { layerOf, rule } from '@/layers/fixture'

import { deltaFrame, fakeScene, FakeSocket, hello } from './fixture'
import { useLayerStore } from './layers'
import { useLiveStore } from './live'
import { useModelStore } from './model'
import { useOverviewStore } from './overview'
import { useSceneStore } from './scene'
import { useSelectionStore } from './selection'

const T0 = Date.UTC(2026, 2, 1)
const LAYER = { ...layerOf(rule({ pointClasses: ['On_Off_Status'], states: { on: '#ffcc00', fault: '#cc0000' } })), isDefault: true }
const STATES = ['off', 'on', 'fault'].map((key) => ({ key, zh: key, en: key }))

function rawPoint(pointIndex: number): object {
  return {
    device: `L${String(pointIndex)}`,
    point: 'status',
    point_index: pointIndex,
    name: { zh: '状态', en: 'Status' },
    class: 'On_Off_Status',
    unit: '1',
    range: [0, 2],
    states: STATES,
    writable: false,
    period_s: 30,
    element: `guid${String(pointIndex)}`,
    element_index: pointIndex + 1,
  }
}

/** Lets promises and watchers run, and the animation frame come. */
async function settle(): Promise<void> {
  for (let round = 0; round < 4; round++) await new Promise((resolve) => setTimeout(resolve, 0))
  await nextTick()
  await new Promise((resolve) => requestAnimationFrame(resolve))
}

let scene: ReturnType<typeof fakeScene>

beforeEach(() => {
  setActivePinia(createPinia())
  vi.stubGlobal('WebSocket', FakeSocket)
  vi.stubGlobal('fetch', (path: string) =>
    Promise.resolve(
      path.startsWith('/api/points')
        ? Response.json({ items: [rawPoint(0), rawPoint(1)], next: null })
        : Response.json({ title: 'Not found' }, { status: 404 }),
    ),
  )
  scene = fakeScene()
  useSceneStore().scene = scene
  const model = useModelStore()
  model.columns = {
    classNames: ['IfcLightFixture'],
    classIndex: new Uint16Array(4),
    storey: Int32Array.from([-1, 3, 3, 3]),
    space: new Int32Array(4).fill(-1),
  }
  model.layers = [LAYER]
})

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('from a frame to the scene', () => {
  it('paints a layer that a panel offers as any other, and lets its colours change', async () => {
    const live = useLiveStore()
    const layers = useLayerStore()
    live.start()
    FakeSocket.last.say(JSON.stringify(hello('r1')))
    await settle()
    const offered = (red: number): Parameters<typeof layers.offer>[0] => ({
      id: 'halls',
      name: { zh: '场地', en: 'Halls' },
      rooms: { indices: Uint32Array.of(2), rgba: Uint8Array.of(red, 0, 0, 235) },
      legend: [],
    })
    layers.offer(offered(1))
    expect(layers.layers.map((layer) => layer.id)).toEqual([LAYER.id, 'halls'])
    expect(layers.paintsSpaces).toBe(false)
    layers.choose('halls')
    const chosen = layers.active
    await settle()
    expect(layers.paintsSpaces).toBe(true)
    expect(scene.setColours).toHaveBeenLastCalledWith(Uint32Array.of(2), Uint8Array.of(1, 0, 0, 235))
    layers.offer(offered(9))
    await settle()
    expect(scene.setColours).toHaveBeenLastCalledWith(Uint32Array.of(2), Uint8Array.of(9, 0, 0, 235))
    expect(layers.active, 'it is not chosen anew').toBe(chosen)
    layers.withdraw('halls')
    await settle()
    expect(layers.active).toBeNull()
    expect(layers.paintsSpaces).toBe(false)
  })

  it('hands over only what changed, once an animation frame', async () => {
    const live = useLiveStore()
    useLayerStore()
    live.start()
    FakeSocket.last.say(JSON.stringify(hello('r1')))
    await settle()
    FakeSocket.last.say(deltaFrame(T0, [0, 1]))
    FakeSocket.last.say(deltaFrame(T0 + 200, [0, 2], [1, 0]))
    scene.setColours.mockClear()
    await settle()
    expect(scene.setColours).toHaveBeenCalledTimes(1)
    const [indices, rgba] = scene.setColours.mock.calls[0] as [Uint32Array, Uint8Array]
    expect([...indices]).toEqual([1])
    expect([...rgba.subarray(0, 3)]).toEqual([204, 0, 0])
  })

  it('takes the colours away with the layer, and brings them back', async () => {
    const live = useLiveStore()
    const layers = useLayerStore()
    live.start()
    FakeSocket.last.say(JSON.stringify(hello('r1')))
    await settle()
    FakeSocket.last.say(deltaFrame(T0, [0, 1]))
    await settle()
    layers.choose('test')
    scene.clearColours.mockClear()
    await settle()
    expect(layers.active).toBeNull()
    expect(scene.clearColours).toHaveBeenCalledTimes(1)
    layers.choose('test')
    scene.setColours.mockClear()
    await settle()
    const [indices] = scene.setColours.mock.calls[0] as [Uint32Array]
    expect([...indices]).toEqual([1, 2])
  })
})

describe('the overview', () => {
  it('lists a fault that was there before the page was opened', async () => {
    const live = useLiveStore()
    const overview = useOverviewStore()
    live.start()
    FakeSocket.last.say(JSON.stringify(hello('r1')))
    FakeSocket.last.say(deltaFrame(T0, [1, 2]))
    await settle()
    expect(overview.faults.map((fault) => fault.point.device)).toEqual(['L1'])
    FakeSocket.last.say(deltaFrame(T0 + 1000, [1, 0]))
    expect(overview.faults).toEqual([])
  })
})

describe('the link', () => {
  it('is lost when the socket closes, and keeps the last state', async () => {
    const live = useLiveStore()
    live.start()
    expect(live.link).toBe('connecting')
    FakeSocket.last.say(JSON.stringify(hello('r1')))
    await settle()
    FakeSocket.last.say(deltaFrame(T0, [0, 1]))
    FakeSocket.last.onclose?.(new Event('close'))
    expect(live.isLost).toBe(true)
    expect(live.columns.value[0]).toBe(1)
  })
})

describe('the selection', () => {
  it('isolates a storey, and shows all when it is chosen again', async () => {
    const selection = useSelectionStore()
    selection.isolate(3)
    await settle()
    expect(scene.isolateStorey).toHaveBeenLastCalledWith(3)
    selection.isolate(3)
    await settle()
    expect(scene.isolateStorey).toHaveBeenLastCalledWith(null)
  })

  it('opens the storey of a room that it goes to, and leaves the whole building alone for the rest', async () => {
    const selection = useSelectionStore()
    const box = { min: [0, 0, 0], max: [1, 1, 1] } as const
    await selection.flyTo(box, 3)
    expect(selection.storey).toBeNull()
    await selection.flyTo(box, 3, true)
    expect(selection.storey).toBe(3)
    expect(scene.flyTo).toHaveBeenLastCalledWith(box)
    await selection.flyTo(box, 2)
    expect(selection.storey).toBe(2)
  })

  it('goes to what a list told of: its storey opened, the element outlined, nothing picked', async () => {
    const selection = useSelectionStore()
    await selection.goTo(1)
    expect(selection.storey).toBe(3)
    expect(scene.select).toHaveBeenLastCalledWith(1)
    expect(selection.index).toBeNull()
    scene.select.mockClear()
    await selection.goTo(0)
    expect(selection.storey, 'what stands outside opens no storey').toBe(3)
    await selection.goTo(null)
    await selection.goTo(-1)
    expect(scene.select.mock.calls).toEqual([[0]])
  })

  it('says so when an element cannot be read, and lets go of what is hidden', async () => {
    const selection = useSelectionStore()
    await selection.select(2)
    expect(selection.problem).toBe('服务器拒绝了请求：Not found')
    selection.hide(2)
    expect(scene.setHidden).toHaveBeenCalledWith([2], true)
    expect(selection.index).toBeNull()
    expect([...selection.hidden]).toEqual([2])
    selection.showAll()
    expect(selection.hidden.size).toBe(0)
  })
})
