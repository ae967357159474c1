import { onUnmounted, watch } from 'vue'
import { useRoute, useRouter } from 'vue-router'

import type { components } from '@/generated/api'
import { getJson } from '@/net/http'
import { deviceAsThen } from '@/net/pastBindings'
import type { CameraPose } from '@/scene/types'
import { useLiveStore } from '@/stores/live'
import { useModelStore } from '@/stores/model'
import { useSceneStore } from '@/stores/scene'
import { useSelectionStore } from '@/stores/selection'

import { useCompareStore } from './compareStore'
import { FIELDS, momentQuery, readMoment } from './moment'
import { useTimelineStore } from './store'

/** The address follows a moving cursor at this pace: browsers refuse more than a few changes a second. */
const REST_MS = 700

/** Opens the moment that the address names, as it was seen, and keeps the address at what is on screen. */
export function useMomentUrl(): void {
  const route = useRoute()
  const router = useRouter()
  const live = useLiveStore()
  const stage = useSceneStore()
  const selection = useSelectionStore()
  const timeline = useTimelineStore()
  const compare = useCompareStore()
  const open = opener()
  let timer = 0

  // The page itself opens what it was asked for; a link that is followed on it, too.
  let written = ''
  watch(
    () => FIELDS.map((field) => route.query[field]).join(' '),
    (fields) => {
      if (fields === written) return
      written = fields
      open(readMoment(route.query))
    },
    { immediate: true },
  )

  function write(): void {
    timer = 0
    const rest = Object.fromEntries(Object.entries(route.query).filter(([key]) => !(FIELDS as readonly string[]).includes(key)))
    const vsMs = compare.isOn ? compare.markMs : null
    const moment: Record<string, string> = live.isPast
      ? momentQuery({ atMs: timeline.cursorMs, pose: stage.scene?.cameraPose ?? null, sel: selection.detail?.guid ?? '', vsMs })
      : {}
    written = FIELDS.map((field) => moment[field]).join(' ')
    void router.replace({ query: { ...rest, ...moment }, hash: route.hash })
  }

  const shown = [() => live.isPast, () => timeline.cursorMs, () => stage.cameraTick, () => selection.detail, () => compare.markMs]
  watch(shown, ([isPast], [wasPast]) => {
    if (!isPast && !wasPast) return
    if (timer === 0) timer = window.setTimeout(write, REST_MS)
  })
  onUnmounted(() => {
    window.clearTimeout(timer)
  })
}

/** Opens a moment: time (now where none is named), the one that it is compared with, what is picked, and where one looks from. */
function opener(): (asked: ReturnType<typeof readMoment>) => void {
  const live = useLiveStore()
  const stage = useSceneStore()
  const timeline = useTimelineStore()
  const compare = useCompareStore()
  const model = useModelStore()
  const select = selector()

  function look(pose: CameraPose | null, sel: string): void {
    if (pose !== null) void stage.scene?.flyTo(pose)
    if (sel !== '') void select(sel, pose === null)
  }

  function show(atMs: number, vsMs: number | null): void {
    timeline.goTo(atMs)
    whenever(() => !Number.isNaN(live.presentMs) && live.points.length > 0, () => {
      timeline.goTo(atMs)
      if (vsMs !== null) compare.mark(vsMs)
    })
  }

  return ({ atMs, pose, sel, vsMs }) => {
    if (atMs !== null) show(atMs, vsMs)
    else if (sel === '' && pose === null) return
    whenever(() => stage.drawn && (!sel.startsWith('device:') || model.devices.size > 0), () => {
      look(pose, sel)
    })
  }
}

/** Picks an element by its guid, or that of `device:<id>`; goes there where nobody said where to look from. */
function selector(): (sel: string, goes: boolean) => Promise<void> {
  const live = useLiveStore()
  const model = useModelStore()
  const selection = useSelectionStore()
  return async (sel, goes) => {
    const device = model.devices.get(sel.slice('device:'.length))
    const guid = sel.startsWith('device:') ? device && deviceAsThen(device, live.then)?.elementGuid : sel
    if (!guid) return
    // An element that the model has no more is not to be picked.
    const found = await getJson<components['schemas']['ElementDetail']>(`/api/elements/${encodeURIComponent(guid)}`).catch(() => null)
    if (found === null) return
    await selection.select(found.element_index)
    if (goes) await selection.goTo(found.element_index)
  }
}

/** Does something once a condition holds: now, or later, but once. */
function whenever(holds: () => boolean, act: () => void): void {
  if (holds()) {
    act()
    return
  }
  const stop = watch(holds, (yes) => {
    if (!yes) return
    stop()
    act()
  })
}
