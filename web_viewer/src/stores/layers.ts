import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import type { Rgb } from '@/layers/colour'
import { compileLayer, unpaintedSpaces } from '@/layers/compile'
import { servedLayers } from '@/layers/defaults'
import { legendOf, mergeBlocks } from '@/layers/legend'
import { marksAlone, underMarks } from '@/layers/marks'
import { LayerPainter, type ColourChange } from '@/layers/painter'

import { useLiveStore } from './live'
import { useModelStore } from './model'
import { useSceneStore } from './scene'

/** The chosen layer, kept on the scene as frames come in: one call to the scene an animation frame at most. */
export const useLayerStore = defineStore('layers', () => {
  const model = useModelStore()
  const live = useLiveStore()
  const stage = useSceneStore()
  /** Id of the chosen layer; '' shows the model's own colours. */
  const activeId = ref<string | null>(null)
  /** Elements that stand out over every layer, by index. */
  const marks = shallowRef<ReadonlyMap<number, Rgb>>(new Map())
  const dirty = new Set<number>()
  let scheduled = 0

  /** The venue's own layers; without a venue folder those that its points can serve. */
  const layers = computed(() =>
    model.layers.length > 0 ? model.layers : servedLayers(new Set(live.points.map((point) => point.pointClass))),
  )
  const active = computed(() => {
    const chosen = activeId.value
    if (chosen === '') return null
    return layers.value.find((layer) => (chosen === null ? layer.isDefault : layer.id === chosen)) ?? null
  })
  const compiled = computed(() =>
    active.value && model.columns ? compileLayer(active.value, live.points, model.columns) : null,
  )
  const legend = computed(() => (compiled.value ? mergeBlocks(legendOf(compiled.value, live.points)) : []))
  const paintsSpaces = computed(() => compiled.value?.paintsSpaces ?? false)
  const painter = shallowRef<LayerPainter | null>(null)

  function hand(change: ColourChange): void {
    const { indices, rgba } = underMarks(change, marks.value)
    if (indices.length > 0) stage.scene?.setColours(indices, rgba)
  }

  function flush(): void {
    scheduled = 0
    const changed = [...dirty]
    dirty.clear()
    if (painter.value) hand(painter.value.update(changed))
  }

  live.onChange((changed) => {
    for (const point of changed) dirty.add(point)
    if (scheduled === 0) scheduled = requestAnimationFrame(flush)
  })

  /** Rooms of which the layer knows nothing would stand before those that it paints. */
  const unpainted = computed(() => (compiled.value?.paintsSpaces && model.columns ? unpaintedSpaces(compiled.value, model.columns) : []))
  watch([unpainted, () => stage.scene], ([next], [before]) => {
    if (before.length > 0) stage.scene?.setHidden(before, false)
    if (next.length > 0) stage.scene?.setHidden(next, true)
  })

  watch(
    [compiled, () => live.columns, () => stage.scene, marks],
    () => {
      stage.scene?.clearColours()
      dirty.clear()
      painter.value = compiled.value ? new LayerPainter(compiled.value, live.columns) : null
      if (painter.value) hand(painter.value.paintAll())
      hand(marksAlone(marks.value))
    },
    { immediate: true },
  )

  /** Choose a layer; choosing the chosen one again takes it away. */
  function choose(id: string): void {
    activeId.value = active.value?.id === id ? '' : id
  }

  /** Colour these elements over every layer, instead of those marked before. */
  function setMarks(next: ReadonlyMap<number, Rgb>): void {
    if (next.size > 0 || marks.value.size > 0) marks.value = next
  }

  return { layers, active, legend, paintsSpaces, marks, choose, setMarks }
})
