import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import { problemText } from '@/i18n/problem'
import { NewestOnly } from '@/logic/newest'
import { useLiveStore } from '@/stores/live'
import { useSelectionStore } from '@/stores/selection'
import { useUiStore } from '@/stores/ui'

import { fetchCounts, fetchLedger, fetchOrders, fetchPeople, type DeviceQuery, type Ledger, type Order, type OrderState, type Person } from './api'
import { isOverdue } from './board'

export const ORDER_FILTERS = ['open', 'mine', 'overdue', 'all'] as const
type OrderFilter = (typeof ORDER_FILTERS)[number]

const PAGE = 60
const MOST_ORDERS = 500
const LEDGER_MS = 10_000

/** What a report that is being written is about. */
export interface Subject {
  readonly element: string | null
  readonly elementIndex: number
  readonly devices: readonly string[]
  readonly title: string
  /** The alarm that it is due to. */
  readonly alarm?: string
}

/** The ledger and the work orders as they are on screen; loaded when some part of the panel first shows. */
export const useOpsStore = defineStore('ops', () => {
  const ui = useUiStore()
  const selection = useSelectionStore()
  const tab = ref<'devices' | 'orders'>('devices')
  const wide = ref(false)
  const chosenId = ref<string | null>(null)
  const subject = shallowRef<Subject | null>(null)

  function openPanel(next: 'devices' | 'orders'): void {
    ui.openPanel('ops')
    tab.value = next
  }

  /** Begins a report; the form shows in the panel. */
  function begin(about: Subject): void {
    openPanel('orders')
    chosenId.value = null
    subject.value = about
  }

  function choose(id: string): void {
    openPanel('orders')
    subject.value = null
    chosenId.value = id
  }

  return { tab, wide, chosenId, subject, begin, choose, goTo: selection.goTo, ...orderLists(), ...ledgerList() }
})

function message(error: unknown): string {
  return problemText(error)
}

// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function ledgerList() {
  const query = ref<DeviceQuery>({ q: '', type: '', storey: '', health: '', sort: 'health' })
  const limit = ref(PAGE)
  const ledger = shallowRef<Ledger | null>(null)
  const ledgerProblem = ref('')
  const load = new NewestOnly<undefined>(async () => {
    try {
      ledger.value = await fetchLedger(query.value, limit.value)
      ledgerProblem.value = ''
    } catch (error) {
      ledgerProblem.value = message(error)
    }
  }, 250)

  function refine(change: Partial<DeviceQuery>): void {
    query.value = { ...query.value, ...change }
    limit.value = PAGE
    load.ask(undefined)
  }

  function showMore(): void {
    limit.value = Math.min(limit.value + PAGE, 1000)
    load.ask(undefined)
  }

  /** Keeps the ledger fresh until the function that it gives is called. */
  function followLedger(): () => void {
    load.ask(undefined)
    const timer = window.setInterval(() => {
      load.ask(undefined)
    }, LEDGER_MS)
    return () => {
      window.clearInterval(timer)
    }
  }

  return { query, ledger, ledgerProblem, refine, showMore, followLedger }
}

// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function orderLists() {
  const live = useLiveStore()
  const filter = ref<OrderFilter>('open')
  const text = ref('')
  const orders = shallowRef<readonly Order[]>([])
  const counts = shallowRef<Readonly<Record<OrderState, number>> | null>(null)
  const people = shallowRef<readonly Person[]>([])
  const me = ref('')
  const ordersProblem = ref('')
  /** Counts changes of any order: who shows one in detail asks anew. */
  const orderChanges = ref(0)
  const orderQuery = computed<Readonly<Record<string, string>>>(() => ({
    state: filter.value === 'all' ? 'all' : 'open',
    assignee: filter.value === 'mine' ? me.value : '',
    q: text.value,
  }))
  /** Orders fall due without an event: those that are overdue are chosen here, by the clock. */
  const listed = computed(() => (filter.value === 'overdue' ? orders.value.filter((order) => isOverdue(order, live.nowMs)) : orders.value))
  const overdue = computed(() => orders.value.filter((order) => isOverdue(order, live.nowMs)).length)
  const load = new NewestOnly<undefined>(async () => {
    try {
      if (me.value === '') await loadPeople()
      ;[orders.value, counts.value] = await Promise.all([fetchOrders(orderQuery.value, MOST_ORDERS), fetchCounts()])
      ordersProblem.value = ''
    } catch (error) {
      ordersProblem.value = message(error)
    }
  }, 300)

  async function loadPeople(): Promise<void> {
    const found = await fetchPeople()
    people.value = found.items
    me.value = found.me
  }

  function reloadOrders(): void {
    orderChanges.value++
    load.ask(undefined)
  }

  live.onEvent((event) => {
    if (typeof event.type === 'string' && event.type.startsWith('workorder.')) reloadOrders()
  })
  // Each hello may follow a break in which events were missed.
  watch([() => live.hello, orderQuery], reloadOrders)

  return { filter, text, orders, listed, overdue, counts, people, ordersProblem, orderChanges, orderQuery, reloadOrders, loadPeople }
}
