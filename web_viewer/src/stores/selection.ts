import { defineStore } from 'pinia'
import { nextTick, ref, shallowRef, watch } from 'vue'

import { problemText } from '@/i18n/problem'
import { fetchElementAt } from '@/net/api'
import { detailAsThen } from '@/net/pastBindings'
import type { BoxInfo, ElementDetail } from '@/net/types'

import { useLiveStore } from './live'
import { useModelStore } from './model'
import { useSceneStore } from './scene'

/** What is picked, isolated and hidden. */
export const useSelectionStore = defineStore('selection', () => {
  const stage = useSceneStore()
  const index = ref<number | null>(null)
  const { detail, take } = shownDetail()
  const loading = ref(false)
  const problem = ref('')
  const storey = ref<number | null>(null)
  const hidden = ref<ReadonlySet<number>>(new Set())
  let pending: AbortController | null = null

  /** Selects an element and fetches what is known of it; null clears. */
  async function select(next: number | null): Promise<void> {
    pending?.abort()
    pending = null
    index.value = next
    problem.value = ''
    stage.scene?.select(next)
    if (detail.value?.index !== next) take(null)
    loading.value = next !== null
    if (next !== null) await load(next)
  }

  async function load(next: number): Promise<void> {
    const abort = new AbortController()
    pending = abort
    try {
      const found = await fetchElementAt(next, abort.signal)
      if (!abort.signal.aborted) take(found)
    } catch (error) {
      if (abort.signal.aborted) return
      problem.value = problemText(error)
    }
    if (pending === abort) loading.value = false
  }

  /** Shows one storey alone; the same one again, or null, shows all. */
  function isolate(next: number | null): void {
    storey.value = storey.value === next ? null : next
  }

  /** Goes to an element or box, out of the isolation that would hide it; `open` opens its storey from above. */
  async function flyTo(target: number | BoxInfo, onStorey: number | null = null, open = false): Promise<void> {
    if ((open || storey.value !== null) && onStorey !== null && onStorey !== storey.value) {
      storey.value = onStorey
      // The move to the new storey's view begins first, so that this one supersedes it.
      await nextTick()
    }
    await stage.flyTo(target)
  }

  function hide(element: number): void {
    hidden.value = new Set([...hidden.value, element])
    stage.scene?.setHidden([element], true)
    if (index.value === element) void select(null)
  }

  function showAll(): void {
    hidden.value = new Set()
    stage.scene?.showAll()
  }

  watch(storey, (next) => {
    stage.showStorey(next)
  })
  watch(
    () => stage.picked,
    (pick) => void select(pick?.elementIndex ?? null),
  )

  return { index, detail, loading, problem, storey, hidden, select, isolate, flyTo, goTo: visits(flyTo), hide, showAll }
})

/** What is known of an element; in a replay with the devices that stood for it then. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function shownDetail() {
  const live = useLiveStore()
  const model = useModelStore()
  const detail = shallowRef<ElementDetail | null>(null)
  let ofNow: ElementDetail | null = null

  function settle(): void {
    detail.value = ofNow === null || live.then === null ? ofNow : detailAsThen(ofNow, live.points, model.devices, live.then)
  }

  watch([() => live.then, () => live.points], () => {
    if (ofNow !== null) settle()
  })
  return {
    detail,
    take: (found: ElementDetail | null) => {
      ofNow = found
      settle()
    },
  }
}

/**
 * Goes to something that a list told of, and outlines it: its storey is opened, since most of it hangs inside.
 * The open panel stays; `select` picks it instead. What has no place (null, -1) is left alone.
 */
function visits(flyTo: (element: number, onStorey: number | null, open: boolean) => Promise<void>): (element: number | null) => Promise<void> {
  const model = useModelStore()
  const stage = useSceneStore()
  return async (element) => {
    if (element === null || element < 0) return
    const onStorey = model.columns?.storey[element] ?? -1
    const flight = flyTo(element, onStorey >= 0 ? onStorey : null, true)
    stage.scene?.select(element)
    await flight
  }
}
