import { isUsable, type LiveColumns } from '@/net/columns'

import type { CompiledLayer, CompiledRule } from './compile'
import { rampWeight, WEIGHT } from './emphasis'
import { rampOffset, type CompiledRamp } from './ramp'

/** Colour of elements whose data is stale or bad: a grey that no ramp uses. */
export const UNUSABLE_RGB = [142, 147, 158] as const

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
function colourOf(compiled: CompiledLayer, columns: LiveColumns, target: number): number {
  const end = compiled.entryStart[target + 1]
  let unusable = false
  for (let start = compiled.entryStart[target]; start < end; ) {
    const stop = endOfRule(compiled, start, end)
    const points = compiled.entryPoint.subarray(start, stop)
    const usable = points.filter((point) => isUsable(columns, point))
    const colour = ruleColour(compiled.rules[compiled.entryRule[start]], columns, usable)
    if (colour !== NOTHING) return colour
    unusable ||= usable.length === 0 && points.some((point) => !Number.isNaN(columns.time[point]))
    start = stop
  }
  return unusable ? pack(...UNUSABLE_RGB, WEIGHT.quiet) : NOTHING
}

function endOfRule(compiled: CompiledLayer, start: number, end: number): number {
  let stop = start + 1
  while (stop < end && compiled.entryRule[stop] === compiled.entryRule[start]) stop++
  return stop
}

function ruleColour(rule: CompiledRule, columns: LiveColumns, points: Uint32Array): number {
  if (points.length === 0) return NOTHING
  if (rule.states !== null) return worstState(rule.states, columns, points)
  return rule.ramp === null ? NOTHING : meanColour(rule.ramp, columns, points)
}

/** Of several states the highest that has a colour: faults come last in enumerations. */
function worstState(
  states: NonNullable<CompiledRule['states']>,
  columns: LiveColumns,
  points: Uint32Array,
): number {
  let worst = -1
  let packed = NOTHING
  for (const point of points) {
    const value = Math.round(columns.value[point])
    const paint = states.get(point)?.get(value)
    if (paint === undefined || value <= worst) continue
    worst = value
    packed = pack(...paint.colour, paint.weight)
  }
  return packed
}

function meanColour(ramp: CompiledRamp, columns: LiveColumns, points: Uint32Array): number {
  let sum = 0
  for (const point of points) sum += columns.value[point]
  const mean = sum / points.length
  const offset = rampOffset(ramp, mean)
  return pack(ramp.table[offset], ramp.table[offset + 1], ramp.table[offset + 2], rampWeight(ramp.stops[0], mean))
}

function pack(r: number, g: number, b: number, weight: number): number {
  return ((r << 24) | (g << 16) | (b << 8) | weight) >>> 0
}

function unpack(colours: readonly number[]): Uint8Array {
  const rgba = new Uint8Array(colours.length * 4)
  const view = new DataView(rgba.buffer)
  for (const [position, colour] of colours.entries()) view.setUint32(position * 4, colour)
  return rgba
}
