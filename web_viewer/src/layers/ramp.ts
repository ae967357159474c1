import { cssColour, mixColours, parseColour, type Rgb } from './colour'
import type { RampRule } from './types'

const STEPS = 256

/**
 * A ramp as a table. The stops lie at even distances in it, whatever their values, so that a ramp whose stops
 * grow by decades shows each decade; between two stops the scale is linear.
 */
export interface CompiledRamp {
  /** Values of the stops, ascending, unit of the point. */
  readonly stops: readonly number[]
  /** (256, 3) uint8, sRGB. */
  readonly table: Uint8Array
}

interface Stop {
  readonly value: number
  readonly colour: Rgb
}

/** Makes the table; null when no stop has a readable colour. Values beyond the ends take the end's colour. */
export function compileRamp(rule: RampRule): CompiledRamp | null {
  const stops = readableStops(rule)
  if (stops.length === 0) return null
  const table = new Uint8Array(STEPS * 3)
  for (let step = 0; step < STEPS; step++) {
    table.set(colourAt(stops, step / (STEPS - 1)).map(Math.round), step * 3)
  }
  return { stops: stops.map((stop) => stop.value), table }
}

/** Where a value lies on the ramp, 0..1. */
export function rampShare(ramp: CompiledRamp, value: number): number {
  const { stops } = ramp
  const last = stops.length - 1
  if (last === 0 || value <= stops[0]) return 0
  if (value >= stops[last]) return 1
  let segment = 0
  while (value > stops[segment + 1]) segment++
  return (segment + (value - stops[segment]) / (stops[segment + 1] - stops[segment])) / last
}

/** Offset in the ramp's table of the colour for `value`. */
export function rampOffset(ramp: CompiledRamp, value: number): number {
  return Math.round(rampShare(ramp, value) * (STEPS - 1)) * 3
}

/** The ramp as a CSS gradient, left to right; sampled, because CSS mixes in another colour space. */
export function rampGradient(ramp: CompiledRamp, samples = 17): string {
  const colours = Array.from({ length: samples }, (_, index) => {
    const offset = Math.round((index / (samples - 1)) * (STEPS - 1)) * 3
    return cssColour([ramp.table[offset], ramp.table[offset + 1], ramp.table[offset + 2]])
  })
  return `linear-gradient(90deg, ${colours.join(', ')})`
}

function readableStops(rule: RampRule): Stop[] {
  const stops = rule.stops.flatMap(([value, text]) => {
    const colour = parseColour(text)
    return colour && Number.isFinite(value) ? [{ value, colour }] : []
  })
  stops.sort((a, b) => a.value - b.value)
  return stops.filter((stop, index) => index === 0 || stop.value > stops[index - 1].value)
}

function colourAt(stops: readonly Stop[], share: number): Rgb {
  const position = share * (stops.length - 1)
  const segment = Math.min(Math.floor(position), Math.max(0, stops.length - 2))
  const to = stops[Math.min(segment + 1, stops.length - 1)]
  return mixColours(stops[segment].colour, to.colour, position - segment)
}
