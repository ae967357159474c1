import { onUnmounted, ref, watch, type Ref } from 'vue'

import { parseColour } from '@/layers/colour'
import { useLayerStore } from '@/stores/layers'
import { useLiveStore } from '@/stores/live'
import { useModelStore } from '@/stores/model'
import { useSceneStore } from '@/stores/scene'
import { useUiStore } from '@/stores/ui'

import type { Hall } from './api'

/** After Okabe and Ito: told apart by lightness too. */
export const HALL_COLOURS: Readonly<Record<Hall['state'], string>> = {
  free: '#4DB6A8',
  soon: '#F2C14E',
  partly: '#E08A3C',
  taken: '#A63A24',
}

const WEIGHT = 235

/** Element indices of halls and four bytes of colour for each. */
export function hallColours(halls: readonly Hall[]): { indices: Uint32Array; rgba: Uint8Array } {
  const bytes = halls.flatMap((hall) => [...(parseColour(HALL_COLOURS[hall.state]) ?? [0, 0, 0]), WEIGHT])
  return { indices: Uint32Array.from(halls, (hall) => hall.space_index), rgba: Uint8Array.from(bytes) }
}

/**
 * Colours the halls while it is on: the chosen layer steps back, rooms that nobody books are hidden. Choosing a
 * layer switches it off.
 */
export function useHallLayer(halls: () => readonly Hall[]): Ref<boolean> {
  const layers = useLayerStore()
  const live = useLiveStore()
  const model = useModelStore()
  const stage = useSceneStore()
  const ui = useUiStore()
  const on = ref(false)
  let before: string | null = null
  let hidden: number[] = []

  function paint(): void {
    if (!on.value || halls().length === 0) return
    const { indices, rgba } = hallColours(halls())
    stage.scene?.setColours(indices, rgba)
  }

  function showRooms(wish: boolean): void {
    if (ui.spaces !== wish) ui.toggleSpaces()
    if (ui.xray !== wish) ui.toggleXray()
  }

  function begin(): void {
    before = layers.active?.id ?? null
    if (before !== null) layers.choose(before)
  }

  function enter(): void {
    if (hidden.length === 0) {
      const bookable = new Set(halls().map((hall) => hall.space_index))
      hidden = model.spaces.map((space) => space.index).filter((index) => !bookable.has(index))
      stage.scene?.setHidden(hidden, true)
      showRooms(true)
    }
    paint()
  }

  function end(restore: boolean): void {
    stage.scene?.setHidden(hidden, false)
    hidden = []
    stage.scene?.clearColours()
    if (restore) showRooms(false)
    if (restore && before !== null && layers.active === null) layers.choose(before)
  }

  watch(on, (now) => {
    if (now) begin()
    else end(layers.active === null)
  })
  // After the layer store has let go of its own colours.
  watch(
    [on, halls, () => layers.active, () => live.columns, () => stage.scene],
    ([now, , active], [was]) => {
      if (!now) return
      if (active !== null && was) on.value = false
      else if (active === null && halls().length > 0) enter()
    },
    { flush: 'post' },
  )
  onUnmounted(() => {
    if (on.value) end(layers.active === null)
  })
  return on
}
