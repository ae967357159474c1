import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import { problemText } from '@/i18n/problem'
import { compileLayer } from '@/layers/compile'
import { marksAlone, underMarks } from '@/layers/marks'
import { parseColour, type Rgb } from '@/layers/colour'
import { LayerPainter, type ColourChange } from '@/layers/painter'
import { NewestOnly } from '@/logic/newest'
import type { LiveColumns } from '@/net/columns'
import { PRIORITY_COLOURS, type Alarm } from '@/panels/alarms/alarm'
import { fetchAlarmsAt } from '@/panels/alarms/api'
import { useLayerStore } from '@/stores/layers'
import { useLiveStore } from '@/stores/live'
import { useModelStore } from '@/stores/model'
import { useSceneStore } from '@/stores/scene'

import { fetchStateAt } from './api'
import { DIFFERENCE_LAYER, differenceLayer } from './differenceLayer'
import { differencesOf, type Difference } from './differences'

/** How two moments are shown: what changed as a layer, or both beside each other. */
export type Way = 'difference' | 'split'

/** The list and the layer follow a moving cursor at this pace. */
const REST_MS = 250

/** The moment that the one on screen is compared with: A before, B on screen. */
export const useCompareStore = defineStore('timeline.compare', () => {
  const live = useLiveStore()
  const layers = useLayerStore()
  const markMs = ref(Number.NaN)
  const way = ref<Way>('difference')
  const before = shallowRef<LiveColumns | null>(null)
  const alarms = shallowRef<readonly Alarm[]>([])
  const differences = shallowRef<readonly Difference[]>([])
  const problem = ref('')
  const isOn = computed(() => !Number.isNaN(markMs.value))
  let layerBefore: string | null = null

  const load = new NewestOnly<number>(async (timeMs) => {
    try {
      const [state, open] = await Promise.all([fetchStateAt(timeMs, live.points.length), fetchAlarmsAt(timeMs).catch(() => [])])
      if (timeMs !== markMs.value) return
      before.value = state
      alarms.value = open
      problem.value = ''
    } catch (error) {
      problem.value = problemText(error)
    }
  }, 0)

  const compare = new NewestOnly<void>(() => {
    if (before.value !== null) differences.value = differencesOf(live.points, before.value, live.columns)
    return Promise.resolve()
  }, REST_MS)

  /** Compare what is shown from now on with a moment. */
  function mark(timeMs: number): void {
    markMs.value = Math.round(timeMs)
    before.value = null
    load.ask(markMs.value)
  }

  function stop(): void {
    markMs.value = Number.NaN
    before.value = null
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
  showBeside(computed(() => (isOn.value && way.value === 'split' ? { columns: before.value, alarms: alarms.value } : null)))

  return { markMs, isOn, way, differences, problem, mark, stop }
})

interface Then {
  readonly columns: LiveColumns | null
  readonly alarms: readonly Alarm[]
}

/** Shows the other moment beside the one on screen, in the chosen layer and with the alarms of then. */
function showBeside(then: Readonly<{ value: Then | null }>): void {
  const live = useLiveStore()
  const layers = useLayerStore()
  const model = useModelStore()
  const stage = useSceneStore()

  function coloursOf({ columns, alarms }: Then): ColourChange {
    const marks = marksOf(alarms)
    const layer = layers.active
    if (layer === null || columns === null || model.columns === null) return marksAlone(marks)
    const painted = underMarks(new LayerPainter(compileLayer(layer, live.points, model.columns), columns).paintAll(), marks)
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
