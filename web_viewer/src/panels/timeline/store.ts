import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import { problemText } from '@/i18n/problem'
import { NewestOnly } from '@/logic/newest'
import type { Alarm } from '@/panels/alarms/alarm'
import { fetchAlarmsBetween } from '@/panels/alarms/api'
import { useLiveStore } from '@/stores/live'

import { useModelStore } from '@/stores/model'

import { fetchEvents, fetchFilm, fetchHistogram, fetchPastBookings, type FilmInfo, type PastBooking, type PastEvent } from './api'
import { zoneOffsetMs } from './axis'
import { EMPTY, serves, wantedFor, type Histogram, type Wanted } from './density'
import { addNote, changeNote, fetchNotes, removeNote, type Note, type NoteContent } from './notes'
import { DAY_MS, endingNow, HOUR_MS, MINUTE_MS, panned, revealing, spanOf, zoomed, type TimeView } from './view'

/** Speeds that can be chosen, film seconds in a real one. */
export const SPEEDS = [0.1, 0.5, 1, 2, 5, 10, 60, 300, 600, 3600] as const
/** Spans that can be chosen, hours. */
export const SPANS_H = [1 / 60, 1 / 6, 1, 6, 24, 168, 720, 8760] as const

const START_SPAN_MS = 6 * HOUR_MS
const LEAST_START_MS = 10 * MINUTE_MS
/** What happens now shows in the bars after this long. */
const REFRESH_MS = 10_000
const REST_MS = 200
const AROUND = 6
/** In a longer view bookings would be a blur. */
const BOOKINGS_UP_TO_MS = 8 * DAY_MS
/** Playing that ends this near to the end of the film has caught up with the present. */
const CAUGHT_UP_MS = 5000

/** The time slider: what it shows of the past, and where its cursor stands. */
export const useTimelineStore = defineStore('timeline', () => {
  const band = bandView()
  const known = knownOf(band.view)
  const near = eventsNear()
  const cursor = timeCursor(band, known.film)
  const live = useLiveStore()
  /** Whether somebody drags the cursor. */
  const held = ref(false)
  const stopFitting = watch(
    () => known.film.value.firstMs,
    (firstMs) => {
      if (Number.isNaN(firstMs)) return
      band.fit(firstMs)
      stopFitting()
    },
  )

  return {
    ...band,
    ...known,
    ...cursor,
    held,
    near,
    /** Show the cursor with this much time. */
    showSpan: (spanMs: number) => {
      band.look(zoomed(band.view.value, spanMs / spanOf(band.view.value), cursor.cursorMs.value, live.presentMs))
    },
  }
})

type Band = ReturnType<typeof bandView>

/** The stretch of time in view. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function bandView() {
  const live = useLiveStore()
  const view = shallowRef<TimeView>({ fromMs: Number.NaN, toMs: Number.NaN })
  /** Whether the view moves on with the present. */
  const following = ref(true)

  function follow(): void {
    if (Number.isNaN(live.presentMs)) return
    const span = spanOf(view.value)
    if (Number.isNaN(span)) view.value = endingNow(live.presentMs, START_SPAN_MS)
    else if (following.value && !live.isPast) view.value = endingNow(live.presentMs, span)
  }

  function look(next: TimeView): void {
    view.value = next
    following.value = next.toMs >= live.presentMs
  }

  function reveal(timeMs: number): void {
    if (Number.isNaN(live.presentMs) || Number.isNaN(spanOf(view.value))) return
    view.value = revealing(view.value, timeMs, live.presentMs)
    following.value = false
  }

  function returnToNow(): void {
    following.value = true
    follow()
  }

  /** A film that has just begun fills the band, too. */
  function fit(firstMs: number): void {
    const whole = Math.max(LEAST_START_MS, (live.presentMs - firstMs) * 1.25)
    if (following.value && whole < spanOf(view.value)) view.value = endingNow(live.presentMs, whole)
  }

  watch(() => live.presentMs, follow, { immediate: true })

  return {
    view,
    following,
    look,
    fit,
    reveal,
    returnToNow,
    zoom: (factor: number, aboutMs: number) => {
      look(zoomed(view.value, factor, aboutMs, live.presentMs))
    },
    pan: (byMs: number) => {
      look(panned(view.value, byMs, live.presentMs))
    },
  }
}

/** Plays the film; where that catches up with the present, on to what is live. */
function playUntilNow(goLive: () => void): (speed: number) => void {
  const live = useLiveStore()
  /** Asked for and not seen yet: what is told last counts, and a short way may be over by then. */
  let asked = false

  watch(
    () => live.player,
    (now, before) => {
      const isAtEnd = (now.span?.toMs ?? Number.NaN) - now.timeMs < CAUGHT_UP_MS
      const stopped = (before.playing || asked) && !now.playing
      if (now.playing || isAtEnd) asked = false
      if (stopped && isAtEnd && now.speed > 0 && live.isPast) goLive()
    },
  )
  watch(
    () => live.seekingMs,
    (seekingMs) => {
      if (!Number.isNaN(seekingMs)) asked = false
    },
  )

  return (speed) => {
    asked = true
    live.play(speed)
  }
}

