import { onMounted, onUnmounted, ref, watch, type Ref } from 'vue'

import { useLiveStore } from '@/stores/live'
import { useModelStore } from '@/stores/model'
import { useSceneStore } from '@/stores/scene'
import { useUiStore } from '@/stores/ui'

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

  async function begin(): Promise<void> {
    phase.value = 'loading'
    if (!(await model.loadModel()) || !model.model || !model.columns || !container.value) {
      phase.value = 'failed'
      return
    }
    phase.value = 'drawing'
    try {
      await stage.open(container.value, {
        tilesetUrl: model.model.tilesetUrl,
        elementCount: model.model.elementCount,
        columns: model.columns,
        bounds: model.model.bounds ?? { min: [0, 0, 0], max: [1, 1, 1] },
        storeys: model.model.storeys,
        theme: ui.theme,
      })
    } catch {
      phase.value = 'unsupported'
    }
    live.start()
    await model.loadRest()
  }

  watch(
    () => stage.drawn,
    (drawn) => {
      if (drawn) phase.value = 'ready'
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
  onMounted(begin)
  onUnmounted(() => {
    stage.close()
  })
  return { phase, begin }
}
