import { spaceOf } from '@/layers/compile'
import { isUsable, type LiveColumns } from '@/net/columns'
import type { PointInfo, SpaceInfo } from '@/net/types'
import type { ElementColumns, PeopleSpace } from '@/scene/types'

const COUNT_CLASSES = new Set(['Occupancy_Count_Sensor', 'People_Count_Sensor', 'Occupancy_Sensor'])

/** Counted people by space, from the counters that stand in it; spaces without an outline or people are left out. */
export function peopleBySpace(
  points: readonly PointInfo[],
  columns: LiveColumns,
  elements: Pick<ElementColumns, 'space' | 'classIndex' | 'classNames'>,
  spaces: readonly SpaceInfo[],
): PeopleSpace[] {
  const counts = new Map<number, number>()
  for (const point of points) {
    if (point.unit !== 'persons' || !COUNT_CLASSES.has(point.pointClass)) continue
    const space = spaceOf(point.elementIndex, elements)
    if (space < 0 || !isUsable(columns, point.pointIndex)) continue
    counts.set(space, (counts.get(space) ?? 0) + Math.max(0, Math.round(columns.value[point.pointIndex])))
  }
  return spaces.flatMap((space) => {
    const count = counts.get(space.index) ?? 0
    if (count === 0 || space.outline.length < 3) return []
    return [{ id: space.index, polygon: space.outline, floorZ: space.floorZ, count }]
  })
}
