import { computed, ref, type ComputedRef, type Ref } from 'vue'

import { focusOf, pathOf, storeysOfStep, type Focus, type Path } from '../logic/path'
import type { GuideStorey, Route } from '../types'

import type { Building } from './building'

/** How far along the way the visitor is. */
export interface Steps {
  readonly path: ComputedRef<Path | null>
  /** The instruction being carried out; -1: the whole way is looked at. */
  readonly step: Ref<number>
  /** The storey change of the present instruction is done. */
  readonly landed: Ref<boolean>
  readonly focus: ComputedRef<Focus | null>
  /** The storey that one has to say one has reached before the next instruction; null where none. */
  readonly landing: ComputedRef<GuideStorey | null>
  readonly reset: () => void
  readonly goTo: (step: number) => void
  /** On to the other storey where the instruction changes it, else to the next instruction. */
  readonly forward: () => void
  readonly back: () => void
}

export function createSteps(building: Building, route: Ref<Route | null>): Steps {
  const step = ref(-1)
  const landed = ref(false)
  const path = computed(() => (route.value ? pathOf(route.value) : null))
  const focus = computed(() =>
    route.value && path.value && step.value >= 0 ? focusOf(route.value, path.value, step.value, landed.value) : null,
  )
  const landing = computed(() => {
    if (!route.value || step.value < 0 || landed.value) return null
    const { before, after } = storeysOfStep(route.value, step.value)
    return before === after || after === null ? null : (building.storeyByGuid.value.get(after) ?? null)
  })

  function reset(): void {
    step.value = -1
    landed.value = false
  }

  function set(next: number, isLanded: boolean): void {
    step.value = next
    landed.value = isLanded
    const shown = next < 0 ? route.value?.legs.at(0)?.storey : focus.value?.storey
    if (shown) void building.showStorey(shown)
  }

  function goTo(next: number): void {
    if (route.value) set(Math.min(route.value.steps.length - 1, Math.max(-1, next)), false)
  }

  function forward(): void {
    if (landing.value === null) goTo(step.value + 1)
    else set(step.value, true)
  }

  function back(): void {
    if (landed.value) set(step.value, false)
    else goTo(step.value - 1)
  }

  return { path, step, landed, focus, landing, reset, goTo, forward, back }
}
