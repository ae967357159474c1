/** Something that lasts, as a bar of the band, pixels. */
export interface Stretch {
  readonly left: number
  readonly right: number
}

/** Bars of one row keep this apart. */
const APART_PX = 1

/**
 * Puts bars into the fewest rows in which none lies over another, in the order in which they are given: the first ones
 * get the first rows.
 * @param most rows there are. @returns the row of each, -1 for those that found none.
 */
export function packed(stretches: readonly Stretch[], most: number): Int32Array {
  const rows: Stretch[][] = Array.from({ length: most }, () => [])
  const found = new Int32Array(stretches.length).fill(-1)
  for (const [index, stretch] of stretches.entries()) {
    const row = rows.findIndex((taken) => taken.every((other) => stretch.left >= other.right + APART_PX || other.left >= stretch.right + APART_PX))
    if (row < 0) continue
    rows[row].push(stretch)
    found[index] = row
  }
  return found
}
