import { onUnmounted, ref, watch, type Ref } from 'vue'

import { fetchStill } from './api'
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
  const url = ref('')
  const shownMs = ref(Number.NaN)
  const isEmpty = ref(false)

  function put(next: string, timeMs: number): void {
    if (url.value !== '') URL.revokeObjectURL(url.value)
    url.value = next
    shownMs.value = timeMs
  }

  const stills = new Stills(fetchStill, (still) => {
    isEmpty.value = still.kind !== 'picture'
    if (still.kind === 'picture') put(URL.createObjectURL(still.picture), still.atMs)
    else put('', Number.NaN)
  })

  watch(
    [camera, atMs, newest],
    ([name, timeMs, isNewest], [before]) => {
      if (before !== undefined && before !== name) put('', Number.NaN)
      if (!Number.isNaN(timeMs)) stills.ask({ camera: name, atMs: timeMs, newest: isNewest, quick: true, width: WIDTH })
    },
    { immediate: true },
  )
  onUnmounted(() => {
    stills.stop()
    put('', Number.NaN)
  })
  return { url, shownMs, isEmpty }
}
