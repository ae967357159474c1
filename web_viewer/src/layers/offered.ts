import type { Names } from '@/net/types'

import type { LegendBlock } from './legend'
import type { ColourChange } from './painter'
import type { Layer } from './types'

/** A layer that a panel paints of what it alone knows; people choose it as any other. One of rooms hides the rest of them. */
export interface OfferedLayer {
  readonly id: string
  readonly name: Names
  /** What it colours; rooms when left out. */
  readonly of?: 'rooms' | 'elements'
  readonly rooms: ColourChange
  readonly legend: readonly LegendBlock[]
}

/** The layer as lists show it: it has no rules, since no point's value paints it. */
export function listedAs({ id, name }: OfferedLayer): Layer {
  return { id, name, isDefault: false, rules: [] }
}

/** The layer if it colours rooms. */
export function roomsOf(layer: OfferedLayer | null): OfferedLayer | null {
  return layer?.of === 'elements' ? null : layer
}
