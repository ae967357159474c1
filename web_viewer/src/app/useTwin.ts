import { onMounted, onUnmounted, ref, watch, type Ref } from 'vue'

import { fetchBoxes } from '@/net/api'
import { useLiveStore } from '@/stores/live'
import { useModelStore } from '@/stores/model'
import { loadScene, useSceneStore } from '@/stores/scene'
import { useUiStore } from '@/stores/ui'

/** A wall has nobody to press a button: the page asks again by itself. */
const RETRY_MS = 5000

/** What the page is waiting for. */
export type Phase = 'loading' | 'drawing' | 'ready' | 'failed' | 'unsupported' | 'replaced'

/**
 * The life of the page: the model, then the scene in `container`, then the live stream; greys the scene while
 * the server is away, and starts over when the server comes back with another model.
 */
export function useTwin(container: Ref<HTMLElement | null>): { phase: Ref<Phase>; begin: () => Promise<void> } {
  const model = useModelStore()
  const live = useLiveStore()
  const stage = useSceneStore()
  const ui = useUiStore()
  const phase = ref<Phase>('loading')
  let again = 0

  async function begin(): Promise<void> {
    window.clearTimeout(again)
    if (phase.value !== 'failed') phase.value = 'loading'
    // Its failure is met where the scene is opened.
    loadScene().catch(() => undefined)
    if (!(await model.loadModel()) || !model.model || !model.columns || !container.value) {
      phase.value = 'failed'
      again = window.setTimeout(() => void begin(), RETRY_MS)
      return
    }
    phase.value = 'drawing'
    try {
      await stage.open(container.value, {
        tilesetUrl: model.model.tilesetUrl,
        elementCount: model.model.elementCount,
        columns: model.columns,
        bounds: model.model.bounds ?? { min: [0, 0, 0], max: [1, 1, 1] },
        terrain: model.model.terrain,
        storeys: model.model.storeys,
        theme: ui.theme,
      })
    } catch {
      phase.value = 'unsupported'
    }
    live.start()
    await model.loadRest()
  }

  followStage(phase)
  onMounted(begin)
  onUnmounted(() => {
    window.clearTimeout(again)
    stage.close()
  })
  return { phase, begin }
}

/** Hands the elements' boxes to the scene, once the first picture stands; without them dots alone are missing. */
async function showBoxes(): Promise<void> {
  const { model } = useModelStore()
  const stage = useSceneStore()
  if (model === null) return
  const boxes = await fetchBoxes(model.boxesUrl, model.elementCount).catch(() => null)
  if (boxes === null) return
  stage.scene?.setBoxes(boxes)
  stage.boxesKnown++
}

/** What the page does as the scene and the stream go on. */
function followStage(phase: Ref<Phase>): void {
  const model = useModelStore()
  const live = useLiveStore()
  const stage = useSceneStore()

  watch(
    () => stage.drawn,
    (drawn) => {
      if (!drawn) return
      phase.value = 'ready'
      void showBoxes()
    },
  )
  watch(
    () => live.isLost,
    (lost) => stage.scene?.setStale(lost),
  )
  watch(
    () => live.hello?.epoch,
    async (_next, before) => {
      if (before === undefined || !(await model.isReplaced().catch(() => false))) return
      phase.value = 'replaced'
      window.location.reload()
    },
  )
  watch(
    () => stage.stats?.quality,
    (quality) => document.documentElement.classList.toggle('plain', quality === 'low'),
  )
}
