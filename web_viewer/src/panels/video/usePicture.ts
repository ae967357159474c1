import { computed, onUnmounted, ref, watch, type ComputedRef, type Ref } from 'vue'

import { useTimelineStore } from '@/panels/timeline/store'
import { useLiveStore } from '@/stores/live'

import { fetchStill } from './api'
import { playsHere } from './codec'
import { Moving } from './moving'
import { Player } from './player'
import { isWithin, type Gap } from './spans'
import { modeOf, type Mode } from './step'
import { Stills, type Still, type StillWish } from './stills'
import { useVideoStore } from './store'

const TICK_MS = 100
/** What did not come is asked for again after this long. */
const AGAIN_MS = 2500
/** Live pictures that cannot move come this often. */
const GLANCE_MS = 1000
/** A live picture that is older than this is none. */
const STALE_MS = 12_000

/** What a camera shows, and of which moment it is. */
export interface CameraPicture {
  readonly mode: ComputedRef<Mode>
  /** The single picture beneath the video; '' where there is none. */
  readonly stillUrl: Ref<string>
  /** Whether the video is what is seen. */
  readonly moves: Ref<boolean>
  /** The moment of the picture that is seen, ms since 1970 UTC; NaN: none is seen. */
  readonly shownMs: Ref<number>
  /** Nothing was recorded at the moment on screen. */
  readonly gap: Ref<Gap | null>
  readonly error: Ref<unknown>
  /** Whether the browser can play what this camera sends. */
  readonly plays: Ref<boolean>
  /** Whether a live picture has stopped. */
  readonly isStale: ComputedRef<boolean>
}

/** The picture of a camera at the moment on screen: live, played in step with the film, or frame by frame. */
export function usePicture(camera: () => string, video: Ref<HTMLVideoElement | null>, width: () => number): CameraPicture {
  const live = useLiveStore()
  const timeline = useTimelineStore()
  const store = useVideoStore()
  const plays = ref(true)
  const mode = computed(() =>
    modeOf({ isPast: live.isPast, held: timeline.held || !Number.isNaN(live.seekingMs), playing: live.player.playing, speed: live.player.speed, plays: plays.value }),
  )
  const still = useStill()
  const moves = ref(false)
  const videoMs = ref(Number.NaN)
  const moving = new Moving(
    (onFault) => (video.value === null ? null : new Player(video.value, onFault)),
    () => (plays.value = false),
    () => performance.now(),
  )

  function momentMs(): number {
    if (live.isPast && Number.isNaN(live.seekingMs)) return live.momentMs()
    return timeline.cursorMs
  }

  function tick(): void {
    const atMs = live.isPast ? momentMs() : live.presentMs
    if (Number.isNaN(atMs) || document.hidden) return
    const wish = { camera: camera(), atMs }
    if (mode.value === 'live') moving.live(wish.camera, atMs)
    else if (mode.value === 'video') moving.past(wish.camera, atMs, live.player.speed, live.presentMs)
    else moving.rest()
    moves.value = moving.isSeen
    videoMs.value = moving.momentMs
    if (moves.value) still.gap.value = null
    else if (mode.value !== 'live') still.ask({ ...wish, atMs: mode.value === 'stills' && !live.isPast ? glance(atMs) : atMs, quick: mode.value !== 'frame', width: width() })
  }

  const timer = window.setInterval(tick, TICK_MS)
  watch([mode, () => timeline.cursorMs, () => live.isPast], tick)
  watch(
    [camera, () => store.cameras.get(camera())?.codec ?? null],
    ([name, codec], before) => {
      plays.value = playsHere(codec)
      if (before.length > 0 && before[0] !== name) {
        moving.close()
        still.clear()
      }
    },
    { immediate: true },
  )
  // What was seen then is not now, nor the other way round.
  watch(() => live.isPast, () => {
    still.clear()
    moving.close()
  })
  onUnmounted(() => {
    window.clearInterval(timer)
    still.stop()
    moving.close()
  })
  const shownMs = computed(() => (moves.value ? videoMs.value : still.shownMs.value))
  const isStale = computed(() => !live.isPast && !Number.isNaN(shownMs.value) && live.presentMs - shownMs.value > STALE_MS * (live.hello?.speed ?? 1))
  return { mode, stillUrl: still.url, moves, shownMs, gap: still.gap, error: still.error, plays, isStale }
}

/** The moments of live pictures that come one by one. */
function glance(nowMs: number): number {
  return Math.floor(nowMs / GLANCE_MS) * GLANCE_MS
}

/** Single pictures of a camera. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the above, seen by it alone
function useStill() {
  const url = ref('')
  const shownMs = ref(Number.NaN)
  const gap = ref<Gap | null>(null)
  const error = ref<unknown>(null)
  let again = 0
  let failed: { readonly camera: string; readonly untilMs: number } | null = null

  function put(next: string, atMs: number): void {
    if (url.value !== '') URL.revokeObjectURL(url.value)
    url.value = next
    shownMs.value = atMs
  }

  const stills = new Stills(fetchStill, (still: Still, wish: StillWish) => {
    window.clearTimeout(again)
    gap.value = still.kind === 'gap' ? (still.gap ?? { fromMs: null, toMs: null }) : null
    error.value = still.kind === 'failed' ? still.error : null
    if (still.kind === 'picture') put(URL.createObjectURL(still.picture), still.atMs)
    else put('', Number.NaN)
    if (still.kind === 'failed') failed = { camera: wish.camera, untilMs: performance.now() + AGAIN_MS }
    if (still.kind !== 'picture') again = window.setTimeout(stills.forget.bind(stills), AGAIN_MS)
  })

  function ask(wish: StillWish): void {
    if (failed?.camera === wish.camera && performance.now() < failed.untilMs) return
    const { value: known } = gap
    // Within a gap with both its ends known there is nothing to ask for.
    if (known !== null && known.fromMs !== null && known.toMs !== null && isWithin(known, wish.atMs)) return
    stills.ask(wish)
  }

  function clear(): void {
    window.clearTimeout(again)
    stills.forget()
    failed = gap.value = error.value = null
    put('', Number.NaN)
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
