import type { Names } from '@/net/types'

import { parseColour } from './colour'
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

/** One of the states that a panel's layer tells apart; `colour` is `#RRGGBB`. */
export interface StateLook {
  readonly colour: string
  readonly name: Names
}

/** Something in a state; `element` null: it is counted, but has no place in the model. */
export interface InState<S extends string> {
  readonly state: S
  readonly element: number | null
}

/** Each thing in the colour of its state, `weight` (0..255) of it over the model's own; the legend says how many are in each. */
export function stateLayer<S extends string>(
  head: Pick<OfferedLayer, 'id' | 'name' | 'of'>,
  looks: Readonly<Record<S, StateLook>>,
  weight: number,
  things: readonly InState<S>[],
): OfferedLayer {
  const drawn = things.flatMap(({ state, element }) => (element === null ? [] : [{ element, colour: looks[state].colour }]))
  const states = (Object.keys(looks) as S[]).map((state) => {
    const { colour, name } = looks[state]
    const count = String(things.filter((thing) => thing.state === state).length)
    return { colour, name: { zh: `${name.zh} ${count}`, en: `${name.en} ${count}` } }
  })
  return {
    ...head,
    rooms: {
      indices: Uint32Array.from(drawn, ({ element }) => element),
      rgba: Uint8Array.from(drawn.flatMap(({ colour }) => [...(parseColour(colour) ?? [0, 0, 0]), weight])),
    },
    legend: [{ kind: 'states', label: null, states }],
  }
}
