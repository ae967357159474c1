import type { Names } from '@/net/types'

import type { Alarm, AlarmState, Priority } from './alarm'

type Data = Readonly<Record<string, unknown>>

/** What an `alarm.*` event makes of the open alarms; `stale`: it fits none of them, so they must be loaded anew. */
export interface Change {
  readonly open: ReadonlyMap<string, Alarm>
  readonly raised: Alarm | null
  readonly stale: boolean
}

/** Takes an event of the live stream into the open alarms, by id. `indexOf` gives a device's element, -1 for none. */
export function applied(
  open: ReadonlyMap<string, Alarm>,
  event: Data,
  indexOf: (device: string, point: string) => number,
): Change {
  const data = event.data as Data | undefined
  const type = event.type
  if (data === undefined || typeof type !== 'string' || !type.startsWith('alarm.')) return { open, raised: null, stale: false }
  const id = String(data.alarm)
  const known = open.get(id)
  const timeMs = Date.parse(String(event.time))
  if (type === 'alarm.raised') {
    const raised = known ? raisedAgain(known, data) : raisedFirst(id, data, timeMs, indexOf)
    return { open: new Map(open).set(id, raised), raised: raised.state === 'shelved' ? null : raised, stale: false }
  }
  if (known === undefined) return { open, raised: null, stale: type !== 'alarm.closed' }
  const next = new Map(open)
  if (type === 'alarm.closed') next.delete(id)
  else next.set(id, stepped(known, type, String(event.actor), data, timeMs))
  return { open: next, raised: null, stale: false }
}

function raisedAgain(known: Alarm, data: Data): Alarm {
  return {
    ...known,
    state: data.state as AlarmState,
    message: data.message as Names,
    value: data.value as number | null,
    occurrences: known.occurrences + 1,
    returnedMs: null,
  }
}

function raisedFirst(id: string, data: Data, timeMs: number, indexOf: (device: string, point: string) => number): Alarm {
  const device = String(data.device)
  const point = String(data.point)
  return {
    id,
    rule: String(data.rule),
    names: data.name as Names,
    message: data.message as Names,
    priority: data.priority as Priority,
    state: data.state as AlarmState,
    device,
    point,
    elementIndex: data.element === null ? -1 : indexOf(device, point),
    spaceGuid: data.space as string | null,
    storeyGuid: data.storey as string | null,
    value: data.value as number | null,
    limit: data.limit as number | null,
    unit: String(data.unit),
    occurrences: 1,
    raisedMs: timeMs,
    returnedMs: null,
    acknowledgedMs: null,
    acknowledgedBy: null,
    closedMs: null,
    shelvedUntilMs: null,
    shelveReason: '',
  }
}

function stepped(known: Alarm, type: string, actor: string, data: Data, timeMs: number): Alarm {
  const moved = { ...known, state: data.state as AlarmState }
  switch (type) {
    case 'alarm.returned':
      return { ...moved, returnedMs: timeMs }
    case 'alarm.acknowledged':
      return { ...moved, acknowledgedMs: timeMs, acknowledgedBy: actor }
    case 'alarm.shelved':
      return {
        ...moved,
        shelvedUntilMs: typeof data.until === 'string' ? Date.parse(data.until) : null,
        shelveReason: typeof data.reason === 'string' ? data.reason : '',
      }
    case 'alarm.unshelved':
      return { ...moved, shelvedUntilMs: null, shelveReason: '', acknowledgedMs: null, acknowledgedBy: null }
    default:
      return moved
  }
}
