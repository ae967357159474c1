import type { DeviceInfo, ElementHit, Names, SpaceInfo } from '@/net/types'

/** Something that a search found, ready to be shown and flown to. */
export interface Found {
  readonly kind: 'space' | 'device' | 'element'
  /** Unique among results. */
  readonly key: string
  readonly elementIndex: number
  readonly names: Names
  /** Number of a space, id of a device, tag of an element. */
  readonly code: string
  readonly ifcClass: string
  readonly storeyGuid: string | null
}

const MOST_OF_A_KIND = 6

/** Whether all words of a query occur in some of the texts; case and width of letters do not matter. */
export function matches(query: string, texts: readonly string[]): boolean {
  const text = texts.map(folded).join('\n')
  return folded(query)
    .split(/\s+/)
    .every((word) => text.includes(word))
}

function folded(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim()
}

/** Spaces by name, number or function; those whose name begins with the query come first. */
export function findSpaces(query: string, spaces: readonly SpaceInfo[]): Found[] {
  const found = spaces.filter((space) => matches(query, [space.names.zh, space.names.en, space.number, space.fn]))
  return ranked(query, found, (space) => [space.names.zh, space.names.en, space.number]).map((space) => ({
    kind: 'space',
    key: `space ${space.guid}`,
    elementIndex: space.index,
    names: space.names,
    code: space.number,
    ifcClass: 'IfcSpace',
    storeyGuid: space.storeyGuid,
  }))
}

/** Devices by id, name or type. */
export function findDevices(query: string, devices: Iterable<DeviceInfo>): Found[] {
  const found = [...devices].filter((device) =>
    matches(query, [device.id, device.names.zh, device.names.en, device.typeNames.zh, device.typeNames.en]),
  )
  return ranked(query, found, (device) => [device.id, device.names.zh, device.names.en]).map((device) => ({
    kind: 'device',
    key: `device ${device.id}`,
    elementIndex: device.elementIndex,
    names: device.names.zh || device.names.en ? device.names : device.typeNames,
    code: device.id,
    ifcClass: '',
    storeyGuid: null,
  }))
}

/** The server's hits, less those that are shown already as a space or as a device. */
export function foundElements(hits: readonly ElementHit[], shown: readonly Found[]): Found[] {
  const known = new Set(shown.map((found) => found.elementIndex))
  return hits
    .filter((hit) => !known.has(hit.index))
    .map((hit) => ({
      kind: 'element',
      key: `element ${hit.guid}`,
      elementIndex: hit.index,
      names: hit.names,
      code: hit.tag,
      ifcClass: hit.ifcClass,
      storeyGuid: hit.storeyGuid,
    }))
}

function ranked<T>(query: string, items: readonly T[], texts: (item: T) => readonly string[]): T[] {
  const start = folded(query)
  const rank = (item: T): number => {
    const all = texts(item).map(folded)
    if (all.includes(start)) return 0
    return all.some((text) => text.startsWith(start)) ? 1 : 2
  }
  return [...items].sort((a, b) => rank(a) - rank(b)).slice(0, MOST_OF_A_KIND)
}
