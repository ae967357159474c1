import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch, type ComputedRef } from 'vue'

import { problemText } from '@/i18n/problem'
import { compileLayer } from '@/layers/compile'
import { marksAlone, underMarks } from '@/layers/marks'
import { parseColour, type Rgb } from '@/layers/colour'
import { LayerPainter, type ColourChange } from '@/layers/painter'
import { NewestOnly } from '@/logic/newest'
import type { LiveColumns } from '@/net/columns'
import { fetchBindingsAt, placedAsThen, type PastBindings } from '@/net/pastBindings'
import { PRIORITY_COLOURS, type Alarm } from '@/panels/alarms/alarm'
import { fetchAlarmsAt } from '@/panels/alarms/api'
import { useLayerStore } from '@/stores/layers'
import { useLiveStore } from '@/stores/live'
import { useModelStore } from '@/stores/model'
import { useSceneStore } from '@/stores/scene'

import { fetchStateAt } from './api'
import { DIFFERENCE_LAYER, differenceLayer } from './differenceLayer'
import { differencesOf, type Difference } from './differences'
import { reboundBetween, standsNow, type Rebound } from './rebound'

/** How two moments are shown: what changed as a layer, or both beside each other. */
export type Way = 'difference' | 'split'

/** The list and the layer follow a moving cursor at this pace. */
const REST_MS = 250

/** The moment that the one on screen is compared with: A before, B on screen. */
export const useCompareStore = defineStore('timeline.compare', () => {
  const live = useLiveStore()
  const layers = useLayerStore()
  const way = ref<Way>('difference')
  const differences = shallowRef<readonly Difference[]>([])
  const { markMs, before, then, alarms, problem, mark, stop: forget } = otherMoment()
  const rebound = reboundSince(then)
  const isOn = computed(() => !Number.isNaN(markMs.value))
  let layerBefore: string | null = null

  const compare = new NewestOnly<void>(() => {
    if (before.value !== null) differences.value = differencesOf(live.points, before.value, live.columns)
    return Promise.resolve()
  }, REST_MS)

  function stop(): void {
    forget()
    differences.value = []
  }

  watch([before, () => live.revision, () => live.points], () => {
    if (isOn.value && before.value !== null) compare.ask()
  })
  watch([() => isOn.value && way.value === 'difference', differences], ([shown]) => {
    if (shown) {
      layers.offer(differenceLayer(differences.value))
      if (layers.active?.id === DIFFERENCE_LAYER) return
      layerBefore ??= layers.active?.id ?? ''
      layers.choose(DIFFERENCE_LAYER)
    } else if (layerBefore !== null) {
      if (layers.active?.id === DIFFERENCE_LAYER) layers.choose(layerBefore === '' ? DIFFERENCE_LAYER : layerBefore)
      layers.withdraw(DIFFERENCE_LAYER)
      layerBefore = null
    }
  })
  showBeside(computed(() => (isOn.value && way.value === 'split' ? { columns: before.value, alarms: alarms.value, stood: then.value } : null)))

  return { markMs, isOn, way, differences, rebound, problem, mark, stop }
})

/** The moment A, and what was at it. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function otherMoment() {
  const live = useLiveStore()
  const markMs = ref(Number.NaN)
  const before = shallowRef<LiveColumns | null>(null)
  const alarms = shallowRef<readonly Alarm[]>([])
  /** Where devices stood; null: nobody noted it. */
  const then = shallowRef<PastBindings | null>(null)
  const problem = ref('')

  const load = new NewestOnly<number>(async (timeMs) => {
    try {
      const [state, open, stood] = await Promise.all([
        fetchStateAt(timeMs, live.points.length),
        fetchAlarmsAt(timeMs).catch(() => []),
        fetchBindingsAt(timeMs).catch(() => null),
      ])
      if (timeMs !== markMs.value) return
      then.value = stood
      before.value = state
      alarms.value = open
      problem.value = ''
    } catch (error) {
      problem.value = problemText(error)
    }
  }, 0)

  function stop(): void {
    markMs.value = Number.NaN
    before.value = then.value = null
  }

  /** Compare what is shown from now on with a moment. */
  function mark(timeMs: number): void {
    stop()
    markMs.value = Math.round(timeMs)
    load.ask(markMs.value)
  }

  return { markMs, before, then, alarms, problem, mark, stop }
}

/** The devices that stand elsewhere at the moment on screen. */
function reboundSince(then: Readonly<{ value: PastBindings | null }>): ComputedRef<readonly Rebound[]> {
  const live = useLiveStore()
  const model = useModelStore()
  return computed(() => {
    if (then.value === null) return []
    return reboundBetween(then.value.elements, live.then?.elements ?? standsNow(model.devices, live.listed))
  })
}

interface Then {
  readonly columns: LiveColumns | null
  readonly alarms: readonly Alarm[]
  readonly stood: PastBindings | null
}

/** Shows the other moment beside the one on screen, in the chosen layer and with the alarms of then. */
function showBeside(then: Readonly<{ value: Then | null }>): void {
  const live = useLiveStore()
  const layers = useLayerStore()
  const model = useModelStore()
  const stage = useSceneStore()

  function coloursOf({ columns, alarms, stood }: Then): ColourChange {
    const marks = marksOf(alarms)
    const layer = layers.active
    if (layer === null || columns === null || model.columns === null) return marksAlone(marks)
    const painted = underMarks(new LayerPainter(compileLayer(layer, stood === null ? live.listed : placedAsThen(live.listed, stood), model.columns), columns).paintAll(), marks)
    const alone = marksAlone(marks)
    return { indices: Uint32Array.from([...painted.indices, ...alone.indices]), rgba: Uint8Array.from([...painted.rgba, ...alone.rgba]) }
  }

  watch([then, () => layers.active?.id, () => stage.scene], () => {
    stage.scene?.compare(then.value === null ? null : coloursOf(then.value))
  })
}

function marksOf(alarms: readonly Alarm[]): ReadonlyMap<number, Rgb> {
  const marks = new Map<number, Rgb>()
  for (const { elementIndex, priority, state } of alarms) {
    const colour = parseColour(PRIORITY_COLOURS[priority])
    if (elementIndex >= 0 && state !== 'shelved' && colour !== null && !marks.has(elementIndex)) marks.set(elementIndex, colour)
  }
  return marks
}
