import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import type { Rgb } from '@/layers/colour'
import { compileLayer, unpaintedSpaces } from '@/layers/compile'
import { servedLayers } from '@/layers/defaults'
import { legendOf, mergeBlocks } from '@/layers/legend'
import { marksAlone, underMarks } from '@/layers/marks'
import { listedAs, roomsOf, type OfferedLayer } from '@/layers/offered'
import { LayerPainter, type ColourChange } from '@/layers/painter'
import type { Layer } from '@/layers/types'

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

  /** The venue's own layers, without a venue folder those that its points can serve; then those that panels paint. */
  const { offered, listed, offer, withdraw } = offeredLayers()
  const layers = computed(() => [
    ...(model.layers.length > 0 ? model.layers : servedLayers(new Set(live.points.map((point) => point.pointClass)))),
    ...listed.value,
  ])
  const active = computed(() => {
    const chosen = activeId.value
    if (chosen === '') return null
    return layers.value.find((layer) => (chosen === null ? layer.isDefault : layer.id === chosen)) ?? null
  })
  const compiled = computed(() =>
    active.value && model.columns ? compileLayer(active.value, live.points, model.columns) : null,
  )
  /** The chosen layer, where a panel paints it. */
  const drawn = computed(() => offered.value.get(active.value?.id ?? '') ?? null)
  const legend = computed(() => drawn.value?.legend ?? (compiled.value ? mergeBlocks(legendOf(compiled.value, live.points)) : []))
  const paintsSpaces = computed(() => roomsOf(drawn.value) !== null || (compiled.value?.paintsSpaces ?? false))
  const painter = shallowRef<LayerPainter | null>(null)

  function hand(change: ColourChange): void {
    const { indices, rgba } = underMarks(change, marks.value)
    if (indices.length > 0) stage.scene?.setColours(indices, rgba)
  }

  function flush(): void {
    scheduled = 0
    if (painter.value) hand(painter.value.update([...dirty]))
    dirty.clear()
  }

  live.onChange((changed) => {
    for (const point of changed) dirty.add(point)
    if (scheduled === 0) scheduled = requestAnimationFrame(flush)
  })

  const painted = computed(() => roomsOf(drawn.value)?.rooms.indices ?? (compiled.value?.paintsSpaces ? compiled.value.targets : null))
  hideUnpainted(painted)

  watch(
    [compiled, drawn, () => live.columns, () => stage.scene, marks],
    () => {
      stage.scene?.clearColours()
      dirty.clear()
      painter.value = compiled.value ? new LayerPainter(compiled.value, live.columns) : null
      if (painter.value) hand(painter.value.paintAll())
      if (drawn.value) hand(drawn.value.rooms)
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

  return { layers, active, legend, paintsSpaces, marks, choose, setMarks, offer, withdraw }
})

// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function offeredLayers() {
  const offered = shallowRef<ReadonlyMap<string, OfferedLayer>>(new Map())
  /** Changes only when a layer comes or goes: whoever chose one chose it once, however often it is painted anew. */
  const listed = shallowRef<readonly Layer[]>([])

  /** Offer a layer, or paint one anew that is offered. */
  function offer(layer: OfferedLayer): void {
    if (!offered.value.has(layer.id)) listed.value = [...listed.value, listedAs(layer)]
    offered.value = new Map(offered.value).set(layer.id, layer)
  }

  function withdraw(id: string): void {
    listed.value = listed.value.filter((layer) => layer.id !== id)
    offered.value = new Map([...offered.value].filter(([known]) => known !== id))
  }

  return { offered, listed, offer, withdraw }
}

/** Rooms of which a layer of rooms knows nothing would stand before those that it paints; null: it paints no rooms. */
function hideUnpainted(painted: Readonly<{ value: Uint32Array | null }>): void {
  const model = useModelStore()
  const stage = useSceneStore()
  const unpainted = computed(() => (painted.value && model.columns ? unpaintedSpaces({ targets: painted.value }, model.columns) : []))
  watch([unpainted, () => stage.scene], ([next], [before]) => {
    if (before.length > 0) stage.scene?.setHidden(before, false)
    if (next.length > 0) stage.scene?.setHidden(next, true)
  })
}
