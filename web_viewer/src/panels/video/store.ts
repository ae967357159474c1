import { defineStore } from 'pinia'
import { computed, nextTick, ref, shallowRef, watch } from 'vue'

import { problemText } from '@/i18n/problem'
import { NewestOnly } from '@/logic/newest'
import { ApiError } from '@/net/http'
import type { CameraPose } from '@/scene/types'
import { useLiveStore } from '@/stores/live'
import { useModelStore } from '@/stores/model'
import { useSceneStore } from '@/stores/scene'
import { useSelectionStore } from '@/stores/selection'

import { fetchCameras, fetchPoses, fetchSpans, type CameraInfo } from './api'
import type { Stretch } from './spans'

/** A wall of pictures is no help: so many are seen at a glance. */
export const MOST_PINNED = 4
const PINNED_KEY = 'venue-twin.pinned-cameras'
/** How the cameras are is asked for at this pace while somebody looks at one. */
const REFRESH_MS = 10_000
const REST_MS = 500
const SPANS_REST_MS = 400
/** The slider's recordings are asked for anew after this long. */
const SPANS_OLD_MS = 15_000

/** A storey whose floor is lower is below the ground. */
const BELOW_M = -0.5
/** A camera's housing reaches so far before its lens' place in the list. */
const OUT_M = 0.5

/** Why nothing is known of cameras: they are not for this person, or the server does not say. */
export type Trouble = '' | 'forbidden' | 'other'

/** The recorded cameras, how they are, and which of them are looked at. */
export const useVideoStore = defineStore('video', () => {
  const list = cameraList()
  const pins = pinned()
  const shownIn = recordings()
  const goes = journeys(list.poses)
  return { ...list, ...pins, ...shownIn, ...goes }
})

/** The cameras, asked for again while somebody looks. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function cameraList() {
  const live = useLiveStore()
  const cameras = shallowRef<ReadonlyMap<string, CameraInfo>>(new Map())
  const poses = shallowRef<ReadonlyMap<string, CameraPose & { readonly acrossDeg: number }>>(new Map())
  const known = ref(false)
  /** Whether the server gives single pictures. */
  const pictures = ref(true)
  const trouble = ref<Trouble>('')
  const problem = ref('')
  let watchers = 0
  let timer = 0

  const load = new NewestOnly<void>(async () => {
    try {
      const found = await fetchCameras()
      cameras.value = new Map(found.cameras.map((each) => [each.camera, each]))
      pictures.value = found.pictures
      trouble.value = problem.value = ''
    } catch (error) {
      trouble.value = troubleOf(error)
      problem.value = problemText(error)
    }
    known.value = true
  }, REST_MS)

  /** Follow how the cameras are; the returned function ends it. */
  function follow(): () => void {
    if (watchers++ === 0) {
      load.ask()
      timer = window.setInterval(() => {
        // Where none is recorded, none comes by itself.
        if (!document.hidden && cameras.value.size + problem.value.length > 0) load.ask()
      }, REFRESH_MS)
    }
    return () => {
      if (--watchers === 0) window.clearInterval(timer)
    }
  }

  async function loadPoses(): Promise<void> {
    // Without them nobody looks through a camera; its pictures are seen all the same.
    if (poses.value.size === 0) poses.value = await fetchPoses().catch(() => new Map())
  }

  live.onEvent((event) => {
    if (watchers > 0 && typeof event.type === 'string' && event.type.startsWith('camera.')) load.ask()
  })
  return { cameras, pictures, poses, known, trouble, problem, follow, loadPoses }
}

function troubleOf(error: unknown): Trouble {
  if (!(error instanceof ApiError)) return 'other'
  return error.status === 401 || error.status === 403 ? 'forbidden' : 'other'
}

