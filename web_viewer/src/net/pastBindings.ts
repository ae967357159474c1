import type { components } from '@/generated/api'

import { getJson } from './http'
import type { DeviceInfo, ElementDetail, PointInfo } from './types'

/** Where a device stood: its element in the model on screen; -1 and null: in none, or in one that is no more. */
export interface Stand {
  readonly index: number
  readonly guid: string | null
}

/** Which devices there were at a moment, by id, and where they stood. */
export interface PastBindings {
  /** The same for the same bindings. */
  readonly hash: string
  readonly elements: ReadonlyMap<string, Stand>
}

/** What was in force at the moment of a replay, as the server's player tells. */
export interface PastScene {
  /** ms since 1970 UTC. */
  readonly sinceMs: number
  /** Of the model of then. */
  readonly revision: string
  /** `PastBindings.hash`. */
  readonly bindings: string
}

const NOWHERE: Stand = { index: -1, guid: null }

/** The bindings of a moment, ms since 1970 UTC; of the next whole ms, for the one before may lie before all film. */
export async function fetchBindingsAt(timeMs: number): Promise<PastBindings> {
  const at = new Date(Math.ceil(timeMs)).toISOString()
  const raw = await getJson<components['schemas']['BindingReport']>('/api/bindings', { at })
  return { hash: raw.hash, elements: new Map(raw.items.map((item) => [item.device, standOf(item.element_index, item.element)])) }
}

function standOf(index: number | null, guid: string | null): Stand {
  return index === null ? NOWHERE : { index, guid }
}

/** Points where their devices stood; those of devices that were not there yet are in no element, and `absent`. */
export function placedAsThen(points: readonly PointInfo[], then: PastBindings): PointInfo[] {
  return points.map((point) => {
    const stand = then.elements.get(point.device)
    const { index, guid } = stand ?? NOWHERE
    if (stand !== undefined && index === point.elementIndex) return point
    return { ...point, elementIndex: index, elementGuid: guid, absent: stand === undefined }
  })
}

/** A device where it stood; null: it was not there yet. */
export function deviceAsThen(device: DeviceInfo, then: PastBindings | null): DeviceInfo | null {
  if (then === null) return device
  const stand = then.elements.get(device.id)
  return stand === undefined ? null : { ...device, elementIndex: stand.index, elementGuid: stand.guid }
}

/** An element with the devices that stood for it, of those that are still there. */
export function detailAsThen(
  detail: ElementDetail,
  points: readonly PointInfo[],
  devices: ReadonlyMap<string, DeviceInfo>,
  then: PastBindings,
): ElementDetail {
  const stood = [...then.elements].flatMap(([id, { index }]) => {
    const device = index === detail.index ? devices.get(id) : undefined
    return device === undefined ? [] : [deviceAsThen(device, then) ?? device]
  })
  return {
    ...detail,
    devices: stood,
    points: points.filter((point) => point.elementIndex === detail.index),
    later: detail.devices.filter((device) => then.elements.get(device.id)?.index !== detail.index),
  }
}

/** @throws TypeError when it is none of the protocol. */
export function readScene(raw: unknown): PastScene | null {
  if (raw === null || raw === undefined) return null
  const { since, revision, bindings } = raw as Readonly<Record<string, unknown>>
  if (typeof since !== 'string' || typeof revision !== 'string' || typeof bindings !== 'string') throw new TypeError('a scene that cannot be read')
  return { sinceMs: Date.parse(since), revision, bindings }
}
