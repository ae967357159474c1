import type { Rgb } from './colour'
import type { ColourChange } from './painter'

/** Weight of a mark: nothing of the element's own colour is left, so that it cannot be taken for a layer's. */
const WEIGHT = 255

/** A change in which marked elements have their mark's colour, whatever the layer says. */
export function underMarks(change: ColourChange, marks: ReadonlyMap<number, Rgb>): ColourChange {
  if (marks.size === 0) return change
  const rgba = change.rgba.slice()
  for (const [position, element] of change.indices.entries()) {
    const mark = marks.get(element)
    if (mark) rgba.set([...mark, WEIGHT], position * 4)
  }
  return { indices: change.indices, rgba }
}

/** The marks themselves, for the scene. */
export function marksAlone(marks: ReadonlyMap<number, Rgb>): ColourChange {
  return {
    indices: Uint32Array.from(marks.keys()),
    rgba: Uint8Array.from([...marks.values()].flatMap((mark) => [...mark, WEIGHT])),
  }
}
