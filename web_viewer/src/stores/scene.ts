import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'

import { fetchBox } from '@/net/api'
import type { BoxInfo } from '@/net/types'
import type * as SceneCore from '@/scene/TwinScene'
import type { Pick, SceneStats, TwinSceneApi, TwinSceneOptions } from '@/scene/types'

/** Where the pointer rests, in client pixels. */
export interface Hovered {
  readonly elementIndex: number
  readonly clientX: number
  readonly clientY: number
}

/** The 3D core, in a chunk of its own; asking early lets it come while the model's facts do. */
export function loadScene(): Promise<typeof SceneCore> {
  return import('@/scene/TwinScene')
}

/** The 3D scene and what it tells; panels reach it through this store alone. */
export const useSceneStore = defineStore('scene', () => {
  const scene = shallowRef<TwinSceneApi | null>(null)
  const progress = ref(0)
  const drawn = ref(false)
  const hovered = shallowRef<Hovered | null>(null)
  const picked = shallowRef<Pick | null>(null)
  /** Counts frames in which the camera moved: labels are placed anew. */
  const cameraTick = ref(0)
  const stats = shallowRef<SceneStats | null>(null)
  const contextLost = ref(false)
  const tileError = ref('')

  /** Makes the scene in `container`. @throws Error when the browser has no WebGL 2. */
  async function open(container: HTMLElement, options: TwinSceneOptions): Promise<TwinSceneApi> {
    const { TwinScene, askForTiles } = await loadScene()
    const early = askForTiles(options)
    await early.asked
    const made: TwinSceneApi = new TwinScene(container, options, early)
    made.on('progress', (share) => (progress.value = share))
    made.on('firstpicture', () => (drawn.value = true))
    made.on('hover', (next) => (hovered.value = next))
    made.on('pick', (next) => (picked.value = next))
    made.on('camera', () => cameraTick.value++)
    made.on('stats', (next) => (stats.value = next))
    made.on('contextlost', (lost) => (contextLost.value = lost))
    made.on('error', (error) => (tileError.value = error.message))
    scene.value = made
    return made
  }

  /** Boxes of elements whose tiles are not loaded, as the catalogue knows them; null while being asked for. */
  const asked = new Map<number, BoxInfo | null>()
  const boxesKnown = ref(0)

  /** The element's box, from the tiles or from the catalogue; null while it is unknown. */
  function boxNow(index: number): BoxInfo | null {
    const drawn = scene.value?.elementBox(index) ?? null
    if (drawn !== null) return drawn
    const known = asked.get(index)
    if (known === undefined) void boxOf(index)
    return known ?? null
  }

  /** The element's box, once it is known; null where nothing is drawn of it. */
  async function boxOf(index: number): Promise<BoxInfo | null> {
    const drawn = scene.value?.elementBox(index) ?? asked.get(index)
    if (drawn) return drawn
    asked.set(index, null)
    // Without an answer there is nowhere to go: the element stays where it is, unpointed at.
    const box = await fetchBox(index).catch(() => null)
    asked.set(index, box)
    boxesKnown.value++
    return box
  }

  /** Moves to a box or an element, though its tile may not be loaded yet. */
  async function flyTo(target: number | BoxInfo): Promise<void> {
    const box = typeof target === 'number' ? await boxOf(target) : target
    // By its index the scene shows an element from its best side; that needs the box of its tile.
    const drawn = typeof target === 'number' && scene.value?.elementBox(target)
    if (box !== null) await scene.value?.flyTo(drawn ? target : box)
  }

  /** Shows one storey (its element index) alone and from above, or the whole building. */
  function showStorey(storey: number | null): void {
    scene.value?.isolateStorey(storey)
    void scene.value?.setView(storey ?? 'home')
  }

  function close(): void {
    scene.value?.dispose()
    scene.value = null
    drawn.value = false
  }

  return { scene, progress, drawn, hovered, picked, cameraTick, stats, contextLost, tileError, boxesKnown, boxNow, flyTo, showStorey, open, close }
})
