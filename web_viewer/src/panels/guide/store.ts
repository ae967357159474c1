import { defineStore } from 'pinia'
import { ref, shallowRef, watch } from 'vue'

import { useI18n } from '@/i18n/use'

import { placeNamed, storeyAt } from './logic/places'
import { createBuilding } from './state/building'
import { createRecent } from './state/recent'
import { createSteps } from './state/steps'
import { createTrip } from './state/trip'
import type { GuidePlace, Route } from './types'

const POLL_MS = 10_000
const NOTICE_MS = 6000

/** The visitor's way: the building, where from and where to, the route, and how far along it the visitor is. */
export const useGuideStore = defineStore('guide', () => {
  const { locale } = useI18n()
  const building = createBuilding()
  const route = shallowRef<Route | null>(null)
  const steps = createSteps(building, route)
  const trip = createTrip(building, steps, route, locale)
  /** `changed` or `blocked` for a while after the way did. */
  const notice = ref<'changed' | 'blocked' | null>(null)
  const { recent, remember } = createRecent(building.places)
  let noticeTimer = 0

  /** Loads the building, then the places that `fromName` and `toName` (of the URL) name. */
  async function open(fromName: string, toName: string): Promise<void> {
    if (!(await building.load())) return
    const named = (name: string): GuidePlace => namedPlace(name, building.places.value, (z) => storeyAt(building.storeys.value, z))
    if (fromName !== '') setStart(named(fromName))
    if (toName !== '') leadTo(named(toName))
  }

  function setGoal(place: GuidePlace | null): void {
    leadTo(place)
    if (place) remember(place)
  }

  function leadTo(place: GuidePlace | null): void {
    trip.to.value = place
    if (place?.storeyGuid && !trip.from.value) void building.showStorey(place.storeyGuid)
  }

  function setStart(place: GuidePlace | null): void {
    trip.from.value = place
    if (place?.storeyGuid && !trip.to.value) void building.showStorey(place.storeyGuid)
  }

  function swap(): void {
    [trip.from.value, trip.to.value] = [trip.to.value, trip.from.value]
  }

  /** Asks whether the way is still the same; tells when it is not. */
  async function recheck(): Promise<void> {
    const became = await trip.recheck()
    if (became === null) return
    notice.value = became
    window.clearTimeout(noticeTimer)
    noticeTimer = window.setTimeout(() => (notice.value = null), NOTICE_MS)
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

  async function translate(): Promise<void> {
    const [at, landed] = [steps.step.value, steps.landed.value]
    await trip.plan()
    if (at < 0 || !route.value) return
    steps.goTo(at)
    if (landed) steps.forward()
  }

  watch([trip.from, trip.to, trip.profile], () => void trip.plan())
  watch(locale, () => void translate())

  return { ...building, ...trip, ...steps, route, notice, recent, open, setGoal, setStart, swap, recheck, keepChecking }
})

/** A name that no place has is kept: the server says so, and the page asks for another. */
function namedPlace(name: string, places: readonly GuidePlace[], storeyOf: (z: number) => string | null): GuidePlace {
  const place = placeNamed(name, places)
  if (place?.kind === 'position' && place.position) return { ...place, storeyGuid: storeyOf(place.position[2]) }
  const unknown = { kind: 'position', number: '', spaceGuid: null, storeyGuid: null, position: null, fn: '' } as const
  return place ?? { id: name, names: { zh: name, en: name }, ...unknown }
}