/** The cameras that stay on screen, and the one that is looked at in full. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function pinned() {
  const pins = ref<readonly string[]>(rememberedPins())
  const staged = ref<string | null>(null)
  watch(pins, (now) => {
    localStorage.setItem(PINNED_KEY, JSON.stringify(now))
  })

  /** Pins a camera, or lets it go; of too many the oldest goes. */
  function pin(camera: string): void {
    const others = pins.value.filter((each) => each !== camera)
    pins.value = others.length < pins.value.length ? others : [...others, camera].slice(-MOST_PINNED)
  }

  return {
    pins,
    staged,
    pin,
    stage: (camera: string | null) => {
      staged.value = camera
    },
  }
}

function rememberedPins(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(PINNED_KEY) ?? '[]')
    return Array.isArray(kept) ? kept.filter((each): each is string => typeof each === 'string').slice(0, MOST_PINNED) : []
  } catch {
    return []
  }
}

/** Recordings that are asked for, and when. */
interface SpansWish extends Stretch {
  readonly camera: string
  readonly askedMs: number
}

/** When the camera that is looked at was recorded, for the slider's band. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function recordings() {
  const looked = ref<readonly string[]>([])
  const open = computed(() => looked.value.at(-1) ?? null)
  const spans = shallowRef<readonly Stretch[]>([])
  let held: SpansWish | null = null

  const load = new NewestOnly<SpansWish>(async ({ camera, fromMs, toMs }) => {
    // Without an answer the band shows nothing; the next look asks again.
    const found = await fetchSpans(camera, fromMs, toMs).catch(() => [])
    if (open.value === camera) spans.value = found
  }, SPANS_REST_MS)

  /** The band shows this stretch of time: its recordings are wanted. */
  function reveal(fromMs: number, toMs: number): void {
    const camera = open.value
    if (camera === null || Number.isNaN(fromMs)) return
    const isHeld = held?.camera === camera && held.fromMs <= fromMs && held.toMs >= toMs && performance.now() - held.askedMs < SPANS_OLD_MS
    if (isHeld) return
    const margin = (toMs - fromMs) / 2
    held = { camera, fromMs: fromMs - margin, toMs: toMs + margin, askedMs: performance.now() }
    load.ask(held)
  }

  watch(open, () => {
    spans.value = []
    held = null
  })
  return {
    open,
    spans,
    reveal,
    /** Says that a camera is looked at; the returned function, that it is no more. */
    lookAt: (camera: string) => {
      looked.value = [...looked.value, camera]
      return () => {
        const at = looked.value.lastIndexOf(camera)
        looked.value = looked.value.filter((_, position) => position !== at)
      }
    },
  }
}

/** A little way along what it looks at, out of the camera's own housing. */
function beforeItsBody<T extends CameraPose>(pose: T): T {
  const { position: from, target: to } = pose
  const share = OUT_M / Math.max(OUT_M, Math.hypot(to[0] - from[0], to[1] - from[1], to[2] - from[2]))
  const at = (axis: 0 | 1 | 2): number => from[axis] + (to[axis] - from[axis]) * share
  return { ...pose, position: [at(0), at(1), at(2)] }
}

/** Ways to a camera: to its element, and to what it sees. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function journeys(poses: { readonly value: ReadonlyMap<string, CameraPose> }) {
  const model = useModelStore()
  const stage = useSceneStore()
  const selection = useSelectionStore()
  return {
    /** The element of a camera; -1: bound to none. */
    elementOf: (camera: string) => model.devices.get(camera)?.elementIndex ?? -1,
    select: (camera: string) => {
      const index = model.devices.get(camera)?.elementIndex ?? -1
      if (index >= 0) void selection.select(index)
      return index >= 0
    },
    /** The scene as a camera sees it. */
    lookThrough: async (camera: string) => {
      const pose = poses.value.get(camera)
      if (!pose) return
      const storey = model.columns?.storey[model.devices.get(camera)?.elementIndex ?? -1] ?? -1
      // What the camera sees has its walls and its ceiling; of what lies below the ground the ground is taken away.
      const opened = (model.storeyByIndex.get(storey)?.elevationM ?? 0) < BELOW_M ? storey : null
      if (selection.storey !== opened) {
        selection.storey = opened
        // The view of the storey begins first, so that this one supersedes it.
        await nextTick()
      }
      await stage.scene?.flyTo(beforeItsBody(pose))
    },
  }
}
