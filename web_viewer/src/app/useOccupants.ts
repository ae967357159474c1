import { onUnmounted, watch } from 'vue'

import { peopleBySpace } from '@/logic/people'
import { useLiveStore } from '@/stores/live'
import { useModelStore } from '@/stores/model'
import { useSceneStore } from '@/stores/scene'

/** People walk from room to room at this pace at most; figures need not follow each count. */
const PERIOD_MS = 3000
/** After a jump in time they stand where they stood then, once the slider rests this long. */
const CUT_MS = 150

/** Puts figures into the rooms in which people are counted. */
export function useOccupants(): void {
  const model = useModelStore()
  const live = useLiveStore()
  const stage = useSceneStore()
  let shownRevision = -1

  function refresh(): void {
    if (stage.scene === null || model.columns === null || model.spaces.length === 0) return
    if (shownRevision === live.revision) return
    shownRevision = live.revision
    stage.scene.setPeople(peopleBySpace(live.points, live.columns, model.columns, model.spaces))
  }

  watch(
    () => model.spaces,
    () => {
      shownRevision = -1
      refresh()
    },
  )
  const timer = window.setInterval(refresh, PERIOD_MS)
  let soon = 0
  watch(
    () => live.cuts,
    () => {
      window.clearTimeout(soon)
      soon = window.setTimeout(refresh, CUT_MS)
    },
  )
  onUnmounted(() => {
    window.clearInterval(timer)
    window.clearTimeout(soon)
  })
}
