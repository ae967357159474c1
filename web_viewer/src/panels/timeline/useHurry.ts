import { onUnmounted, watch } from 'vue'

import { useLiveStore } from '@/stores/live'
import { useSceneStore } from '@/stores/scene'

import { useTimelineStore } from './store'

/** The picture becomes whole this long after the last moment that was asked for. */
const REST_MS = 350

/** While moments follow each other quickly, the scene is to keep up rather than to be fine. */
export function useHurry(): void {
  const live = useLiveStore()
  const stage = useSceneStore()
  const timeline = useTimelineStore()
  let timer = 0

  function hurry(on: boolean): void {
    window.clearTimeout(timer)
    if (on) stage.scene?.hurry(true)
    else timer = window.setTimeout(() => stage.scene?.hurry(false), REST_MS)
  }

  watch([() => live.isPast && (timeline.held || live.player.playing), () => stage.scene], ([on]) => {
    hurry(on)
  })
  onUnmounted(() => {
    window.clearTimeout(timer)
    stage.scene?.hurry(false)
  })
}
