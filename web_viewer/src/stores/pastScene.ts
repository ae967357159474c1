import type { ShallowRef } from 'vue'

import { NewestOnly } from '@/logic/newest'
import type { PastBindings, PastScene } from '@/net/pastBindings'

/** Bindings that are kept, so that a slider that goes to and fro asks once for each. */
const MOST_KEPT = 8

/** Hears what the film's player tells. */
export interface SceneFollower {
  /** The moment on screen, ms since 1970 UTC, is of this scene. */
  readonly see: (scene: PastScene | null, timeMs: number) => void
  readonly leave: () => void
}

/**
 * Keeps in `then` the bindings of the moment on screen; null: those of now, also where nobody noted others.
 * Until they are there, those before stay.
 */
export function followScene(
  then: ShallowRef<PastBindings | null>,
  fetch: (timeMs: number) => Promise<PastBindings>,
  onFault: (error: unknown) => void,
): SceneFollower {
  const known = new Map<string, PastBindings>()
  let wanted: string | null = null

  function show(): void {
    const found = wanted === null ? null : known.get(wanted)
    if (found !== undefined) then.value = found
  }

  const load = new NewestOnly<number>(async (timeMs) => {
    if (wanted === null || known.has(wanted)) return
    try {
      const found = await fetch(timeMs)
      known.set(found.hash, found)
      const oldest = known.keys().next().value
      if (known.size > MOST_KEPT && oldest !== undefined) known.delete(oldest)
      show()
    } catch (error) {
      onFault(error)
    }
  }, 0)

  return {
    see: (scene, timeMs) => {
      wanted = scene?.bindings ?? null
      if (wanted === null || known.has(wanted)) show()
      else load.ask(timeMs)
    },
    leave: () => {
      wanted = null
      show()
    },
  }
}
