import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch, type Ref } from 'vue'

import { problemText } from '@/i18n/problem'
import { NewestOnly } from '@/logic/newest'
import { useLiveStore } from '@/stores/live'
import { useUiStore } from '@/stores/ui'

import { acceptBindings, fetchRefused, fetchReport, rejectGuesses, type Pair, type RefusedList, type Report, type Row, type RowKind } from './api'
import { firstKind, following, likelyPairs } from './rows'

const PAGE = 100
const REST_MS = 500

/** The report on bindings as it is on screen; loaded when the panel first shows. */
export const useDevicesStore = defineStore('devices', () => {
  const ui = useUiStore()
  const tab = ref<'bindings' | 'refused'>('bindings')
  const kind = ref<RowKind>('guessed')
  const limit = ref(PAGE)
  /** The device whose guesses are open. */
  const chosen = ref('')
  /** The device for which an element is looked for on the model. */
  const placing = shallowRef<Row | null>(null)
  const report = shallowRef<Report | null>(null)
  const problem = ref('')
  const rows = computed(() => report.value?.items ?? [])
  const likely = computed(() => likelyPairs(rows.value))

  const reload = new NewestOnly<void>(async () => {
    try {
      const found = await fetchReport(kind.value, limit.value)
      const better = firstKind(found.counts, kind.value)
      report.value = found
      problem.value = ''
      if (better !== kind.value) kind.value = better
    } catch (error) {
      problem.value = problemText(error)
    }
  }, REST_MS)

  /** Says to which elements devices belong. @throws ApiError */
  async function accept(pairs: readonly Pair[]): Promise<void> {
    settle(pairs.map(({ device }) => device), await acceptBindings(pairs))
  }

  /** Says that a guess is wrong; its row stays, with what else is guessed. @throws ApiError */
  async function reject(pair: Pair): Promise<void> {
    await rejectGuesses([pair])
    reload.ask()
  }

  /** Takes rows that are settled off the list at once; the report follows. */
  function settle(devices: readonly string[], counts: Report['counts']): void {
    if (devices.includes(chosen.value)) chosen.value = following(rows.value, chosen.value)
    if (placing.value !== null && devices.includes(placing.value.device)) placing.value = null
    if (report.value) report.value = { ...report.value, counts, items: rows.value.filter((row) => !devices.includes(row.device)) }
    reload.ask()
  }

  /** Looks for an element of a device on the model: the panel of whatever is picked offers to bind it. */
  function place(row: Row | null): void {
    placing.value = row
    if (row !== null) chosen.value = row.device
  }

  /** Back to the list, where a device was left. */
  function openPanel(): void {
    tab.value = 'bindings'
    ui.openPanel('devices')
  }

  watch(kind, () => {
    limit.value = PAGE
    chosen.value = ''
    if (report.value) report.value = { ...report.value, items: [], next: null }
  })
  watch([kind, limit], () => {
    reload.ask()
  })

  return {
    tab, kind, limit, chosen, placing, report, problem, rows, likely,
    accept, reject, place, openPanel, ...refusedList(problem),
    follow: follower(() => {
      reload.ask()
    }),
  }
})

/** Asks for the report now and whenever somebody changes a binding; gives what ends that. */
function follower(ask: () => void): () => () => void {
  const live = useLiveStore()
  let watched = 0
  live.onEvent((event) => {
    const type = event.type
    if (watched > 0 && (type === 'bindings.changed' || type === 'binding.rejected')) ask()
  })
  return () => {
    watched += 1
    ask()
    return () => {
      watched -= 1
    }
  }
}

/** Who was turned away, asked for when it shows. */
function refusedList(problem: Ref<string>): { refused: Ref<RefusedList | null>; loadRefused: () => Promise<void> } {
  const refused = shallowRef<RefusedList | null>(null)

  async function loadRefused(): Promise<void> {
    try {
      refused.value = await fetchRefused()
      problem.value = ''
    } catch (error) {
      problem.value = problemText(error)
    }
  }

  return { refused, loadRefused }
}