/** The moment on screen, and the ways to another one. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function timeCursor(band: Band, film: { readonly value: FilmInfo }) {
  const live = useLiveStore()
  /** Film seconds in a real one; it plays `backwards` where that is set. */
  const speed = ref(60)
  const backwards = ref(false)
  const pace = computed(() => (backwards.value ? -speed.value : speed.value))
  const cursorMs = computed(() => {
    if (!Number.isNaN(live.seekingMs)) return live.seekingMs
    return live.isPast ? live.nowMs : live.presentMs
  })

  /** The moment nearest to the one asked for of which something can be known. */
  function within(timeMs: number): number {
    const first = Number.isNaN(film.value.firstMs) ? -Infinity : film.value.firstMs
    return Math.max(first, Math.min(timeMs, Number.isNaN(live.presentMs) ? Infinity : live.presentMs))
  }

  function seek(timeMs: number): void {
    live.seek(within(timeMs))
  }

  /** Go to a moment and bring it into the view. */
  function goTo(timeMs: number): void {
    seek(timeMs)
    band.reveal(within(timeMs))
  }

  function goLive(): void {
    live.backToLive()
    band.returnToNow()
  }

  const play = playUntilNow(goLive)

  function togglePlay(): void {
    if (!live.isPast) seek(live.presentMs)
    else if (live.player.playing) live.pause()
    else play(pace.value)
  }

  function setSpeed(next: number): void {
    speed.value = next
    if (live.isPast && live.player.playing) play(pace.value)
  }

  /** Plays the other way round; where nothing plays, backwards from where it stands. */
  function reverse(): void {
    backwards.value = !(backwards.value && live.player.playing)
    if (!live.isPast) seek(live.presentMs)
    play(pace.value)
  }

  function playOn(): void {
    if (!live.player.playing) backwards.value = false
    togglePlay()
  }

  /** To the event before the cursor (-1) or after it (1). */
  async function step(by: -1 | 1): Promise<void> {
    const at = Math.round(cursorMs.value)
    if (Number.isNaN(at) || (by > 0 && !live.isPast)) return
    const [found] = by < 0 ? await fetchEvents('before', at, 1) : await fetchEvents('from', at + 1, 1)
    if (found === undefined) return
    if (live.player.playing) live.pause()
    goTo(found.timeMs)
  }

  return { speed, backwards, cursorMs, seek, goTo, goLive, togglePlay: playOn, reverse, setSpeed, step }
}

/** What is known of the time in view: bars, alarms, gaps; asked for when the view rests, and now and then. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function knownOf(view: { readonly value: TimeView }) {
  const model = useModelStore()
  const notes = notesOf()
  const bookings = shallowRef<readonly PastBooking[]>([])
  const histogram = shallowRef<Histogram>(EMPTY)
  const alarms = shallowRef<readonly Alarm[]>([])
  const film = shallowRef<FilmInfo>({ firstMs: Number.NaN, gaps: [] })
  const problem = ref('')
  let held: Wanted | null = null
  let heldAtMs = -Infinity

  const load = new NewestOnly<Wanted>(async (wanted) => {
    try {
      const { fromMs, toMs } = wanted
      const [bars, info] = await Promise.all([fetchHistogram(wanted), fetchFilm(fromMs, toMs)])
      histogram.value = bars
      film.value = info
      problem.value = ''
      // A server without rules has no alarms to show.
      alarms.value = await fetchAlarmsBetween(fromMs, toMs).catch(() => [])
      bookings.value = toMs - fromMs > 3 * BOOKINGS_UP_TO_MS ? [] : await fetchPastBookings(fromMs, toMs).catch(() => [])
      await notes.load(fromMs, toMs)
    } catch (error) {
      held = null
      problem.value = problemText(error)
    }
  }, REST_MS)

  function refresh(): void {
    if (Number.isNaN(spanOf(view.value))) return
    const isOld = performance.now() - heldAtMs > REFRESH_MS
    if (!isOld && serves(held, view.value)) return
    held = wantedFor(view.value, zoneOffsetMs(view.value.toMs, model.model?.timeZone ?? 'UTC'))
    heldAtMs = performance.now()
    load.ask(held)
  }

  watch(() => view.value, refresh)
  window.setInterval(refresh, REFRESH_MS / 2)
  return { histogram, alarms, bookings, film, problem, notes: notes.all, note: notes.actions }
}

/** The notes of the time in view; what others write shows as they do. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function notesOf() {
  const live = useLiveStore()
  const all = shallowRef<readonly Note[]>([])
  let span: readonly [number, number] | null = null

  async function load(fromMs: number, toMs: number): Promise<void> {
    span = [fromMs, toMs]
    all.value = await fetchNotes(fromMs, toMs)
  }

  const again = new NewestOnly<void>(async () => {
    // Without an answer the notes stay as they were; the next look asks again.
    if (span !== null) await load(...span).catch(() => undefined)
  }, REST_MS)
  live.onEvent((event) => {
    if (typeof event.type === 'string' && event.type.startsWith('note.')) again.ask()
  })

  function put(note: Note): void {
    all.value = [...all.value.filter(({ id }) => id !== note.id), note].sort((a, b) => a.fromMs - b.fromMs)
  }

  return {
    all,
    load,
    actions: {
      add: async (content: NoteContent) => {
        put(await addNote(content))
      },
      change: async (note: Note, content: NoteContent) => {
        put(await changeNote(note, content))
      },
      remove: async (note: Note) => {
        await removeNote(note)
        all.value = all.value.filter(({ id }) => id !== note.id)
      },
    },
  }
}

/** Events around the moment on screen, in order of time; asked for while somebody looks at them. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function eventsNear() {
  const events = shallowRef<readonly PastEvent[]>([])
  const load = new NewestOnly<number>(async (timeMs) => {
    const [before, after] = await Promise.all([
      fetchEvents('before', timeMs + 1, AROUND),
      fetchEvents('from', timeMs + 1, AROUND),
      // Without an answer the list stays as it was; the next movement asks again.
    ]).catch(() => [null, null] as const)
    if (before !== null && after !== null) events.value = [...before.toReversed(), ...after]
  }, REST_MS * 2)
  return {
    events,
    look: (timeMs: number) => {
      if (!Number.isNaN(timeMs)) load.ask(Math.round(timeMs))
    },
  }
}
