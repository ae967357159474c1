import type { ShallowRef } from 'vue'

import { NewestOnly } from '@/logic/newest'
import type { PointInfo } from '@/net/types'

/** Between two fetches of all points, ms: somebody may be confirming one guess after the other. */
const REST_MS = 1000

/** What the points of a page come from, and where it says that they could not be had. */
export interface PointSource {
  readonly fetch: () => Promise<readonly PointInfo[]>
  /** Names the points that are shown: others mean other things by the same indices. */
  readonly registry: () => string | undefined
  readonly onFault: (error: unknown) => void
}

/** Hears events: when devices were bound to other elements their points are where these are, with the values that they have. */
export function followBindings(points: ShallowRef<readonly PointInfo[]>, source: PointSource): (event: Readonly<Record<string, unknown>>) => void {
  const reload = new NewestOnly<void>(async () => {
    const registry = source.registry()
    try {
      const found = await source.fetch()
      if (registry === source.registry()) points.value = found
    } catch (error) {
      source.onFault(error)
    }
  }, REST_MS)
  return (event) => {
    if (event.type === 'bindings.changed') reload.ask()
  }
}
