import { cssColour, mixColours, parseColour, type Rgb } from './colour'
import type { RampRule } from './types'

const STEPS = 256

/** A ramp as a table: value to colour is one multiplication. */
export interface CompiledRamp {
  readonly low: number
  readonly high: number
  /** (256, 3) uint8, sRGB. */
  readonly table: Uint8Array
}

/** Makes the table; null when no stop has a readable colour. Values beyond the ends take the end's colour. */
export function compileRamp(rule: RampRule): CompiledRamp | null {
  const stops = readableStops(rule)
  if (stops.length === 0) return null
  const low = stops[0].value
  const high = stops[stops.length - 1].value
  const table = new Uint8Array(STEPS * 3)
  for (let step = 0; step < STEPS; step++) {
    table.set(colourAt(stops, low + ((high - low) * step) / (STEPS - 1)).map(Math.round), step * 3)
  }
  return { low, high, table }
}

/** Offset in the ramp's table of the colour for `value`. */
export function rampOffset(ramp: CompiledRamp, value: number): number {
  const span = ramp.high - ramp.low
  const share = span > 0 ? (value - ramp.low) / span : 0
  return Math.round(Math.min(1, Math.max(0, share)) * (STEPS - 1)) * 3
}

/** The ramp as a CSS gradient, left to right; sampled, because CSS mixes in another colour space. */
export function rampGradient(ramp: CompiledRamp, samples = 16): string {
  const colours = Array.from({ length: samples }, (_, index) => {
    const offset = Math.round((index / (samples - 1)) * (STEPS - 1)) * 3
    return cssColour([ramp.table[offset], ramp.table[offset + 1], ramp.table[offset + 2]])
  })
  return `linear-gradient(90deg, ${colours.join(', ')})`
}

/** Round numbers between the ends of a ramp, both ends included, at most `most` of them. */
export function rampTicks(low: number, high: number, most = 5): number[] {
  if (!(high > low)) return [low]
  const rough = (high - low) / (most - 1)
  const magnitude = 10 ** Math.floor(Math.log10(rough))
  const step = magnitude * ([1, 2, 2.5, 5, 10].find((factor) => factor * magnitude >= rough * 0.999) ?? 10)
  const ticks = [low]
  for (let tick = Math.ceil(low / step) * step; tick < high; tick += step) {
    // A tick that crowds an end would be unreadable beside it.
    if (tick - low > step * 0.65 && high - tick > step * 0.65) ticks.push(Number(tick.toPrecision(12)))
  }
  return [...ticks, high]
}

interface Stop {
  readonly value: number
  readonly colour: Rgb
}

function readableStops(rule: RampRule): Stop[] {
  return rule.stops
    .flatMap(([value, text]) => {
      const colour = parseColour(text)
      return colour && Number.isFinite(value) ? [{ value, colour }] : []
    })
    .sort((a, b) => a.value - b.value)
}

function colourAt(stops: readonly Stop[], value: number): Rgb {
  const above = stops.findIndex((stop) => stop.value >= value)
  if (above <= 0) return stops[above === 0 ? 0 : stops.length - 1].colour
  const from = stops[above - 1]
  const to = stops[above]
  return mixColours(from.colour, to.colour, (value - from.value) / (to.value - from.value))
}
