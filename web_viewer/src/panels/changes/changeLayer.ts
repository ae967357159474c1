import { defineComponent, onUnmounted, watch } from 'vue'

import { parseColour } from '@/layers/colour'
import type { OfferedLayer } from '@/layers/offered'
import type { Names } from '@/net/types'
import { useLayerStore } from '@/stores/layers'
import { useModelStore } from '@/stores/model'

import { KINDS, type Difference, type Kind } from './api'
import { useChangesStore } from './store'

export const CHANGE_LAYER = 'model.changes'

/** Green, amber and, for what is only listed, grey. */
export const CHANGE_COLOURS: Readonly<Record<Kind, string>> = { added: '#2E9E6B', changed: '#E8A13A', removed: '#8A8F98' }

const NAME: Names = { zh: '模型变更', en: 'Model changes' }
const KIND_NAMES: Readonly<Record<Kind, Names>> = {
  added: { zh: '新增', en: 'Added' },
  changed: { zh: '修改', en: 'Changed' },
  removed: { zh: '删除（见列表）', en: 'Removed (see the list)' },
}
const WEIGHT = 245

/** The elements that the newest revision added and changed; the legend counts those that it removed as well. */
export function changeLayer(differences: readonly Difference[]): OfferedLayer {
  const drawn = differences.filter((row) => row.element_index !== null)
  const bytes = drawn.flatMap((row) => [...(parseColour(CHANGE_COLOURS[row.kind]) ?? [0, 0, 0]), WEIGHT])
  const states = KINDS.map((kind) => {
    const count = String(differences.filter((row) => row.kind === kind).length)
    const name = KIND_NAMES[kind]
    return { colour: CHANGE_COLOURS[kind], name: { zh: `${name.zh} ${count}`, en: `${name.en} ${count}` } }
  })
  return {
    id: CHANGE_LAYER,
    name: NAME,
    of: 'elements',
    rooms: { indices: Uint32Array.from(drawn, (row) => row.element_index ?? 0), rgba: Uint8Array.from(bytes) },
    legend: [{ kind: 'states', label: null, states }],
  }
}

/** Offers the layer where the model has a revision before this one that differs. Shows nothing itself. */
export const ChangeLayer = defineComponent({
  name: 'ChangeLayer',
  setup() {
    const changes = useChangesStore()
    const layers = useLayerStore()
    const model = useModelStore()

    watch(
      () => model.model !== null,
      (known) => {
        if (known) void changes.load()
      },
      { immediate: true },
    )
    watch(
      () => changes.content,
      (content) => {
        if (content && content.differences.length > 0) layers.offer(changeLayer(content.differences))
      },
      { immediate: true },
    )
    onUnmounted(() => {
      layers.withdraw(CHANGE_LAYER)
    })
    return () => null
  },
})
