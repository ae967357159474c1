import type { PastBindings, Stand } from '@/net/pastBindings'
import type { DeviceInfo, PointInfo } from '@/net/types'

/** What became of a device between two moments: it stands for another element, came, or is gone. */
export const REBOUND = ['moved', 'added', 'gone'] as const

/** A device that stands elsewhere at the second moment; -1 where it stands for no element of this model. */
export interface Rebound {
  readonly device: string
  readonly change: (typeof REBOUND)[number]
  readonly before: number
  readonly after: number
}

type Stands = PastBindings['elements']

/** Where devices stand now: as the points say, which follow every change; else as the list of devices does. */
export function standsNow(devices: ReadonlyMap<string, DeviceInfo>, points: readonly PointInfo[]): Stands {
  const stands = new Map<string, Stand>()
  for (const each of devices.values()) stands.set(each.id, { index: each.elementIndex, guid: each.elementGuid })
  for (const each of points) stands.set(each.device, { index: each.elementIndex, guid: each.elementGuid })
  return stands
}

/** The devices that stand otherwise at the second moment, by what became of them, then by id. */
export function reboundBetween(before: Stands, after: Stands): Rebound[] {
  const found: Rebound[] = []
  for (const [device, { index }] of before) {
    const stand = after.get(device)
    if (stand === undefined) found.push({ device, change: 'gone', before: index, after: -1 })
    else if (stand.index !== index) found.push({ device, change: 'moved', before: index, after: stand.index })
  }
  for (const [device, { index }] of after) if (!before.has(device)) found.push({ device, change: 'added', before: -1, after: index })
  const rank = (each: Rebound): number => REBOUND.indexOf(each.change)
  return found.sort((a, b) => rank(a) - rank(b) || a.device.localeCompare(b.device, 'en'))
}
