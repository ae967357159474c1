import type { TwinScene } from './TwinScene'
import type { Pick, SceneStats } from './types'

/**
 * `window.__twin`: what tests and benchmarks ask of a page, in every build. It reads; it changes nothing.
 */
export interface TwinHooks {
  /** When the first whole picture was drawn, ms since the page began; null before. */
  readonly firstPicture: number | null
  /** Everything loaded, and drawn at rest. */
  readonly idle: boolean
  readonly stats: SceneStats
  readonly scene: TwinScene
  pick(clientX: number, clientY: number): Promise<Pick | null>
  /** Where an element is seen: client pixels well inside it, and its share of the picture; null when it is unseen. */
  find(elementIndex: number): Promise<{ x: number; y: number; share: number } | null>
}

declare global {
  interface Window {
    __twin?: TwinHooks
  }
}

/** Puts the hooks in place; the returned function takes them away. */
export function installHooks(scene: TwinScene): () => void {
  const hooks: TwinHooks = {
    get firstPicture() {
      return scene.firstPicture
    },
    get idle() {
      return scene.isIdle
    },
    get stats() {
      return scene.stats
    },
    scene,
    pick: (x, y) => scene.pick(x, y),
    find: (index) => scene.findOnScreen(index),
  }
  window.__twin = hooks
  return () => {
    if (window.__twin === hooks) delete window.__twin
  }
}
