import { parseColour } from '@/layers/colour'
import type { OfferedLayer, StateLook } from '@/layers/offered'
import type { Names } from '@/net/types'

import { byElement, CHANGES, countsOf, type Change, type Difference } from './differences'

export const DIFFERENCE_LAYER = 'timeline.differences'

const NAME: Names = { zh: '两个时刻的差异', en: 'Between two moments' }
/** Told apart by people who do not see red and green apart, too. */
const LOOKS: Readonly<Record<Change, StateLook>> = {
  switched: { colour: '#C44FD8', name: { zh: '状态改变', en: 'Switched' } },
  up: { colour: '#E8862E', name: { zh: '升高', en: 'Higher' } },
  down: { colour: '#3F8FE0', name: { zh: '降低', en: 'Lower' } },
  quality: { colour: '#8A8F98', name: { zh: '有无读数', en: 'Read no more, or again' } },
}
/** Weights of the smallest and the biggest difference. */
const [FAINT, STRONG] = [120, 240]

export function colourOf(change: Change): string {
  return LOOKS[change].colour
}

/** Elements in the colour of what changed most about them, stronger the more it did; the legend counts the points. */
export function differenceLayer(differences: readonly Difference[]): OfferedLayer {
  const elements = [...byElement(differences)]
  const counts = countsOf(differences)
  const states = CHANGES.map((change) => {
    const { colour, name } = LOOKS[change]
    const count = String(counts[change])
    return { colour, name: { zh: `${name.zh} ${count}`, en: `${name.en} ${count}` } }
  })
  return {
    id: DIFFERENCE_LAYER,
    name: NAME,
    of: 'elements',
    rooms: {
      indices: Uint32Array.from(elements, ([element]) => element),
      rgba: Uint8Array.from(elements.flatMap(([, { change, size }]) => [...(parseColour(colourOf(change)) ?? [0, 0, 0]), weightOf(size)])),
    },
    legend: [{ kind: 'states', label: null, states }],
  }
}

function weightOf(size: number): number {
  return Math.round(FAINT + (STRONG - FAINT) * Math.sqrt(size))
}
