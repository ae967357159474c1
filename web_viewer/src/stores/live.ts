import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import type { Hello } from '@/generated/wire'
import { fetchPoints } from '@/net/api'
import { emptyColumns, type LiveColumns } from '@/net/columns'
import { LiveConnection, liveUrl, type LinkState } from '@/net/live'
import { LiveStream } from '@/net/stream'
import type { PointInfo } from '@/net/types'

/** Told after each frame which points it touched. */
export type FrameListener = (changed: Uint32Array, columns: LiveColumns) => void

const TICK_MS = 500

/** The live state of all points, and how fresh it is. */
export const useLiveStore = defineStore('live', () => {
  const state = liveState()
  const listeners = new Set<FrameListener>()
  const { stream, connection } = openStream(state, listeners)

  function tick(): void {
    state.nowMs.value = stream.nowMs()
    state.ageMs.value = stream.ageMs()
  }

  function start(): void {
    connection.start()
    window.setInterval(tick, TICK_MS)
    window.addEventListener('online', () => {
      connection.retryNow()
    })
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) connection.retryNow()
    })
  }

  function onChange(listener: FrameListener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  return {
    ...state,
    isLost: computed(() => state.link.value === 'lost'),
    series: (point: number) => stream.series(point),
    ageOf: (timeMs: number) => stream.ageOf(timeMs),
    start,
    onChange,
  }
})

type LiveState = ReturnType<typeof liveState>

// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- the refs are their own description
function liveState() {
  return {
    link: ref<LinkState>('connecting'),
    fault: ref(''),
    hello: shallowRef<Hello | null>(null),
    points: shallowRef<readonly PointInfo[]>([]),
    columns: shallowRef<LiveColumns>(emptyColumns(0)),
    /** Counts frames; reading it makes a computed value follow the stream. */
    revision: ref(0),
    nowMs: ref(Number.NaN),
    ageMs: ref(Number.NaN),
  }
}

function openStream(
  state: LiveState,
  listeners: ReadonlySet<FrameListener>,
): { readonly stream: LiveStream; readonly connection: LiveConnection } {
  const note = (error: unknown): void => {
    state.fault.value = error instanceof Error ? error.message : String(error)
  }
  const stream = new LiveStream(
    {
      onSamples: (changed, columns) => {
        state.revision.value++
        for (const listener of listeners) listener(changed, columns)
      },
      onPoints: (points, columns) => {
        state.columns.value = columns
        state.points.value = points
      },
      onFault: (error) => {
        note(error)
        connection.restart()
      },
    },
    fetchPoints,
    () => performance.now(),
  )
  const connection = new LiveConnection(liveUrl(window.location), {
    onState: (link) => (state.link.value = link),
    onHello: (hello) => {
      state.hello.value = hello
      state.fault.value = ''
      void stream.begin(hello)
    },
    onFrame: (data) => {
      stream.receive(data)
    },
    onEvent: () => undefined,
    onFault: note,
  })
  return { stream, connection }
}
