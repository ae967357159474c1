import { ref, type Ref } from 'vue'

import type { Still } from './stills'

/** A picture as `img` takes it, and the moment that it shows, ms since 1970 UTC; empty and NaN: none. */
export interface PictureUrl {
  readonly url: Ref<string>
  readonly shownMs: Ref<number>
  /** Shows what came, and lets go of what was shown before. */
  readonly put: (still: Still | null) => void
}

export function pictureUrl(): PictureUrl {
  const url = ref('')
  const shownMs = ref(Number.NaN)

  function put(still: Still | null): void {
    if (url.value !== '') URL.revokeObjectURL(url.value)
    const isPicture = still?.kind === 'picture'
    url.value = isPicture ? URL.createObjectURL(still.picture) : ''
    shownMs.value = isPicture ? still.atMs : Number.NaN
  }

  return { url, shownMs, put }
}
