import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import { useI18n } from '@/i18n/use'
import { ApiError } from '@/net/http'

import { fetchModel, fetchPlaces, fetchPlan, fetchRoute, type ModelInfo, type RouteReply } from './api'
import { continues, focusOf, pathOf, signatureOf, storeysOfStep } from './logic/path'
import { groundStorey, guideStoreys, isPoi, placeNamed, storeyAt, withRecent } from './logic/places'
import { shapesOf } from './logic/plan'
import type { GuidePlace, NoWay, Plan, Profile, Route } from './types'

const RECENT_KEY = 'venue-twin.guide.recent'
const POLL_MS = 10_000
const NOTICE_MS = 6000

/** The visitor's way: where from, where to, the route, and how far along it the visitor is. */
export const useGuideStore = defineStore('guide', () => {
  const { locale } = useI18n()
  const model = shallowRef<ModelInfo | null>(null)
  const places = shallowRef<readonly GuidePlace[]>([])
  const plans = shallowRef<ReadonlyMap<string, Plan>>(new Map())
  const storey = ref<string | null>(null)
  const problem = ref('')

  const from = shallowRef<GuidePlace | null>(null)
  const to = shallowRef<GuidePlace | null>(null)
  const profile = ref<Profile>('walk')
  const route = shallowRef<Route | null>(null)
  const noWay = shallowRef<NoWay | null>(null)
  const busy = ref(false)
  const offline = ref(false)
  /** `changed` or `blocked` for a while after the way did. */
  const notice = ref<'changed' | 'blocked' | null>(null)
  /** The instruction being carried out; -1: the whole way is looked at. */
  const step = ref(-1)
  /** The storey change of the present instruction is done. */
  const landed = ref(false)
  const recentIds = ref<readonly string[]>(remembered())

  const storeys = computed(() => guideStoreys(model.value?.storeys ?? []))
  const storeyByGuid = computed(() => new Map(storeys.value.map((each) => [each.guid, each])))
  const pois = computed(() => places.value.filter(isPoi))
  const path = computed(() => (route.value ? pathOf(route.value) : null))
  const shapes = computed(() => {
    const plan = storey.value === null ? undefined : plans.value.get(storey.value)
    return plan ? shapesOf(plan, places.value) : null
  })
  const recent = computed(() => recentIds.value.flatMap((id) => places.value.find((place) => place.id === id) ?? []))
  const focus = computed(() =>
    route.value && path.value && step.value >= 0 ? focusOf(route.value, path.value, step.value, landed.value) : null,
  )
  /** The storey that one has to say one has reached before the next instruction; null where none. */
  const landing = computed(() => {
    if (!route.value || step.value < 0 || landed.value) return null
    const { before, after } = storeysOfStep(route.value, step.value)
    return before === after || after === null ? null : (storeyByGuid.value.get(after) ?? null)
  })

  let asked: AbortController | null = null
  let noticeTimer = 0

  /** Loads the building, then the places that `fromName` and `toName` (of the URL) name. */
  async function open(fromName: string, toName: string): Promise<void> {
    problem.value = ''
    try {
      model.value = await fetchModel()
      storey.value ??= groundStorey(model.value.storeys)
      const first = storey.value === null ? Promise.resolve() : loadPlan(storey.value)
      places.value = await fetchPlaces()
      await first
    } catch (error) {
      problem.value = error instanceof Error ? error.message : String(error)
      return
    }
    if (fromName !== '') from.value ??= named(fromName)
    if (toName !== '') to.value ??= named(toName)
    if (from.value?.storeyGuid && !to.value) await showStorey(from.value.storeyGuid)
  }

  function named(name: string): GuidePlace {
    const place = placeNamed(name, places.value)
    if (place === null) return { id: name, kind: 'position', names: { zh: name, en: name }, number: '', spaceGuid: null, storeyGuid: null, position: null, fn: '' }
    if (place.kind !== 'position' || place.position === null) return place
    return { ...place, storeyGuid: storeyAt(model.value?.storeys ?? [], place.position[2]) }
  }

  async function loadPlan(guid: string): Promise<void> {
    if (plans.value.has(guid)) return
    const plan = await fetchPlan(guid)
    plans.value = new Map(plans.value).set(guid, plan)
  }

  async function showStorey(guid: string): Promise<void> {
    storey.value = guid
    // A plan that does not come leaves the map empty, with the button to try again.
    await loadPlan(guid).catch((error: unknown) => (problem.value = error instanceof Error ? error.message : String(error)))
  }

  function ask(start: string, goal: string, signal?: AbortSignal): Promise<RouteReply> {
    return fetchRoute(start, goal, profile.value, locale.value, signal)
  }

  /** Asks for the way anew; an older question is dropped. */
  async function plan(): Promise<void> {
    asked?.abort()
    if (!from.value || !to.value) {
      asked = null
      busy.value = false
      return clearRoute()
    }
    const mine = new AbortController()
    asked = mine
    busy.value = true
    try {
      take(await ask(from.value.id, to.value.id, mine.signal))
    } catch (error) {
      if (!mine.signal.aborted) failed(error)
    } finally {
      if (asked === mine) busy.value = false
    }
  }

  function failed(error: unknown): void {
    offline.value = error instanceof ApiError && error.status === 0
    if (route.value === null) noWay.value = { reason: 'offline', text: error instanceof Error ? error.message : String(error) }
  }

  function take(reply: RouteReply): void {
    offline.value = false
    step.value = -1
    landed.value = false
    route.value = 'route' in reply ? reply.route : null
    noWay.value = 'noWay' in reply ? reply.noWay : null
    if (!route.value) return
    const first = route.value.legs.at(0)?.storey
    if (first) void showStorey(first)
    // The way must be walkable where there is no reception: all its plans come now.
    for (const leg of route.value.legs) if (leg.storey) loadPlan(leg.storey).catch(() => undefined)
  }

  function clearRoute(): void {
    route.value = null
    noWay.value = null
    step.value = -1
    landed.value = false
  }

  /** Asks whether the way is still the same; tells when it is not. */
  async function recheck(): Promise<void> {
    if (!from.value || !to.value || busy.value || (!route.value && noWay.value?.reason !== 'locked')) return
    const before = route.value
    const midway = step.value > 0 ? before?.steps[step.value] : undefined
    const start = midway ? midway.position.join() : from.value.id
    try {
      const reply = await ask(start, to.value.id)
      offline.value = false
      if (route.value === before && !isSame(before, reply, midway !== undefined)) replace(reply)
    } catch (error) {
      offline.value = error instanceof ApiError && error.status === 0
    }
  }

  function isSame(before: Route | null, reply: RouteReply, midway: boolean): boolean {
    if (!('route' in reply)) return before === null
    if (before === null) return false
    return midway ? continues(before, reply.route) : signatureOf(before) === signatureOf(reply.route)
  }

  function replace(reply: RouteReply): void {
    const guiding = step.value >= 0
    take(reply)
    if (guiding && route.value) goTo(0)
    tell(route.value ? 'changed' : 'blocked')
  }

  function tell(what: 'changed' | 'blocked'): void {
    notice.value = what
    window.clearTimeout(noticeTimer)
    noticeTimer = window.setTimeout(() => (notice.value = null), NOTICE_MS)
  }

  function goTo(next: number): void {
    if (!route.value) return
    step.value = Math.min(route.value.steps.length - 1, Math.max(-1, next))
    landed.value = false
    followFocus()
  }

  /** On to the other storey where the instruction changes it, else to the next instruction. */
  function forward(): void {
    if (landing.value === null) return goTo(step.value + 1)
    landed.value = true
    followFocus()
  }

  function back(): void {
    if (!landed.value) return goTo(step.value - 1)
    landed.value = false
    followFocus()
  }

  function followFocus(): void {
    const shown = step.value < 0 ? route.value?.legs.at(0)?.storey : focus.value?.storey
    if (shown) void showStorey(shown)
  }

  function setGoal(place: GuidePlace | null): void {
    to.value = place
    if (place) remember(place)
    if (place?.storeyGuid && !from.value) void showStorey(place.storeyGuid)
  }

  function setStart(place: GuidePlace | null): void {
    from.value = place
    if (place?.storeyGuid && !to.value) void showStorey(place.storeyGuid)
  }

  function swap(): void {
    [from.value, to.value] = [to.value, from.value]
  }

  function remember(place: GuidePlace): void {
    if (place.kind === 'position') return
    recentIds.value = withRecent(recentIds.value, place.id)
    localStorage.setItem(RECENT_KEY, JSON.stringify(recentIds.value))
  }

  /** Keeps the way up to date until the returned function is called. */
  function keepChecking(): () => void {
    const timer = window.setInterval(() => {
      if (!document.hidden) void recheck()
    }, POLL_MS)
    return () => {
      window.clearInterval(timer)
    }
  }

  watch([from, to, profile], () => void plan())
  watch(locale, async () => {
    const at = step.value
    const on = landed.value
    await plan()
    if (at < 0 || !route.value) return
    goTo(at)
    landed.value = on
  })

  return {
    model, places, pois, plans, storey, storeys, storeyByGuid, shapes, problem, from, to, profile, route, path, noWay, busy,
    offline, notice, step, landed, landing, focus, recent, open, showStorey, plan, recheck, goTo, forward, back, setGoal,
    setStart, swap, keepChecking,
  }
})

/** A browser that keeps nothing, or kept something else, has no recent places. */
function remembered(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(RECENT_KEY) ?? '[]')
    return Array.isArray(kept) ? kept.filter((each): each is string => typeof each === 'string') : []
  } catch {
    return []
  }
}
