import { computed, watch } from 'vue'

import { sunPosition } from '@/logic/sun'
import { useLiveStore } from '@/stores/live'
import { useModelStore } from '@/stores/model'
import { useSceneStore } from '@/stores/scene'

/** The sun moves a quarter of a degree a minute; shadows need no finer steps. */
const STEP_MS = 5 * 60_000
/** A lower light would leave the facades in the dark that people want to see. */
const LOWEST_ALTITUDE_DEG = 20

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
    // By night the light comes from where the full moon would stand, opposite the sun.
    const isDay = sun.altitudeDeg > 0
    stage.scene.setSun(
      isDay ? sun.azimuthDeg : (sun.azimuthDeg + 180) % 360,
      Math.max(LOWEST_ALTITUDE_DEG, Math.abs(sun.altitudeDeg)),
    )
  })
}
