import { shallowRef, watch, type ShallowRef } from 'vue'

import { useModelStore } from '@/stores/model'
import { useSceneStore } from '@/stores/scene'
import { useSelectionStore } from '@/stores/selection'

/** Something at a place on the screen, CSS pixels. */
export interface Placed<T> {
  readonly item: T
  readonly x: number
  readonly y: number
}

/**
 * Where things stand on the screen, each in the middle of its element, as the camera moves. What is behind the camera,
 * on another storey than the one shown alone, or in an element whose box nobody knows yet, is left out.
 */
export function usePins<T>(things: () => readonly T[], elementOf: (thing: T) => number): Readonly<ShallowRef<readonly Placed<T>[]>> {
  const model = useModelStore()
  const stage = useSceneStore()
  const selection = useSelectionStore()
  const pins = shallowRef<readonly Placed<T>[]>([])

  function placed(item: T): Placed<T>[] {
    const element = elementOf(item)
    const storey = model.columns?.storey[element] ?? -1
    if (stage.scene === null || (selection.storey !== null && storey !== selection.storey)) return []
    const box = stage.boxNow(element)
    if (box === null) return []
    const middle = (axis: 0 | 1 | 2): number => (box.min[axis] + box.max[axis]) / 2
    const at = stage.scene.screenPosition([middle(0), middle(1), middle(2)])
    return at.visible ? [{ item, x: at.x, y: at.y }] : []
  }

  function place(): void {
    if (stage.scene !== null) pins.value = things().flatMap(placed)
  }

  watch([things, () => stage.cameraTick, () => stage.drawn, () => selection.storey, () => stage.boxesKnown], place, { immediate: true })
  return pins
}
