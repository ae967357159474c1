import { onUnmounted, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'

import type { SharedView } from '@/net/replaySession'
import { isDriver } from '@/net/replaySession'
import type { CameraPose } from '@/scene/types'
import { useLiveStore } from '@/stores/live'
import { useSceneStore } from '@/stores/scene'
import { useSelectionStore } from '@/stores/selection'

/** Others see where the driver looks at this pace. */
const LOOK_MS = 250

/** Joins the session that the address names (`?join=`), shows others what its driver sees, and follows who drives. */
export function useReview(): void {
  const route = useRoute()
  const router = useRouter()
  const live = useLiveStore()
  const stage = useSceneStore()
  const selection = useSelectionStore()
  let timer = 0

  function tell(): void {
    timer = 0
    const pose = stage.scene?.cameraPose
    if (pose) live.film.look({ cam: [...pose.position, ...pose.target], sel: selection.index ?? -1 })
  }

  function follow(view: SharedView): void {
    const pose = poseOf(view.cam)
    if (pose !== null) void stage.scene?.flyTo(pose)
    const sel = typeof view.sel === 'number' && view.sel >= 0 ? view.sel : null
    if (sel !== selection.index) void selection.select(sel)
  }

  watch([() => live.session, () => stage.cameraTick, () => selection.index], () => {
    if (isDriver(live.session) && timer === 0) timer = window.setTimeout(tell, LOOK_MS)
  })
  watch(
    () => live.driverView,
    (view) => {
      if (view !== null && live.session?.following && !isDriver(live.session)) follow(view)
    },
  )
  watch(
    [() => route.query.join, () => live.points.length > 0],
    ([id, known]) => {
      if (typeof id !== 'string' || id === '' || !known) return
      live.join(id)
      const rest = Object.fromEntries(Object.entries(route.query).filter(([key]) => key !== 'join'))
      void router.replace({ query: rest, hash: route.hash })
    },
    { immediate: true },
  )
  onUnmounted(() => {
    window.clearTimeout(timer)
  })
}

function poseOf(cam: unknown): CameraPose | null {
  if (!Array.isArray(cam) || cam.length !== 6) return null
  const numbers = cam.map(Number)
  if (!numbers.every(Number.isFinite)) return null
  const [px, py, pz, tx, ty, tz] = numbers as [number, number, number, number, number, number]
  return { position: [px, py, pz], target: [tx, ty, tz] }
}
