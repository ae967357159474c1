import { describe, expect, it } from 'vitest'

import { Quality } from '@/generated/wire'
import { COLUMNS } from '@/layers/fixture'
import { emptyColumns } from '@/net/columns'
import type { SpaceInfo } from '@/net/types'

import { pointInfo } from './fixture'
import { peopleBySpace } from './people'

const SPACE: SpaceInfo = {
  index: 0,
  guid: 's',
  number: '',
  names: { zh: '', en: '' },
  fn: '',
  storeyGuid: null,
  floorZ: 4.5,
  areaM2: 1,
  outline: [[0, 0], [1, 0], [1, 1]],
}

describe('peopleBySpace', () => {
  it('sums the counters of a space and leaves out what cannot be placed', () => {
    const count = { unit: 'persons', pointClass: 'Occupancy_Count_Sensor' }
    const points = [
      pointInfo({ ...count, pointIndex: 0, elementIndex: 1 }),
      pointInfo({ ...count, pointIndex: 1, elementIndex: 2 }),
      pointInfo({ ...count, pointIndex: 2, elementIndex: 3 }),
      pointInfo({ ...count, pointIndex: 3, elementIndex: 2, pointClass: 'Venue_Passage_Count_Sensor' }),
    ]
    const columns = emptyColumns(4)
    columns.value.set([3, 4.4, 9, 1000])
    columns.quality.fill(Quality.Good)
    expect(peopleBySpace(points, columns, COLUMNS, [SPACE, { ...SPACE, index: 4 }])).toEqual([
      { id: 0, polygon: SPACE.outline, floorZ: 4.5, count: 7 },
    ])
    expect(peopleBySpace(points, columns, COLUMNS, [{ ...SPACE, outline: [] }])).toEqual([])
  })
})
