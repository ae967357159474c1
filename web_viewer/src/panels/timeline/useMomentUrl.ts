import { onUnmounted, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'

import { useLiveStore } from '@/stores/live'
import { useSceneStore } from '@/stores/scene'

import { momentQuery, readMoment } from './moment'
import { useTimelineStore } from './store'

/** The address follows a moving cursor at this pace: browsers refuse more than a few changes a second. */
const REST_MS = 700

/** Opens the moment that the address names, and keeps the address at the moment on screen. */
export function useMomentUrl(): void {
  const route = useRoute()
  const router = useRouter()
  const live = useLiveStore()
  const stage = useSceneStore()
  const timeline = useTimelineStore()
  let timer = 0

  const asked = readMoment(route.query.at, route.query.cam)
  if (asked.atMs !== null) open(asked.atMs)

  function open(atMs: number): void {
    timeline.goTo(atMs)
    const stop = watch(
      () => live.presentMs,
      (presentMs) => {
        if (Number.isNaN(presentMs)) return
        stop()
        timeline.goTo(atMs)
      },
    )
    if (asked.pose === null) return
    const { pose } = asked
    const stopWaiting = watch(
      () => stage.drawn,
      (drawn) => {
        if (!drawn) return
        queueMicrotask(() => {
          stopWaiting()
        })
        void stage.scene?.flyTo(pose)
      },
      { immediate: true },
    )
  }

  function write(): void {
    timer = 0
    const rest = Object.fromEntries(Object.entries(route.query).filter(([key]) => key !== 'at' && key !== 'cam'))
    const moment = live.isPast ? momentQuery(timeline.cursorMs, stage.scene?.cameraPose ?? null) : {}
    void router.replace({ query: { ...rest, ...moment }, hash: route.hash })
  }

  watch([() => live.isPast, () => timeline.cursorMs, () => stage.cameraTick], ([isPast], [wasPast]) => {
    if (!isPast && !wasPast) return
    if (timer === 0) timer = window.setTimeout(write, REST_MS)
  })
  onUnmounted(() => {
    window.clearTimeout(timer)
  })
}
