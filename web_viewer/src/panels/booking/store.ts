import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import { problemText } from '@/i18n/problem'
import { useLiveStore } from '@/stores/live'

import { cancel, fetchBookables, fetchBookings, fetchHalls, type Bookable, type Booking, type Hall } from './api'
import { dateIn, dayStart } from './clock'
import { DAY_MS, heldAt } from './day'

const SETTLE_MS = 300
const EVERY_MS = 20_000
const MINUTE_MS = 60_000

/** Today's bookings at the desk: of the moment on screen, be it now or past. */
export const useBookingStore = defineStore('booking', () => {
  const live = useLiveStore()
  const state = bookingState()
  const { bookables, zone, all, halls, chosenId, problem, loaded } = state
  let users = 0
  let timer = 0
  let asked = 0

  const nowMs = computed(() => (Number.isFinite(live.nowMs) ? live.nowMs : Date.now()))
  const bookings = computed(() => all.value.filter((each) => heldAt(each, nowMs.value)))
  const chosen = computed(() => all.value.find((each) => each.id === chosenId.value) ?? null)
  const next = computed(() => bookings.value.filter((each) => Date.parse(each.start) > nowMs.value).slice(0, 3))

  const note = (error: unknown): string => (problem.value = problemText(error))

  /** Reads everything anew; a slower answer never replaces a newer one. */
  async function load(): Promise<void> {
    const turn = ++asked
    try {
      if (bookables.value.length === 0) {
        const list = await fetchBookables()
        bookables.value = list.items
        zone.value = list.timezone
      }
      const begin = dayStart(dateIn(nowMs.value, zone.value), zone.value)
      const moment = live.isPast ? nowMs.value : null
      const [found, states] = await Promise.all([fetchBookings(begin, begin + DAY_MS), fetchHalls(moment)])
      if (turn !== asked) return
      all.value = found
      halls.value = states
      problem.value = ''
      loaded.value = true
    } catch (error) {
      if (turn === asked) note(error)
    }
  }

  const soon = settled(() => void load())
  live.onEvent((event) => {
    const type = typeof event.type === 'string' ? event.type : ''
    if (users > 0 && /^(booking|command)\./.test(type)) soon()
  })

  onMinuteOfThen(nowMs, () => {
    if (users > 0) soon()
  })

  /** Keeps everything fresh until the returned function is called. */
  function follow(): () => void {
    if (users++ === 0) {
      timer = window.setInterval(() => void load(), EVERY_MS)
      void load()
    }
    return () => {
      if (--users === 0) window.clearInterval(timer)
    }
  }

  async function giveBack(id: string): Promise<void> {
    try {
      await cancel(id)
      await load()
    } catch (error) {
      note(error)
    }
  }

  return { ...state, bookings, chosen, next, nowMs, load, follow, giveBack }
})

// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- the refs are their own description
function bookingState() {
  return {
    bookables: shallowRef<readonly Bookable[]>([]),
    zone: ref('UTC'),
    /** Every booking of the day, those given back included. */
    all: shallowRef<readonly Booking[]>([]),
    halls: shallowRef<readonly Hall[]>([]),
    chosenId: ref<string | null>(null),
    problem: ref(''),
    loaded: ref(false),
  }
}

/** In the past no event tells of a change: each minute of then that passes is told instead, and the return to now. */
function onMinuteOfThen(nowMs: Readonly<{ value: number }>, tell: () => void): void {
  const live = useLiveStore()
  watch(() => (live.isPast ? Math.floor(nowMs.value / MINUTE_MS) : Number.NaN), tell)
}

/** Runs a task once those who ask for it have been quiet for a while. */
function settled(task: () => void): () => void {
  let timer = 0
  return () => {
    window.clearTimeout(timer)
    timer = window.setTimeout(task, SETTLE_MS)
  }
}
