import { ref } from 'vue'

import { fetchStill } from './api'
import { pictureUrl } from './pictureUrl'
import { isWithin, type Gap } from './spans'
import { Stills, type Still, type StillWish } from './stills'

/** What did not come is asked for again after this long. */
const AGAIN_MS = 2500

/** Single pictures of a camera. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- the refs are their own description
export function useStill() {
  const { url, shownMs, put } = pictureUrl()
  const gap = ref<Gap | null>(null)
  const error = ref<unknown>(null)
  let again = 0
  let lookAgainMs = 0
  let failed: { readonly camera: string; readonly untilMs: number } | null = null

  const stills = new Stills(fetchStill, (still: Still, wish: StillWish) => {
    window.clearTimeout(again)
    lookAgainMs = performance.now() + AGAIN_MS
    gap.value = still.kind === 'gap' ? (still.gap ?? { fromMs: null, toMs: null }) : null
    error.value = still.kind === 'failed' ? still.error : null
    put(still)
    if (still.kind === 'failed') failed = { camera: wish.camera, untilMs: performance.now() + AGAIN_MS }
    if (still.kind !== 'picture') again = window.setTimeout(stills.forget.bind(stills), AGAIN_MS)
  })

  function ask(wish: StillWish): void {
    if (failed?.camera === wish.camera && performance.now() < failed.untilMs) return
    // Within a gap there is nothing to ask for, but now and then whether it still is one.
    if (gap.value !== null && isWithin(gap.value, wish.atMs) && performance.now() < lookAgainMs) return
    stills.ask(wish)
  }

  function clear(): void {
    window.clearTimeout(again)
    stills.forget()
    failed = gap.value = error.value = null
    put(null)
  }

  return {
    url,
    shownMs,
    gap,
    error,
    ask,
    clear,
    stop: () => {
      stills.stop()
      clear()
    },
  }
}
