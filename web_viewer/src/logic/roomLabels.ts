/** A room's value and where its middle is seen, CSS pixels. */
export interface RoomLabel {
  readonly space: number
  readonly text: string
  readonly areaM2: number
  readonly x: number
  readonly y: number
}

const CHARACTER_PX = 7.5
const PADDING_PX = 14
const HEIGHT_PX = 22

/** The labels of the largest rooms, at most `most`, of which none covers another. */
export function placeLabels(candidates: readonly RoomLabel[], most: number): RoomLabel[] {
  const placed: RoomLabel[] = []
  for (const label of [...candidates].sort((a, b) => b.areaM2 - a.areaM2 || a.space - b.space)) {
    if (placed.length === most) break
    if (!placed.some((other) => overlap(label, other))) placed.push(label)
  }
  return placed
}

function overlap(a: RoomLabel, b: RoomLabel): boolean {
  return Math.abs(a.x - b.x) < (widthOf(a) + widthOf(b)) / 2 && Math.abs(a.y - b.y) < HEIGHT_PX
}

/** An estimate from above, so that nothing need be laid out to be placed. */
function widthOf(label: RoomLabel): number {
  return label.text.length * CHARACTER_PX + PADDING_PX
}

/** Centroid of an outline (not closed, either way round); its first point where it encloses nothing. */
export function labelPoint(outline: readonly (readonly [number, number])[]): readonly [number, number] {
  let [twice, x, y] = [0, 0, 0]
  for (const [i, [x0, y0]] of outline.entries()) {
    const [x1, y1] = outline[(i + 1) % outline.length]
    const cross = x0 * y1 - x1 * y0
    twice += cross
    x += (x0 + x1) * cross
    y += (y0 + y1) * cross
  }
  if (Math.abs(twice) < 1e-9) return outline[0]
  return [x / (3 * twice), y / (3 * twice)]
}
