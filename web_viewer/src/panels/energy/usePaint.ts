import { nextTick, onUnmounted, ref, watch } from 'vue'

import { useLayerStore } from '@/stores/layers'
import { useModelStore } from '@/stores/model'
import { useSceneStore } from '@/stores/scene'
import { useSelectionStore } from '@/stores/selection'
import { useUiStore } from '@/stores/ui'

import type { CircuitInfo, SpaceInfo, StoreyInfo } from './api'
import { densityPaint, highlightPaint, without, type Paint } from './figures'

interface Wanted {
  readonly key: string
  readonly paint: Paint
  /** Whether it colours room volumes, which must then be shown. */
  readonly onSpaces: boolean
}

/** The panel's colours on the model: they stand instead of a layer, beneath alarms, until another is chosen. */
export interface EnergyPaint {
  /** What is coloured: `storeys`, `rooms`, `circuit:<id>`; null: nothing. */
  readonly shown: Readonly<{ value: string | null }>
  readonly storeys: (items: readonly StoreyInfo[]) => Promise<void>
  readonly rooms: (items: readonly SpaceInfo[]) => Promise<void>
  readonly circuit: (circuit: CircuitInfo) => Promise<void>
  readonly clear: () => void
}

export function usePaint(): EnergyPaint {
  const layers = useLayerStore()
  const model = useModelStore()
  const stage = useSceneStore()
  const selection = useSelectionStore()
  const ui = useUiStore()
  const shown = ref<string | null>(null)
  let layerBefore: string | null = null
  let current: Wanted | null = null

  function hand(): void {
    if (current === null) return
    const { indices, rgba } = without(current.paint, layers.marks)
    stage.scene?.setColours(indices, rgba)
  }

  function unpaint(): void {
    if (current === null) return
    const { indices } = current.paint
    stage.scene?.setColours(indices, new Uint8Array(indices.length * 4))
    if (current.onSpaces) stage.scene?.showSpaces(ui.spaces)
    stage.scene?.xray(ui.xray)
    current = null
    shown.value = null
  }

  async function show(wanted: Wanted): Promise<void> {
    unpaint()
    if (layers.active !== null) {
      layerBefore = layers.active.id
      layers.choose(layers.active.id)
    }
    ;[current, shown.value] = [wanted, wanted.key]
    await nextTick()
    if (current !== wanted) return
    stage.scene?.xray(selection.storey === null)
    if (wanted.onSpaces) stage.scene?.showSpaces(true)
    hand()
  }

  function clear(): void {
    unpaint()
    if (layerBefore !== null && layers.active === null) layers.choose(layerBefore)
    layerBefore = null
  }

  watch(() => layers.marks, hand, { flush: 'post' })
  watch(
    () => layers.active,
    (active) => {
      if (active === null) return
      layerBefore = null
      unpaint()
    },
    { flush: 'sync' },
  )
  onUnmounted(clear)

  return {
    shown,
    clear,
    storeys: (items) => show({ key: 'storeys', paint: densityPaint(roomsOf(items, model)), onSpaces: true }),
    rooms: (items) => show({ key: 'rooms', paint: densityPaint(densities(items)), onSpaces: true }),
    circuit: (circuit) => show({ key: `circuit:${circuit.id}`, paint: highlightPaint(circuit.elements), onSpaces: false }),
  }
}

/** A storey's rooms have its density. */
function roomsOf(items: readonly StoreyInfo[], model: ReturnType<typeof useModelStore>): Map<number, number> {
  const density = new Map(items.map((item) => [item.storey, item.w_per_m2]))
  const found = new Map<number, number>()
  for (const space of model.spaces) {
    const value = density.get(model.storeyByIndex.get(model.columns?.storey[space.index] ?? -1)?.guid ?? null)
    if (typeof value === 'number') found.set(space.index, value)
  }
  return found
}

function densities(items: readonly SpaceInfo[]): Map<number, number> {
  return new Map(items.flatMap((item) => (item.w_per_m2 === null ? [] : [[item.element_index, item.w_per_m2] as const])))
}
