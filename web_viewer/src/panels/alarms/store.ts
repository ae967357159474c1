import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import { problemText } from '@/i18n/problem'
import { parseColour, type Rgb } from '@/layers/colour'
import { NewestOnly } from '@/logic/newest'
import { useLayerStore } from '@/stores/layers'
import { useLiveStore } from '@/stores/live'
import { useOverviewStore } from '@/stores/overview'
import { useSceneStore } from '@/stores/scene'
import { useSelectionStore } from '@/stores/selection'
import { useUiStore } from '@/stores/ui'

import { byUrgency, countByPriority, PRIORITY_COLOURS, type Alarm } from './alarm'
import { fetchAlarmsAt, fetchHasRules, fetchOpenAlarms } from './api'
import { applied } from './events'

/** The past is asked for at most this often while the slider moves. */
const PAST_REST_MS = 300

/** The alarms of the moment on screen: those of now follow the event stream, those of then are asked for. */
export const useAlarmStore = defineStore('alarms', () => {
  const live = useLiveStore()
  const now = alarmsOfNow()
  const past = alarmsOfThen()
  const chosenId = ref<string | null>(null)
  const shown = computed(() => (live.isPast ? past.value : now.sorted.value))
  const counts = computed(() => countByPriority(shown.value))
  const total = computed(() => Object.values(counts.value).reduce((sum, count) => sum + count, 0))

  markOnModel(shown)
  supersedeFaults(now.hasRules)

  return { ...now, shown, counts, total, chosenId, ...ways(chosenId) }
})

// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function alarmsOfNow() {
  const live = useLiveStore()
  const open = shallowRef<ReadonlyMap<string, Alarm>>(new Map())
  const hasRules = ref(false)
  const problem = ref('')
  /** Alarms raised while the page is open, the newest last. */
  const raised = shallowRef<readonly Alarm[]>([])
  const elements = computed(
    () => new Map(live.points.map((point) => [`${point.device}/${point.point}`, point.elementIndex])),
  )
  const reload = new NewestOnly<void>(async () => {
    try {
      const [rules, alarms] = await Promise.all([fetchHasRules(), fetchOpenAlarms()])
      hasRules.value = rules
      open.value = new Map(alarms.map((alarm) => [alarm.id, alarm]))
      problem.value = ''
    } catch (error) {
      problem.value = problemText(error)
    }
  }, 1000)

  live.onEvent((event) => {
    const change = applied(open.value, event, (device, point) => elements.value.get(`${device}/${point}`) ?? -1)
    open.value = change.open
    if (change.raised) raised.value = [...raised.value.slice(-19), change.raised]
    if (change.stale) reload.ask()
  })
  // Each hello may follow a break in which events were missed.
  watch(
    () => live.hello,
    (hello) => {
      if (hello) reload.ask()
    },
    { immediate: true },
  )

  /** Alarms as the server answered an action on them; the events say the same a moment later. */
  function update(...alarms: readonly Alarm[]): void {
    const next = new Map(open.value)
    for (const alarm of alarms) {
      if (alarm.closedMs === null) next.set(alarm.id, alarm)
      else next.delete(alarm.id)
    }
    open.value = next
  }

  return { open, sorted: computed(() => [...open.value.values()].sort(byUrgency)), hasRules, problem, raised, update }
}

function alarmsOfThen(): Readonly<{ value: readonly Alarm[] }> {
  const live = useLiveStore()
  const past = shallowRef<readonly Alarm[]>([])
  const load = new NewestOnly<number>(async (timeMs) => {
    // Without an answer the alarms of the last moment stay; the next movement asks again.
    const found = await fetchAlarmsAt(timeMs).catch(() => null)
    if (found !== null && live.isPast) past.value = found.sort(byUrgency)
  }, PAST_REST_MS)
  watch(
    () => (live.isPast ? live.nowMs : Number.NaN),
    (timeMs) => {
      if (!Number.isNaN(timeMs)) load.ask(Math.round(timeMs))
    },
  )
  return past
}

/** Elements in alarm are coloured over every layer. */
function markOnModel(shown: Readonly<{ value: readonly Alarm[] }>): void {
  const layers = useLayerStore()
  watch(
    () => shown.value,
    (alarms) => {
      const marks = new Map<number, Rgb>()
      for (const alarm of alarms) {
        const colour = parseColour(PRIORITY_COLOURS[alarm.priority])
        if (alarm.elementIndex < 0 || alarm.state === 'shelved' || marks.has(alarm.elementIndex) || colour === null) continue
        marks.set(alarm.elementIndex, colour)
      }
      layers.setMarks(marks)
    },
    { immediate: true },
  )
}

/** Where rules decide what is an alarm, the devices' own fault states are not listed beside it. */
function supersedeFaults(hasRules: Readonly<{ value: boolean }>): void {
  const overview = useOverviewStore()
  watch(
    () => hasRules.value,
    (rules) => {
      overview.superseded = rules
    },
    { immediate: true },
  )
}

interface Ways {
  readonly choose: (alarm: Alarm) => void
  readonly show: (id: string) => void
  readonly letGo: () => void
  readonly goTo: (alarm: Alarm) => void
}

function ways(chosenId: { value: string | null }): Ways {
  const ui = useUiStore()
  const stage = useSceneStore()
  const selection = useSelectionStore()

  function goTo(alarm: Alarm): void {
    void selection.goTo(alarm.elementIndex)
  }

  /** Opens an alarm in the panel and goes there. */
  function choose(alarm: Alarm): void {
    ui.openPanel('alarms')
    chosenId.value = alarm.id
    goTo(alarm)
  }

  /** Opens an alarm that may be over long since, and leaves the scene where it is. */
  function show(id: string): void {
    ui.openPanel('alarms')
    chosenId.value = id
  }

  function letGo(): void {
    chosenId.value = null
    stage.scene?.select(selection.index)
  }

  return { choose, show, letGo, goTo }
}
