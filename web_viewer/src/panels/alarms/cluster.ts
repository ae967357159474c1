import type { Placed } from '@/panels/usePins'

/** Things too near each other to be told apart; `items` in the order in which they were given. */
export interface Cluster<T> {
  readonly x: number
  readonly y: number
  readonly items: readonly T[]
}

/**
 * Joins things on screen that are nearer than `radiusPx` to the first of a group. Every thing is in exactly one
 * group; groups begin with the things given first, so give the most urgent first. Linear in their number.
 */
export function clustered<T>(placed: readonly Placed<T>[], radiusPx: number): Cluster<T>[] {
  const groups: { x: number; y: number; items: T[] }[] = []
  const cells = new Map<string, number[]>()
  for (const { item, x, y } of placed) {
    const column = Math.floor(x / radiusPx)
    const row = Math.floor(y / radiusPx)
    const near = neighbours(cells, column, row).find((index) => Math.hypot(groups[index].x - x, groups[index].y - y) < radiusPx)
    if (near !== undefined) {
      groups[near].items.push(item)
      continue
    }
    const key = `${String(column)},${String(row)}`
    cells.set(key, [...(cells.get(key) ?? []), groups.length])
    groups.push({ x, y, items: [item] })
  }
  return groups
}

function neighbours(cells: ReadonlyMap<string, number[]>, column: number, row: number): number[] {
  const found: number[] = []
  for (let dx = -1; dx <= 1; dx++) {
    for (let dy = -1; dy <= 1; dy++) found.push(...(cells.get(`${String(column + dx)},${String(row + dy)}`) ?? []))
  }
  return found
}
