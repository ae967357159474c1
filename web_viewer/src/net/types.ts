/** A name in the two languages of the interface; either may be empty. */
export interface Names {
  readonly zh: string
  readonly en: string
}

/** One value of an enumeration; its value is its position. */
export interface PointState {
  readonly key: string
  readonly zh: string
  readonly en: string
}

/** One quantity of a device. */
export interface PointInfo {
  readonly pointIndex: number
  readonly device: string
  readonly point: string
  readonly name: Names
  readonly pointClass: string
  readonly unit: string
  /** Engineering range; null where none is known. */
  readonly range: readonly [number, number] | null
  /** Empty for numeric quantities. */
  readonly states: readonly PointState[]
  readonly writable: boolean
  /** Element that the device is bound to; -1 and null when unbound. */
  readonly elementIndex: number
  readonly elementGuid: string | null
  /** In a replay: the device was not there yet. */
  readonly absent?: boolean
}

/** Corners, metres, local frame. */
export interface BoxInfo {
  readonly min: readonly [number, number, number]
  readonly max: readonly [number, number, number]
}

/** A storey; `position` 0 is the lowest. */
export interface StoreyInfo {
  readonly index: number
  readonly guid: string
  /** Short name such as `L2`, '' where the model gives but one name. */
  readonly code: string
  readonly names: Names
  readonly position: number
  readonly elevationM: number
  readonly heightM: number
  readonly elementCount: number
}

/** A space with its footprint's rings: the first is the outline. */
export interface SpaceInfo {
  readonly index: number
  readonly guid: string
  readonly number: string
  readonly names: Names
  readonly fn: string
  readonly storeyGuid: string | null
  readonly floorZ: number
  readonly areaM2: number
  readonly outline: readonly (readonly [number, number])[]
}

/** The model that is served, and in which time it lives. */
export interface ModelInfo {
  readonly name: string
  readonly revision: string
  readonly tilesetUrl: string
  readonly columnsUrl: string
  readonly boxesUrl: string
  readonly bounds: BoxInfo | null
  /** The ground that the model brings with it; null where it brings none. */
  readonly terrain: BoxInfo | null
  readonly elementCount: number
  readonly storeys: readonly StoreyInfo[]
  readonly venueName: Names
  readonly timeZone: string
  /** WGS 84, degrees; null where nobody said. */
  readonly location: { readonly latitude: number; readonly longitude: number } | null
  readonly simulated: boolean
  readonly speed: number
}

/** Enough of an element to list it and to go there. */
export interface ElementHit {
  readonly index: number
  readonly guid: string
  readonly ifcClass: string
  readonly predefinedType: string | null
  readonly names: Names
  readonly tag: string
  readonly storeyGuid: string | null
  readonly spaceGuid: string | null
  readonly box: BoxInfo | null
}

/** A property with its unit. */
export interface PropertyInfo {
  readonly name: string
  readonly value: unknown
  readonly unit: string
}

/** A named set of properties. */
export interface PropertySet {
  readonly name: string
  readonly properties: readonly PropertyInfo[]
}

/** A device with the names that people know it by. */
export interface DeviceInfo {
  readonly id: string
  readonly names: Names
  readonly typeNames: Names
  readonly elementIndex: number
  readonly elementGuid: string | null
  /** Free columns of the venue's device list, such as `rated_kw` and `parent_circuit`. */
  readonly attributes: Readonly<Record<string, string>>
}

/** An element that another one feeds or is fed by. */
export interface ConnectedElement {
  readonly index: number
  readonly ifcClass: string
  readonly names: Names
}

/** All that the panel shows of an element. */
export interface ElementDetail extends ElementHit {
  readonly description: string
  readonly typeName: string
  readonly systems: readonly string[]
  readonly feeds: readonly ConnectedElement[]
  readonly fedBy: readonly ConnectedElement[]
  readonly materials: readonly { readonly name: string; readonly thicknessM: number | null }[]
  readonly sets: readonly PropertySet[]
  readonly devices: readonly DeviceInfo[]
  readonly points: readonly PointInfo[]
  /** In a replay: devices of now that were elsewhere then, or not there yet. */
  readonly later?: readonly DeviceInfo[]
}
