import type { Names, PointInfo, PointState } from '@/net/types'

/** Colours of a numeric quantity: at least one stop, in ascending order of value. */
export interface RampRule {
  readonly stops: readonly (readonly [number, string])[]
  readonly unit: string
}

/** One rule of a layer: which points it reads and what it paints with them. Earlier rules win. */
export interface LayerRule {
  readonly pointClasses: readonly string[]
  readonly paint: 'element' | 'space'
  readonly ramp: RampRule | null
  /** Colour by state: the key is a state's value or its key. */
  readonly states: Readonly<Record<string, string>> | null
  readonly label: Names | null
}

/** A way to colour the scene. */
export interface Layer {
  readonly id: string
  readonly name: Names
  readonly isDefault: boolean
  readonly rules: readonly LayerRule[]
}

/** The part of a point that layers read. */
export type LayerPoint = Pick<PointInfo, 'pointIndex' | 'pointClass' | 'elementIndex' | 'states' | 'unit'>

export type { PointState }
