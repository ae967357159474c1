import { computed, watch } from 'vue'

import { sunPosition } from '@/logic/sun'
import { useLiveStore } from '@/stores/live'
import { useModelStore } from '@/stores/model'
import { useSceneStore } from '@/stores/scene'

/** The sun moves a quarter of a degree a minute; shadows need no finer steps. */
const STEP_MS = 5 * 60_000
/** By night the scene keeps a low light from where the sun went: a control room must see its building. */
const LOWEST_ALTITUDE_DEG = 14

/** Lights the scene as the sun stands over the venue at its own time, where its place is known. */
export function useSun(): void {
  const live = useLiveStore()
  const model = useModelStore()
  const stage = useSceneStore()
  const step = computed(() => Math.floor(live.nowMs / STEP_MS))

  watch([step, () => stage.drawn], () => {
    const place = model.model?.location
    if (!place || stage.scene === null || Number.isNaN(step.value)) return
    const sun = sunPosition(step.value * STEP_MS, place.latitude, place.longitude)
    stage.scene.setSun(sun.azimuthDeg, Math.max(LOWEST_ALTITUDE_DEG, sun.altitudeDeg))
  })
}
