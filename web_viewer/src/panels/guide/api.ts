import type { Locale } from '@/logic/format'
import { fetchModel } from '@/net/api'
import { awayError, getAll, getJson, withQuery } from '@/net/http'
import { space as readSpace, type RawSpace } from '@/net/read'
import type { ModelInfo } from '@/net/types'
import type { components } from '@/generated/api'

import type { GuidePlace, NoWay, Plan, Profile, Route } from './types'

type RawPoi = components['schemas']['PoiPlace']

/** What a question for the way gave: a way, or why there is none. */
export type RouteReply = { readonly route: Route } | { readonly noWay: NoWay }

export { fetchModel, type ModelInfo }

export async function fetchRooms(): Promise<GuidePlace[]> {
  return (await getAll<RawSpace>('/api/spaces', { limit: 10_000 })).map(placeOfSpace)
}

/** A building without a venue folder has none. */
export async function fetchPois(): Promise<GuidePlace[]> {
  return (await getAll<RawPoi>('/api/poi').catch(() => [])).map(placeOfPoi)
}

export function fetchPlan(storeyGuid: string): Promise<Plan> {
  return getJson<Plan>(`/api/plans/${encodeURIComponent(storeyGuid)}`)
}

/** Asks for the way. @throws ApiError with status 0 when the server is away. */
export async function fetchRoute(from: string, to: string, profile: Profile, lang: Locale, signal?: AbortSignal): Promise<RouteReply> {
  const response = await answer(withQuery('/api/route', { from, to, profile, lang }), signal)
  const body = (await response.json().catch(() => ({}))) as unknown
  return response.ok ? { route: body as Route } : { noWay: noWayOf(response.status, body) }
}

/** The server's problem details as the reason that the page shows. */
function noWayOf(status: number, body: unknown): NoWay {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as { detail?: unknown; errors?: readonly { reason?: unknown }[] }
  const text = typeof problem.detail === 'string' ? problem.detail : `HTTP ${String(status)}`
  const reason = problem.errors?.at(0)?.reason
  if (status === 404) return { reason: 'unknown_place', text }
  return { reason: status === 409 && typeof reason === 'string' ? reason : 'failed', text }
}

async function answer(path: string, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(path, { headers: { Accept: 'application/json' }, signal })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw awayError()
  }
}

function placeOfPoi(raw: RawPoi): GuidePlace {
  return {
    id: raw.id, kind: raw.kind, names: raw.name, number: '', spaceGuid: raw.space, storeyGuid: raw.storey,
    position: raw.position, fn: '',
  }
}

function placeOfSpace(raw: RawSpace): GuidePlace {
  const room = readSpace(raw)
  const [x, y] = raw.centre
  return {
    id: room.guid, kind: 'space', names: room.names, number: room.number, spaceGuid: room.guid, storeyGuid: room.storeyGuid,
    position: [x, y, room.floorZ], fn: room.fn,
  }
}
