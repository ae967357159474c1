import { computed, ref, type ComputedRef, type Ref } from 'vue'

import { withRecent } from '../logic/places'
import type { GuidePlace } from '../types'

const RECENT_KEY = 'venue-twin.guide.recent'

/** Where this browser's visitor has gone before. */
export interface Recent {
  readonly recent: ComputedRef<readonly GuidePlace[]>
  readonly remember: (place: GuidePlace) => void
}

/** Recent places are kept by id; one that the building no longer has is left out. */
export function createRecent(places: Readonly<Ref<readonly GuidePlace[]>>): Recent {
  const ids = ref<readonly string[]>(remembered())

  function remember(place: GuidePlace): void {
    if (place.kind === 'position') return
    ids.value = withRecent(ids.value, place.id)
    localStorage.setItem(RECENT_KEY, JSON.stringify(ids.value))
  }

  return {
    recent: computed(() => ids.value.flatMap((id) => places.value.find((place) => place.id === id) ?? [])),
    remember,
  }
}

/** A browser that keeps nothing, or kept something else, has no recent places. */
function remembered(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(RECENT_KEY) ?? '[]')
    return Array.isArray(kept) ? kept.filter((each): each is string => typeof each === 'string') : []
  } catch {
    return []
  }
}
