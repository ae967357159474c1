import type { Names } from '@/net/types'

import type { LegendBlock } from './legend'
import type { ColourChange } from './painter'
import type { Layer } from './types'

/** A layer that a panel paints of what it alone knows; people choose it as any other. It colours rooms, and hides the rest of them. */
export interface OfferedLayer {
  readonly id: string
  readonly name: Names
  readonly rooms: ColourChange
  readonly legend: readonly LegendBlock[]
}

/** The layer as lists show it: it has no rules, since no point's value paints it. */
export function listedAs({ id, name }: OfferedLayer): Layer {
  return { id, name, isDefault: false, rules: [] }
}
