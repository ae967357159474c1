import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'

import { problemText } from '@/i18n/problem'

import { fetchModel, fetchPlan, fetchPois, fetchRooms, type ModelInfo } from '../api'
import { groundStorey, guideStoreys, isPoi } from '../logic/places'
import { shapesOf, type PlanShapes } from '../logic/plan'
import type { GuidePlace, GuideStorey, Plan } from '../types'

/** What does not change while one is led through it: places, storeys and their plans; and the storey that is shown. */
export interface Building {
  readonly model: ShallowRef<ModelInfo | null>
  readonly places: ComputedRef<readonly GuidePlace[]>
  readonly pois: ComputedRef<readonly GuidePlace[]>
  readonly storey: Ref<string | null>
  readonly storeys: ComputedRef<readonly GuideStorey[]>
  readonly storeyByGuid: ComputedRef<ReadonlyMap<string, GuideStorey>>
  readonly shapes: ComputedRef<PlanShapes | null>
  /** Why the building could not be loaded, '' when it could. */
  readonly problem: Ref<string>
  readonly load: () => Promise<boolean>
  readonly loadPlan: (guid: string) => Promise<void>
  readonly showStorey: (guid: string) => Promise<void>
}

export function createBuilding(): Building {
  const model = shallowRef<ModelInfo | null>(null)
  const rooms = shallowRef<readonly GuidePlace[]>([])
  const points = shallowRef<readonly GuidePlace[]>([])
  const plans = shallowRef<ReadonlyMap<string, Plan>>(new Map())
  const storey = ref<string | null>(null)
  const problem = ref('')

  const places = computed(() => [...points.value, ...rooms.value])
  const storeys = computed(() => guideStoreys(model.value?.storeys ?? []))
  const shapes = computed(() => {
    const plan = storey.value === null ? undefined : plans.value.get(storey.value)
    return plan ? shapesOf(plan, rooms.value) : null
  })

  async function load(): Promise<boolean> {
    problem.value = ''
    try {
      // Rooms colour the plan at once; points of interest wait for the server's first look at its ways.
      await Promise.all([
        loadModel(),
        fetchRooms().then((found) => (rooms.value = found)),
        fetchPois().then((found) => (points.value = found)),
      ])
      return true
    } catch (error) {
      problem.value = messageOf(error)
      return false
    }
  }

  async function loadModel(): Promise<void> {
    model.value = await fetchModel()
    storey.value ??= groundStorey(model.value.storeys)
    if (storey.value !== null) await loadPlan(storey.value)
  }

  async function loadPlan(guid: string): Promise<void> {
    if (plans.value.has(guid)) return
    const plan = await fetchPlan(guid)
    plans.value = new Map(plans.value).set(guid, plan)
  }

  async function showStorey(guid: string): Promise<void> {
    storey.value = guid
    await loadPlan(guid).catch((error: unknown) => (problem.value = messageOf(error)))
  }

  return {
    model, places, storey, storeys, shapes, problem, load, loadPlan, showStorey,
    pois: computed(() => points.value.filter(isPoi)),
    storeyByGuid: computed(() => new Map(storeys.value.map((each) => [each.guid, each]))),
  }
}

export function messageOf(error: unknown): string {
  return problemText(error)
}
