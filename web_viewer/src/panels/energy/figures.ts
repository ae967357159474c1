import { parseColour } from '@/layers/colour'
import { compileRamp, rampOffset } from '@/layers/ramp'
import type { RampRule } from '@/layers/types'

import type { Balance, CircuitInfo, Flows, Series } from './api'

/** A part of what flows, kW. */
export interface Part {
  readonly key: 'grid' | 'generated' | 'storageOut' | 'storageIn' | 'vehicles' | 'building'
  readonly kw: number
}

/** W/m2 to colours, paler to stronger; the same whatever the day, so that days can be compared. */
export const DENSITY: RampRule = {
  stops: [
    [0, '#E6E3DA'],
    [5, '#F8DFA0'],
    [15, '#F3AC55'],
    [40, '#DA6432'],
    [100, '#8E2430'],
  ],
  unit: 'W/m2',
}

const PAINT_WEIGHT = 235
const HIGHLIGHT = '#2F9BE6'
/** A stretch this short at either end of a day is no gap: readings are a quarter of an hour apart. */
const SLACK_MS = 20 * 60_000

/** Where power comes from and where it goes; both lists have the same sum as far as all is metered. */
export function partsOf(flows: Flows): { readonly from: Part[]; readonly into: Part[] } {
  const stored = flows.storage_kw ?? 0
  const vehicles = Math.max(flows.vehicles_kw ?? 0, 0)
  const from: Part[] = [
    { key: 'grid', kw: flows.grid_kw ?? 0 },
    { key: 'generated', kw: flows.generated_kw ?? 0 },
    { key: 'storageOut', kw: Math.max(-stored, 0) },
  ]
  const into: Part[] = [
    { key: 'building', kw: Math.max((flows.used_kw ?? 0) - vehicles, 0) },
    { key: 'vehicles', kw: vehicles },
    { key: 'storageIn', kw: Math.max(stored, 0) },
  ]
  return { from: from.filter((part) => part.kw > 0), into: into.filter((part) => part.kw > 0) }
}

/** Whether the intake's readings cover a balance's whole time, but for what is between two readings. */
export function isWhole(of: Balance): boolean {
  if (of.covered_from === null || of.covered_to === null) return false
  const late = Date.parse(of.covered_from) - Date.parse(of.from_time)
  return late <= SLACK_MS && Date.parse(of.to) - Date.parse(of.covered_to) <= SLACK_MS
}

/** By how much today's energy is more than another day's, as a share; null where they cannot be compared. */
export function change(today: Balance, other: Balance): number | null {
  if (!isWhole(today) || !isWhole(other) || today.grid_kwh === null || !other.grid_kwh) return null
  return today.grid_kwh / other.grid_kwh - 1
}

/** Energy by hour of the day, all curves of a series together: null where any of them is not known. */
export function hourly(series: Series): (number | null)[] {
  const count = Math.max(series.times.length - 1, 0)
  return Array.from({ length: count }, (_, hour) => {
    const values = series.items.map((item) => item.kwh[hour])
    return values.length === 0 || values.includes(null) ? null : values.reduce<number>((sum, value) => sum + (value ?? 0), 0)
  })
}

/** A row of the tree as it is shown. */
export interface TreeRow {
  readonly circuit: CircuitInfo
  readonly depth: number
  readonly hasChildren: boolean
}

/** The rows of the circuits whose parents are all open, the greatest energy first among siblings. */
export function treeRows(circuits: readonly CircuitInfo[], open: ReadonlySet<string>): TreeRow[] {
  const children = new Map<string | null, CircuitInfo[]>()
  for (const circuit of circuits) children.set(circuit.parent, [...(children.get(circuit.parent) ?? []), circuit])
  const rows: TreeRow[] = []
  const add = (parent: string | null, depth: number): void => {
    const siblings = [...(children.get(parent) ?? [])].sort((a, b) => (b.kwh ?? -1) - (a.kwh ?? -1) || a.id.localeCompare(b.id))
    for (const circuit of siblings) {
      rows.push({ circuit, depth, hasChildren: children.has(circuit.id) })
      if (open.has(circuit.id)) add(circuit.id, depth + 1)
    }
  }
  add(null, 0)
  return rows
}

/** Colours for the scene: four bytes for each index. */
export interface Paint {
  readonly indices: Uint32Array
  readonly rgba: Uint8Array
}

/** Elements coloured by density, W/m2; those of which none is known are left out. */
export function densityPaint(densities: ReadonlyMap<number, number>): Paint {
  const ramp = compileRamp(DENSITY)
  const indices = Uint32Array.from(ramp === null ? [] : densities.keys())
  const rgba = new Uint8Array(indices.length * 4)
  let at = 0
  for (const value of ramp === null ? [] : densities.values()) {
    const offset = ramp === null ? 0 : rampOffset(ramp, value)
    rgba.set([...(ramp?.table.subarray(offset, offset + 3) ?? []), PAINT_WEIGHT], at)
    at += 4
  }
  return { indices, rgba }
}

/** Elements in the one colour that says "these". */
export function highlightPaint(elements: readonly number[]): Paint {
  const colour = parseColour(HIGHLIGHT) ?? [0, 0, 0]
  const rgba = new Uint8Array(elements.length * 4)
  elements.forEach((_, position) => {
    rgba.set([...colour, PAINT_WEIGHT], position * 4)
  })
  return { indices: Uint32Array.from(elements), rgba }
}

/** The paint without elements that something else has coloured. */
export function without({ indices, rgba }: Paint, taken: ReadonlyMap<number, unknown>): Paint {
  const free = [...indices.keys()].filter((position) => !taken.has(indices[position]))
  const kept = new Uint8Array(free.length * 4)
  free.forEach((position, place) => {
    kept.set(rgba.subarray(position * 4, position * 4 + 4), place * 4)
  })
  return { indices: Uint32Array.from(free, (position) => indices[position]), rgba: kept }
}
