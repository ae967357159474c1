import { defineComponent, onUnmounted, watch } from 'vue'

import { stateLayer, type OfferedLayer, type StateLook } from '@/layers/offered'
import type { Names } from '@/net/types'
import { useLayerStore } from '@/stores/layers'
import { useModelStore } from '@/stores/model'

import type { Difference, Kind } from './api'
import { useChangesStore } from './store'

export const CHANGE_LAYER = 'model.changes'

const NAME: Names = { zh: '模型变更', en: 'Model changes' }
/** Green, amber and, for what is only listed, grey. */
export const LOOKS: Readonly<Record<Kind, StateLook>> = {
  added: { colour: '#2E9E6B', name: { zh: '新增', en: 'Added' } },
  changed: { colour: '#E8A13A', name: { zh: '修改', en: 'Changed' } },
  removed: { colour: '#8A8F98', name: { zh: '删除（见列表）', en: 'Removed (see the list)' } },
}
const WEIGHT = 245

/** The elements that the newest revision added and changed; the legend counts those that it removed as well. */
export function changeLayer(differences: readonly Difference[]): OfferedLayer {
  const rows = differences.map(({ kind, element_index: element }) => ({ state: kind, element }))
  return stateLayer({ id: CHANGE_LAYER, name: NAME, of: 'elements' }, LOOKS, WEIGHT, rows)
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
