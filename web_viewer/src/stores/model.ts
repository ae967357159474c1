import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { problemText } from '@/i18n/problem'
import { fetchColumns, fetchDevices, fetchLayers, fetchModel, fetchSpaces } from '@/net/api'
import type { Layer } from '@/layers/types'
import type { DeviceInfo, ModelInfo, SpaceInfo, StoreyInfo } from '@/net/types'
import type { ElementColumns } from '@/scene/types'

/** The building: what does not change while the server shows one revision. */
export const useModelStore = defineStore('model', () => {
  const model = shallowRef<ModelInfo | null>(null)
  const columns = shallowRef<ElementColumns | null>(null)
  const spaces = shallowRef<readonly SpaceInfo[]>([])
  const devices = shallowRef<ReadonlyMap<string, DeviceInfo>>(new Map())
  const layers = shallowRef<readonly Layer[]>([])
  const problem = ref('')

  /** Highest first, as a lift's panel shows them. */
  const storeys = computed<readonly StoreyInfo[]>(() =>
    [...(model.value?.storeys ?? [])].sort((a, b) => b.position - a.position),
  )
  const storeyByIndex = computed(() => new Map(storeys.value.map((storey) => [storey.index, storey])))
  const storeyByGuid = computed(() => new Map(storeys.value.map((storey) => [storey.guid, storey])))
  const spaceByGuid = computed(() => new Map(spaces.value.map((space) => [space.guid, space])))
  const spaceByIndex = computed(() => new Map(spaces.value.map((space) => [space.index, space])))

  /** What the scene needs to begin. */
  async function loadModel(): Promise<boolean> {
    problem.value = ''
    try {
      const found = await fetchModel()
      // The scene takes it from the browser's cache; a failure is met there.
      fetch(found.tilesetUrl, { priority: 'high' }).catch(() => undefined)
      columns.value = await fetchColumns(found.columnsUrl, found.elementCount)
      model.value = found
      return true
    } catch (error) {
      problem.value = problemText(error)
      return false
    }
  }

  /** What the panels need; each part may be missing without harm to the others. */
  async function loadRest(): Promise<void> {
    const [foundLayers, foundDevices, foundSpaces] = await Promise.allSettled([
      fetchLayers(),
      fetchDevices(),
      fetchSpaces(),
    ])
    if (foundLayers.status === 'fulfilled') layers.value = foundLayers.value
    if (foundDevices.status === 'fulfilled') {
      devices.value = new Map(foundDevices.value.map((device) => [device.id, device]))
    }
    if (foundSpaces.status === 'fulfilled') spaces.value = foundSpaces.value
  }

  /** Whether the server now shows another revision than this page does. */
  async function isReplaced(): Promise<boolean> {
    const now = await fetchModel()
    return model.value !== null && now.revision !== model.value.revision
  }

  return {
    model,
    columns,
    spaces,
    devices,
    layers,
    problem,
    storeys,
    storeyByIndex,
    storeyByGuid,
    spaceByGuid,
    spaceByIndex,
    loadModel,
    loadRest,
    isReplaced,
  }
})
