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
}
