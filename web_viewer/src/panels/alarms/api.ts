import type { components } from '@/generated/api'
import { getAll, getJson, sendJson, type Page } from '@/net/http'
import type { Names } from '@/net/types'
import type { CameraPose } from '@/scene/types'

import type { Alarm, AlarmDetail, AlarmState, Priority } from './alarm'

/** As the server spells an alarm. */
interface RawAlarm {
  readonly id: string
  readonly rule: string
  readonly name: Names
  readonly message: Names
  readonly priority: Priority
  readonly state: AlarmState
  readonly device: string
  readonly point: string
  readonly element_index: number | null
  readonly space: string | null
  readonly storey: string | null
  readonly value: number | null
  readonly limit: number | null
  readonly unit: string
  readonly occurrences: number
  readonly raised: string
  readonly returned: string | null
  readonly acknowledged: string | null
  readonly acknowledged_by: string | null
  readonly closed: string | null
  readonly shelved_until: string | null
  readonly shelve_reason: string
}

interface RawDetail extends RawAlarm {
  readonly events: readonly { id: string; time: string; type: string; actor: string; data: Readonly<Record<string, unknown>> }[]
  readonly cameras: readonly { device: string; name: Names; distance_m: number }[]
}

/** More open alarms than this are a flood: the list shows the most urgent. */
const MOST = 2000
const PAGE = 1000
/** Views are turned about a point this far ahead. */
const LOOK_M = 6

function timeOf(text: string | null): number | null {
  return text === null ? null : Date.parse(text)
}

function readAlarm(raw: RawAlarm): Alarm {
  return {
    id: raw.id,
    rule: raw.rule,
    names: raw.name,
    message: raw.message,
    priority: raw.priority,
    state: raw.state,
    device: raw.device,
    point: raw.point,
    elementIndex: raw.element_index ?? -1,
    spaceGuid: raw.space,
    storeyGuid: raw.storey,
    value: raw.value,
    limit: raw.limit,
    unit: raw.unit,
    occurrences: raw.occurrences,
    raisedMs: Date.parse(raw.raised),
    returnedMs: timeOf(raw.returned),
    acknowledgedMs: timeOf(raw.acknowledged),
    acknowledgedBy: raw.acknowledged_by,
    closedMs: timeOf(raw.closed),
    shelvedUntilMs: timeOf(raw.shelved_until),
    shelveReason: raw.shelve_reason,
  }
}

/** Every open alarm, shelved ones too. */
export async function fetchOpenAlarms(): Promise<Alarm[]> {
  return (await getAll<RawAlarm>('/api/alarms', { state: 'open', limit: PAGE }, MOST)).map(readAlarm)
}

/** The newest alarms that were open at some time of a span, ms since 1970 UTC. */
export async function fetchAlarmsBetween(fromMs: number, toMs: number, signal?: AbortSignal): Promise<Alarm[]> {
  const span = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
  const page = await getJson<Page<RawAlarm>>('/api/alarms', { state: 'all', limit: PAGE, ...span }, signal)
  return page.items.map(readAlarm)
}

/** The alarms that were open at a moment, as they were then; those of a flood's tail are left out. */
export async function fetchAlarmsAt(timeMs: number): Promise<Alarm[]> {
  const page = await getJson<Page<RawAlarm>>('/api/alarms', { at: new Date(timeMs).toISOString(), limit: PAGE })
  return page.items.map(readAlarm)
}

export async function fetchAlarm(id: string): Promise<AlarmDetail> {
  const raw = await getJson<RawDetail>(`/api/alarms/${encodeURIComponent(id)}`)
  return {
    alarm: readAlarm(raw),
    events: raw.events.map(({ data, ...event }) => ({
      id: event.id,
      timeMs: Date.parse(event.time),
      type: event.type,
      actor: event.actor,
      comment: [data.comment, data.reason].find((text): text is string => typeof text === 'string' && text !== '') ?? '',
    })),
    cameras: raw.cameras.map((camera) => ({ device: camera.device, names: camera.name, distanceM: camera.distance_m })),
  }
}

/** Whether any rule watches anything: without one the devices' own fault states are all there is. */
export async function fetchHasRules(): Promise<boolean> {
  const { items } = await getJson<Page<{ readonly points: number }>>('/api/rules')
  return items.some((rule) => rule.points > 0)
}

/** Where each camera is and which way it looks, by its device. */
export async function fetchCameras(): Promise<ReadonlyMap<string, CameraPose>> {
  const { items } = await getJson<components['schemas']['CameraList']>('/api/cameras')
  return new Map(items.map((raw) => [raw.device, poseOf(raw)]))
}

/** A pose that looks as far as the camera sees; yaw 0 looks along +x and turns counter-clockwise. */
export function poseOf(raw: Pick<components['schemas']['Camera'], 'position' | 'yaw_deg' | 'pitch_deg' | 'range_m'>): CameraPose {
  const [x, y, z] = raw.position as [number, number, number]
  const yaw = (raw.yaw_deg * Math.PI) / 180
  const pitch = ((raw.pitch_deg ?? 0) * Math.PI) / 180
  const reach = Math.min(raw.range_m ?? LOOK_M, LOOK_M)
  const across = Math.cos(pitch) * reach
  return { position: [x, y, z], target: [x + Math.cos(yaw) * across, y + Math.sin(yaw) * across, z + Math.sin(pitch) * reach] }
}

/** Do something with an alarm. @throws ApiError where it cannot be done; the message says why. */
export async function actOn(
  id: string,
  action: 'acknowledge' | 'shelve' | 'unshelve' | 'close',
  said: Readonly<Record<string, unknown>>,
): Promise<Alarm> {
  return readAlarm(await sendJson<RawAlarm>('POST', `/api/alarms/${encodeURIComponent(id)}/${action}`, said))
}

type Acknowledged = components['schemas']['Acknowledged']
/** An alarm that stayed as it was, and why. */
export type Refusal = Acknowledged['refused'][number]

/** The server takes so many at once. */
const MOST_AT_ONCE = 500

/** Take several alarms with one comment: what they are now, and which could not be taken. */
export async function acknowledgeAll(ids: readonly string[], comment: string): Promise<{ readonly taken: readonly Alarm[]; readonly refused: readonly Refusal[] }> {
  const taken: Alarm[] = []
  const refused: Refusal[] = []
  for (let first = 0; first < ids.length; first += MOST_AT_ONCE) {
    const answer = await sendJson<Acknowledged>('POST', '/api/alarms/acknowledge', { alarms: ids.slice(first, first + MOST_AT_ONCE), comment })
    taken.push(...answer.items.map(readAlarm))
    refused.push(...answer.refused)
  }
  return { taken, refused }
}
