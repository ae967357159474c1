import { computed, onUnmounted, ref, watch, type ComputedRef, type Ref } from 'vue'

import { useTimelineStore } from '@/panels/timeline/store'
import { useLiveStore } from '@/stores/live'

import { playsHere } from './codec'
import { Moving } from './moving'
import { Player } from './player'
import type { Gap } from './spans'
import { modeOf, type Mode } from './step'
import type { StillWish } from './stills'
import { useVideoStore } from './store'
import { useStill } from './useStill'

const TICK_MS = 100
/** Live pictures that cannot move come this often. */
const GLANCE_MS = 1000
/** Pictures that follow each other quickly are no wider. */
const QUICK_PX = 640
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
  const { held, pace, momentMs } = useMoment()
  const store = useVideoStore()
  const plays = ref(true)
  const mode = useMode(plays, held, pace)
  const still = useStill()
  const moves = ref(false)
  const videoMs = ref(Number.NaN)
  const moving = new Moving(
    (onFault) => (video.value === null ? null : new Player(video.value, onFault)),
    () => (plays.value = false),
    () => performance.now(),
  )

  function tick(): void {
    const atMs = momentMs()
    if (document.hidden) moving.rest()
    if (Number.isNaN(atMs) || document.hidden) return
    showMoving(camera(), atMs)
    if (moves.value) still.gap.value = null
    else if (store.pictures) still.ask(wishAt(atMs))
  }

  function showMoving(name: string, atMs: number): void {
    if (mode.value === 'live') moving.live(name, atMs)
    else if (mode.value === 'video') moving.past(name, atMs, held.value || !live.player.playing ? 0 : live.player.speed, live.presentMs)
    else moving.rest()
    moves.value = moving.isSeen
    videoMs.value = moving.momentMs
  }

  /** Live pictures that do not move come now and then. */
  function wishAt(atMs: number): StillWish {
    const newest = !live.isPast
    const quick = mode.value !== 'frame'
    return { camera: camera(), atMs: newest ? Math.floor(atMs / GLANCE_MS / pace.value) * GLANCE_MS * pace.value : atMs, newest, quick, width: quick ? Math.min(width(), QUICK_PX) : width() }
  }

  const timer = window.setInterval(tick, TICK_MS)
  watch([mode, momentMs], tick)
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
  // What was seen then is not now, nor the other way round; and a camera that is back is asked at once.
  watch([() => live.isPast, () => store.cameras.get(camera())?.state === 'recording'], () => {
    still.clear()
    moving.close()
  })
  onUnmounted(() => {
    window.clearInterval(timer)
    still.stop()
    moving.close()
  })
  const shownMs = computed(() => (moves.value ? videoMs.value : still.shownMs.value))
  const isStale = computed(() => !live.isPast && !Number.isNaN(shownMs.value) && live.presentMs - shownMs.value > STALE_MS * pace.value)
  return { mode, stillUrl: still.url, moves, shownMs, gap: still.gap, error: still.error, plays, isStale }
}

function useMode(plays: Ref<boolean>, held: ComputedRef<boolean>, pace: ComputedRef<number>): ComputedRef<Mode> {
  const live = useLiveStore()
  const store = useVideoStore()
  return computed(() => {
    const { playing, speed } = live.player
    return modeOf({ isPast: live.isPast, held: held.value, playing, speed, plays: plays.value, pictures: store.pictures, pace: pace.value })
  })
}

/** The moment on screen, to the frame, whether it is being moved, and how fast the venue's own time goes. */
function useMoment(): { readonly held: ComputedRef<boolean>; readonly pace: ComputedRef<number>; readonly momentMs: () => number } {
  const live = useLiveStore()
  const timeline = useTimelineStore()
  return {
    held: computed(() => timeline.held || !Number.isNaN(live.seekingMs)),
    pace: computed(() => live.hello?.speed ?? 1),
    momentMs: () => {
      // Follows the slider; between its moments the film's own clock is finer.
      const cursorMs = timeline.cursorMs
      return live.isPast && Number.isNaN(live.seekingMs) ? live.momentMs() : live.isPast ? cursorMs : live.presentMs
    },
  }
}
