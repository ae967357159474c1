import { isUsable, type LiveColumns } from '@/net/columns'

import type { CompiledLayer, CompiledRule } from './compile'
import { rampOffset } from './ramp'

/** Colour of elements whose data is stale or bad: a grey that no ramp uses. */
export const UNUSABLE_RGB = [142, 147, 158] as const

/** Weight of a layer's colour against the model's own: strong, yet shading stays. */
const WEIGHT = 235
const NOTHING = 0

/** What to hand to the scene: `rgba` has four bytes for each of `indices`. */
export interface ColourChange {
  readonly indices: Uint32Array
  readonly rgba: Uint8Array
}

/** Keeps the colours of one layer and tells what changed, so that a frame costs what it touches. */
export class LayerPainter {
  /** Packed RGBA by target, as last handed out. */
  private readonly shown: Uint32Array

  constructor(
    readonly compiled: CompiledLayer,
    private readonly columns: LiveColumns,
  ) {
    this.shown = new Uint32Array(compiled.targets.length)
  }

  /** Colours of every target; call once when the layer is chosen. */
  paintAll(): ColourChange {
    return this.repaint(this.compiled.targets.keys(), true)
  }

  /** Colours that differ after these points changed. */
  update(changedPoints: Iterable<number>): ColourChange {
    const dirty = new Set<number>()
    for (const point of changedPoints) {
      for (const target of this.compiled.targetsOfPoint.get(point) ?? []) dirty.add(target)
    }
    return this.repaint(dirty, false)
  }

  private repaint(targets: Iterable<number>, whole: boolean): ColourChange {
    const indices: number[] = []
    const colours: number[] = []
    for (const target of targets) {
      const packed = colourOf(this.compiled, this.columns, target)
      if (packed === this.shown[target] && !whole) continue
      this.shown[target] = packed
      indices.push(this.compiled.targets[target])
      colours.push(packed)
    }
    return { indices: Uint32Array.from(indices), rgba: unpack(colours) }
  }
}

/** Packed RGBA of a target: the first rule that has a colour for usable values; grey where values are unusable. */
export function colourOf(compiled: CompiledLayer, columns: LiveColumns, target: number): number {
  const end = compiled.entryStart[target + 1]
  let unusable = false
  for (let start = compiled.entryStart[target]; start < end; ) {
    const rule = compiled.entryRule[start]
    const stop = endOfRule(compiled, start, end)
    const value = combine(compiled, columns, start, stop)
    if (Number.isNaN(value)) unusable ||= anyReceived(compiled, columns, start, stop)
    else {
      const colour = ruleColour(compiled.rules[rule], value)
      if (colour !== NOTHING) return colour
    }
    start = stop
  }
  return unusable ? pack(...UNUSABLE_RGB) : NOTHING
}

function endOfRule(compiled: CompiledLayer, start: number, end: number): number {
  let stop = start + 1
  while (stop < end && compiled.entryRule[stop] === compiled.entryRule[start]) stop++
  return stop
}

/** One value from several points of one rule: the mean of quantities, the highest of states (faults come last). */
function combine(compiled: CompiledLayer, columns: LiveColumns, start: number, stop: number): number {
  const asStates = compiled.rules[compiled.entryRule[start]].states !== null
  let sum = 0
  let highest = Number.NEGATIVE_INFINITY
  let count = 0
  for (let entry = start; entry < stop; entry++) {
    const point = compiled.entryPoint[entry]
    if (!isUsable(columns, point)) continue
    sum += columns.value[point]
    highest = Math.max(highest, columns.value[point])
    count++
  }
  if (count === 0) return Number.NaN
  return asStates ? highest : sum / count
}

function anyReceived(compiled: CompiledLayer, columns: LiveColumns, start: number, stop: number): boolean {
  for (let entry = start; entry < stop; entry++) {
    if (!Number.isNaN(columns.time[compiled.entryPoint[entry]])) return true
  }
  return false
}

function ruleColour(rule: CompiledRule, value: number): number {
  if (rule.states !== null) {
    const colour = rule.states.get(Math.round(value))
    return colour ? pack(...colour) : NOTHING
  }
  if (rule.ramp === null) return NOTHING
  const { table } = rule.ramp
  const offset = rampOffset(rule.ramp, value)
  return pack(table[offset], table[offset + 1], table[offset + 2])
}

function pack(r: number, g: number, b: number): number {
  return ((r << 24) | (g << 16) | (b << 8) | WEIGHT) >>> 0
}

function unpack(colours: readonly number[]): Uint8Array {
  const rgba = new Uint8Array(colours.length * 4)
  const view = new DataView(rgba.buffer)
  for (const [position, colour] of colours.entries()) view.setUint32(position * 4, colour)
  return rgba
}
