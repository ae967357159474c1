import { defineStore } from 'pinia'
import { computed, markRaw, ref, shallowRef, type Ref } from 'vue'

import { Kind, type Hello } from '@/generated/wire'
import { problemText } from '@/i18n/problem'
import { fetchPoints } from '@/net/api'
import { emptyColumns, type LiveColumns } from '@/net/columns'
import type { LinkState } from '@/net/link'
import { LiveConnection, liveUrl } from '@/net/live'
import { fetchBindingsAt, placedAsThen, type PastBindings } from '@/net/pastBindings'
import { ReplayConnection, ReplayStream, replayUrl, type ReplayHandlers, type ReplayStatus } from '@/net/replay'
import type { SessionEnd, SharedSession, SharedView } from '@/net/replaySession'
import { LiveStream } from '@/net/stream'
import type { PointInfo } from '@/net/types'

import { followScene, type SceneFollower } from './pastScene'
import { followBindings } from './rebinding'

/** Told after each frame which points it touched. */
export type FrameListener = (changed: Uint32Array, columns: LiveColumns) => void
/** Told of each event of now, as the server sends it. */
export type EventListener = (event: Readonly<Record<string, unknown>>) => void

const TICK_MS = 500
/** Frames a second for a page that nobody sees. */
const HIDDEN_RATE = 1
const NOWHERE: ReplayStatus = { timeMs: Number.NaN, playing: false, speed: 1, span: null, gap: null, scene: null }

/**
 * The state of all points at the moment on screen, and how fresh it is. That moment is now, or one of the film:
 * whoever reads columns, points and times cannot tell but by `mode`. The live stream goes on beneath a replay.
 */
export const useLiveStore = defineStore('live', () => {
  const state = liveState()
  const frames = new Set<FrameListener>()
  const events = new Set<EventListener>()
  const show = (changed: Uint32Array, columns: LiveColumns): void => {
    state.revision.value++
    for (const listener of frames) listener(changed, columns)
  }
  const past = openPast(state, show)
  const now = openNow(state, show, events, () => {
    if (state.mode.value === 'replay') past.rejoin(now.stream.columns)
  })
  const shown = (): LiveStream | ReplayStream => (state.mode.value === 'live' ? now.stream : past.stream)

  function tick(): void {
    state.nowMs.value = shown().nowMs()
    state.ageMs.value = shown().ageMs()
    state.presentMs.value = now.stream.nowMs()
  }

  /** Show a moment of the film, ms since 1970 UTC; of several asked for in a row the newest. */
  function seek(timeMs: number): void {
    if (state.mode.value === 'live') past.enter(now.stream.columns)
    past.seek(timeMs)
  }

  function backToLive(): void {
    if (state.mode.value === 'live') return
    past.leave()
    state.link.value = now.link.value
    state.columns.value = now.stream.columns
    state.cuts.value++
    state.revision.value++
    tick()
  }

  function start(): void {
    now.connection.start()
    window.setInterval(tick, TICK_MS)
    heedPage(now.connection)
  }

  return {
    ...state,
    isLost: computed(() => state.link.value === 'lost'),
    isPast: computed(() => state.mode.value === 'replay'),
    series: (point: number) => shown().series(point),
    ageOf: (timeMs: number) => shown().ageOf(timeMs),
    /** The moment on screen, to the millisecond; `nowMs` follows it twice a second. */
    momentMs: () => shown().nowMs(),
    start,
    onChange: (listener: FrameListener) => listenTo(frames, listener),
    onEvent: (listener: EventListener) => listenTo(events, listener),
    seek,
    play: past.play,
    pause: past.pause,
    backToLive,
    join: (session: string) => {
      past.join(session, now.stream.columns)
    },
    /** The film's connection, by which it is seen together with others. */
    film: markRaw(past.connection),
  }
})

/** Connects at once when the network or the page comes back, and asks for little while nobody looks. */
function heedPage(connection: LiveConnection): void {
  heedVisibility(connection)
  window.addEventListener('online', () => {
    connection.retryNow()
  })
  document.addEventListener('visibilitychange', () => {
    heedVisibility(connection)
    if (!document.hidden) connection.retryNow()
  })
}

/** Where nobody looks, a frame a second keeps the columns, and spares a phone's battery. */
function heedVisibility(connection: LiveConnection): void {
  connection.limit(document.hidden ? HIDDEN_RATE : null)
}

type LiveState = ReturnType<typeof liveState>
type Show = FrameListener

// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- the refs are their own description
function liveState() {
  const listed = shallowRef<readonly PointInfo[]>([])
  const then = shallowRef<PastBindings | null>(null)
  return {
    mode: ref<'live' | 'replay'>('live'),
    link: ref<LinkState>('connecting'),
    fault: ref(''),
    hello: shallowRef<Hello | null>(null),
    /** The points, where their devices stand today. */
    listed,
    /** Where devices stood at the moment on screen; null: where they stand today. */
    then,
    /** The points, where their devices stood at the moment on screen. */
    points: computed(() => (then.value === null ? listed.value : placedAsThen(listed.value, then.value))),
    columns: shallowRef<LiveColumns>(emptyColumns(0)),
    /** Counts frames; reading it makes a computed value follow the stream. */
    revision: ref(0),
    /** Counts jumps in time: what was derived from earlier frames is of another time. */
    cuts: ref(0),
    /** The moment on screen. */
    nowMs: ref(Number.NaN),
    /** The present, also in a replay. */
    presentMs: ref(Number.NaN),
    ageMs: ref(Number.NaN),
    player: shallowRef<ReplayStatus>(NOWHERE),
    /** The session in which several see the film; null: in none. */
    session: shallowRef<SharedSession | null>(null),
    /** Where the session's driver looks. */
    driverView: shallowRef<SharedView | null>(null),
    /** Why the session that was to be joined is not to be had; null: nothing is amiss. */
    sessionEnd: ref<SessionEnd | null>(null),
    /** Where a seek that is not answered yet goes; NaN: none is under way. */
    seekingMs: ref(Number.NaN),
  }
}

