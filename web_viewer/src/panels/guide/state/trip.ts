import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'

import type { Locale } from '@/logic/format'
import { ApiError } from '@/net/http'

import { fetchRoute, type RouteReply } from '../api'
import { continues, signatureOf } from '../logic/path'
import type { GuidePlace, NoWay, Profile, Route } from '../types'

import { messageOf, type Building } from './building'
import type { Steps } from './steps'

/** Where from, where to, and the way between, which may change or close. */
export interface Trip {
  readonly from: ShallowRef<GuidePlace | null>
  readonly to: ShallowRef<GuidePlace | null>
  readonly profile: Ref<Profile>
  readonly noWay: ShallowRef<NoWay | null>
  readonly busy: Ref<boolean>
  readonly offline: Ref<boolean>
  /** Asks for the way anew; an older question is dropped. */
  readonly plan: () => Promise<void>
  /** Whether the way is the same as before: null, or what became of it. */
  readonly recheck: () => Promise<'changed' | 'blocked' | null>
}

export function createTrip(building: Building, steps: Steps, route: ShallowRef<Route | null>, locale: Ref<Locale>): Trip {
  const from = shallowRef<GuidePlace | null>(null)
  const to = shallowRef<GuidePlace | null>(null)
  const profile = ref<Profile>('walk')
  const noWay = shallowRef<NoWay | null>(null)
  const busy = ref(false)
  const offline = ref(false)
  let asked: AbortController | null = null

  function ask(start: string, goal: string, signal?: AbortSignal): Promise<RouteReply> {
    return fetchRoute(start, goal, profile.value, locale.value, signal)
  }

  async function plan(): Promise<void> {
    asked?.abort()
    const mine = (asked = new AbortController())
    busy.value = from.value !== null && to.value !== null
    try {
      if (from.value && to.value) take(await ask(from.value.id, to.value.id, mine.signal))
      else take(null)
    } catch (error) {
      if (!mine.signal.aborted) failed(error)
    } finally {
      if (asked === mine) busy.value = false
    }
  }

  function failed(error: unknown): void {
    offline.value = error instanceof ApiError && error.status === 0
    if (route.value === null) noWay.value = { reason: 'offline', text: messageOf(error) }
  }

  function take(reply: RouteReply | null): void {
    offline.value = false
    steps.reset()
    route.value = reply && 'route' in reply ? reply.route : null
    noWay.value = reply && 'noWay' in reply ? reply.noWay : null
    const storeys = (route.value?.legs ?? []).flatMap((leg) => leg.storey ?? [])
    if (storeys.length > 0) void building.showStorey(storeys[0])
    // The way must be walkable where there is no reception: all its plans come now.
    for (const storey of storeys) building.loadPlan(storey).catch(() => undefined)
  }

  async function recheck(): Promise<'changed' | 'blocked' | null> {
    if (!from.value || !to.value || busy.value) return null
    const before = route.value
    const midway = steps.step.value > 0 ? before?.steps[steps.step.value] : undefined
    try {
      const reply = await ask(midway ? midway.position.join() : from.value.id, to.value.id)
      offline.value = false
      // The visitor may have gone on to another way while this was asked.
      return route.value !== before || isSame(before, reply, midway !== undefined) ? null : replace(reply)
    } catch (error) {
      offline.value = error instanceof ApiError && error.status === 0
      return null
    }
  }

  function replace(reply: RouteReply): 'changed' | 'blocked' {
    const guiding = steps.step.value >= 0
    take(reply)
    if (guiding) steps.goTo(0)
    return route.value ? 'changed' : 'blocked'
  }

  return { from, to, profile, noWay, busy, offline, plan, recheck }
}

/** Asked from the middle of the way, the rest of it is compared by its doors. */
function isSame(before: Route | null, reply: RouteReply, midway: boolean): boolean {
  if (!('route' in reply)) return before === null
  if (before === null) return false
  return midway ? continues(before, reply.route) : signatureOf(before) === signatureOf(reply.route)
}
