import type { components } from '@/generated/api'
import { awayError, getJson, problemError, withQuery, type ApiError } from '@/net/http'
import type { Names } from '@/net/types'
import { poseOf } from '@/panels/alarms/api'
import type { CameraPose } from '@/scene/types'

import type { Gap, Stretch } from './spans'
import type { Still, StillWish } from './stills'

type Schemas = components['schemas']

type RawCamera = Schemas['VideoCamera']

/** A camera that is recorded, and how it is. */
export interface CameraInfo {
  readonly camera: string
  readonly state: RawCamera['state']
  /** Why it is so, and in the server's words; '' where there is nothing to say. */
  readonly reason: RawCamera['reason']
  readonly text: string
  /** Since when it is in its state; NaN: unknown. */
  readonly sinceMs: number
  /** Its newest picture; NaN: none was ever seen. */
  readonly lastMs: number
  /** Its oldest picture; NaN: none is kept. */
  readonly firstMs: number
  /** As RFC 6381 names it; null: unknown. */
  readonly codec: string | null
  readonly simulated: boolean
}

/** A camera that sees an element. */
export interface Sighting {
  readonly device: string
  readonly names: Names
  readonly distanceM: number
}

const ROOT = '/api/video'

function timeOf(text: string | null | undefined): number {
  return text ? Date.parse(text) : Number.NaN
}

function iso(timeMs: number): string {
  return new Date(Math.round(timeMs)).toISOString()
}

/** Every camera that is recorded, and whether single pictures of them are to be had. @throws ApiError */
export async function fetchCameras(): Promise<{ readonly cameras: readonly CameraInfo[]; readonly pictures: boolean }> {
  const raw = await getJson<Schemas['VideoCameras']>(ROOT)
  return { cameras: raw.cameras.map(readCamera), pictures: raw.pictures }
}

function readCamera({ camera, state, reason, text, since, last, first, codec, simulated }: RawCamera): CameraInfo {
  return { camera, state, reason, text, sinceMs: timeOf(since), lastMs: timeOf(last), firstMs: timeOf(first), codec, simulated }
}

/** When a camera was recorded, in a stretch of time. */
export async function fetchSpans(camera: string, fromMs: number, toMs: number): Promise<Stretch[]> {
  const raw = await getJson<Schemas['VideoSpans']>(`${pathOf(camera)}/spans`, { from: iso(fromMs), to: iso(toMs) })
  return (raw.spans ?? []).map(({ from, to }) => ({ fromMs: Date.parse(from), toMs: Date.parse(to) }))
}

/** Where each camera hangs and looks, by its device; the angle across its picture, degrees. */
export async function fetchPoses(): Promise<ReadonlyMap<string, CameraPose & { readonly acrossDeg: number }>> {
  const { items } = await getJson<Schemas['CameraList']>('/api/cameras')
  return new Map(items.map((raw) => [raw.device, { ...poseOf(raw), acrossDeg: raw.fov_deg ?? 0 }]))
}

/** The cameras that see an element, the best ones first. */
export async function fetchSeeing(guid: string): Promise<Sighting[]> {
  const { items } = await getJson<Schemas['SightingList']>(`/api/elements/${encodeURIComponent(guid)}/cameras`)
  return items.map((raw) => ({ device: raw.device, names: { zh: raw.name.zh ?? '', en: raw.name.en ?? '' }, distanceM: raw.distance_m }))
}

/** A single picture. @throws ApiError where there is none for another reason than that nothing was recorded. */
export async function fetchStill({ camera, atMs, newest, quick, width }: StillWish): Promise<Still> {
  const path = withQuery(`${pathOf(camera)}/frame.jpg`, { at: newest ? null : iso(atMs), key: quick ? true : null, width })
  const answer = await fetch(path).catch(() => {
    throw awayError()
  })
  if (answer.ok) return { kind: 'picture', picture: await answer.blob(), atMs: frameTime(answer.headers.get('x-frame-time'), atMs) }
  const problem: unknown = await answer.json().catch(() => null)
  const error = problemError(problem, answer.status)
  if (error.kind !== 'not-recorded') throw error
  return { kind: 'gap', gap: gapOf(error) }
}

/** The address of a playlist of a stretch of recording. */
export function playlistUrl(camera: string, fromMs: number, toMs: number): string {
  return withQuery(`${pathOf(camera)}/playlist.m3u8`, { from: iso(fromMs), to: iso(toMs) })
}

export function liveUrl(camera: string): string {
  return `${pathOf(camera)}/live.m3u8`
}

/** The address of a download, at most an hour of it. */
export function clipUrl(camera: string, fromMs: number, toMs: number): string {
  return withQuery(`${pathOf(camera)}/clip.mp4`, { from: iso(fromMs), to: iso(toMs) })
}

function pathOf(camera: string): string {
  return `${ROOT}/${encodeURIComponent(camera)}`
}

function frameTime(text: string | null, askedMs: number): number {
  const timeMs = text === null ? Number.NaN : Date.parse(text)
  return Number.isNaN(timeMs) ? askedMs : timeMs
}

function gapOf({ named }: ApiError): Gap | null {
  const { from, to } = named
  if (from === undefined && to === undefined) return null
  const end = (value: unknown): number | null => (typeof value === 'string' ? Date.parse(value) : null)
  return { fromMs: end(from), toMs: end(to) }
}