function listenTo<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

interface Now {
  readonly stream: LiveStream
  readonly connection: LiveConnection
  readonly link: Ref<LinkState>
}

function openNow(state: LiveState, show: Show, events: ReadonlySet<EventListener>, onPoints: () => void): Now {
  const isShown = (): boolean => state.mode.value === 'live'
  const link = ref<LinkState>('connecting')
  const note = (error: unknown): void => {
    state.fault.value = problemText(error)
  }
  const stream = new LiveStream(
    {
      onSamples: (changed, columns) => {
        if (isShown()) show(changed, columns)
      },
      onPoints: (points, columns) => {
        state.columns.value = columns
        state.listed.value = points
        onPoints()
      },
      onFault: (error) => {
        note(error)
        connection.restart()
      },
    },
    fetchPoints,
    () => performance.now(),
  )
  const rebound = followBindings(state.listed, { fetch: fetchPoints, registry: () => state.hello.value?.registry, onFault: note })
  const connection = new LiveConnection(() => liveUrl(window.location, stream.place()), {
    onState: (next) => {
      link.value = next
      if (isShown()) state.link.value = next
    },
    onHello: (hello) => {
      state.hello.value = hello
      state.fault.value = ''
      void stream.begin(hello)
    },
    onFrame: (data) => {
      stream.receive(data)
    },
    onEvent: (message) => {
      const event = message.event
      if (message.type !== 'event' || typeof event !== 'object' || event === null) return
      rebound(event as Record<string, unknown>)
      for (const listener of events) listener(event as Record<string, unknown>)
    },
    onFault: note,
  })
  return { stream, connection, link }
}

interface Past {
  readonly stream: ReplayStream
  readonly connection: ReplayConnection
  readonly enter: (shown: LiveColumns) => void
  readonly rejoin: (columns: LiveColumns) => void
  readonly seek: (timeMs: number) => void
  /** See what the driver of a session shows, by the session's id; until then `shown`. */
  readonly join: (session: string, shown: LiveColumns) => void
  readonly play: (speed: number) => void
  readonly pause: () => void
  readonly leave: () => void
}

function sessionHandlers(state: LiveState): Pick<ReplayHandlers, 'onSession' | 'onDriver' | 'onSessionEnd'> {
  return {
    onSession: (session) => {
      state.session.value = session
      if (session !== null) state.sessionEnd.value = null
    },
    onDriver: (view) => (state.driverView.value = view),
    onSessionEnd: (why) => (state.sessionEnd.value = why),
  }
}

/** The connection to the film, whose frames go into `stream` and from there on screen. */
function connectFilm(state: LiveState, stream: ReplayStream, scene: SceneFollower, show: Show): ReplayConnection {
  const connection = new ReplayConnection(replayUrl(window.location), {
    onState: (link) => (state.link.value = link),
    onFrame: (frame) => {
      const changed = stream.receive(frame)
      state.fault.value = ''
      if (!connection.isSeeking) state.seekingMs.value = Number.NaN
      if (frame.kind === Kind.Snapshot) state.cuts.value++
      state.nowMs.value = frame.time
      show(changed, stream.columns)
    },
    onStatus: (status) => {
      state.player.value = status
      if (Number.isNaN(status.timeMs)) return
      stream.stand(status.timeMs, status.playing ? status.speed : 0)
      scene.see(status.scene, status.timeMs)
    },
    onEvent: () => undefined,
    ...sessionHandlers(state),
    onFault: (message) => {
      state.fault.value = message
      if (!connection.isSeeking) state.seekingMs.value = Number.NaN
    },
  })
  return connection
}

function openPast(state: LiveState, show: Show): Past {
  const stream = new ReplayStream(() => performance.now())
  const scene = followScene(state.then, fetchBindingsAt, (error) => {
    state.fault.value = problemText(error)
  })
  const connection = connectFilm(state, stream, scene, show)
  const adopt = (columns: LiveColumns): void => {
    stream.begin(columns)
    state.columns.value = stream.columns
  }
  const seek = (timeMs: number): void => {
    if (!connection.canMove) return
    state.seekingMs.value = timeMs
    connection.seek(timeMs)
  }
  const enter = (shown: LiveColumns): void => {
    state.mode.value = 'replay'
    state.player.value = NOWHERE
    adopt(shown)
  }
  return {
    stream,
    connection,
    seek,
    enter,
    join: (session, shown) => {
      if (state.mode.value === 'live') enter(shown)
      connection.join(session)
    },
    // Other points: their indices mean other things, so the moment must be asked for anew.
    rejoin: (columns) => {
      const timeMs = Number.isNaN(state.seekingMs.value) ? stream.nowMs() : state.seekingMs.value
      adopt(columns)
      if (!Number.isNaN(timeMs)) seek(timeMs)
    },
    play: (speed) => {
      connection.play(speed)
    },
    pause: () => {
      connection.pause()
    },
    leave: () => {
      connection.stop()
      state.session.value = state.driverView.value = null
      state.mode.value = 'live'
      scene.leave()
      state.seekingMs.value = Number.NaN
      state.fault.value = ''
    },
  }
}
