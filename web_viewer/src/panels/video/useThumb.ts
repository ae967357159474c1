import { onUnmounted, ref, watch, type Ref } from 'vue'

import { fetchStill } from './api'
import { pictureUrl } from './pictureUrl'
import { Stills } from './stills'

const WIDTH = 320

export interface Thumb {
  readonly url: Ref<string>
  /** The moment that it shows, ms since 1970 UTC; NaN: none. */
  readonly shownMs: Ref<number>
  /** Whether it is known by now that there is no picture. */
  readonly isEmpty: Ref<boolean>
}

/** A small picture of a camera at a moment that may move; where that is now, the `newest`. */
export function useThumb(camera: () => string, atMs: () => number, newest: () => boolean): Thumb {
  const { url, shownMs, put } = pictureUrl()
  const isEmpty = ref(false)

  const stills = new Stills(fetchStill, (still) => {
    isEmpty.value = still.kind !== 'picture'
    put(still)
  })

  watch(
    [camera, atMs, newest],
    ([name, timeMs, isNewest], [before]) => {
      if (before !== undefined && before !== name) put(null)
      if (!Number.isNaN(timeMs)) stills.ask({ camera: name, atMs: timeMs, newest: isNewest, quick: true, width: WIDTH })
    },
    { immediate: true },
  )
  onUnmounted(() => {
    stills.stop()
    put(null)
  })
  return { url, shownMs, isEmpty }
}
