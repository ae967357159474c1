import { parseColour } from '@/layers/colour'
import { compileRamp, rampOffset } from '@/layers/ramp'
import type { RampRule } from '@/layers/types'
import type { Locale } from '@/logic/format'

import type { Balance, CircuitInfo, Flows, Series } from './api'

/** A part of what flows, kW. */
export interface Part {
  readonly key: 'grid' | 'generated' | 'storageOut' | 'building' | 'vehicles' | 'storageIn' | 'gridOut'
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

/** A side of what flows; `kw` null: not all of it is known. */
export interface Side {
  readonly key: 'from' | 'into'
  readonly kw: number | null
  readonly parts: readonly Part[]
}

/** Where power comes from and where it goes; both sides have the same sum where all is metered. */
export function sidesOf(flows: Flows): readonly [Side, Side] {
  const grid = flows.grid_kw ?? 0
  const stored = flows.storage_kw ?? 0
  const vehicles = Math.max(flows.vehicles_kw ?? 0, 0)
  const from: Part[] = [
    { key: 'grid', kw: grid },
    { key: 'generated', kw: flows.generated_kw ?? 0 },
    { key: 'storageOut', kw: -stored },
  ]
  const into: Part[] = [
    { key: 'building', kw: flows.used_kw === null ? 0 : flows.used_kw - vehicles },
    { key: 'vehicles', kw: vehicles },
    { key: 'storageIn', kw: stored },
    { key: 'gridOut', kw: -grid },
  ]
  return [sideOf('from', from, flows.grid_kw !== null), sideOf('into', into, flows.used_kw !== null)]
}

function sideOf(key: Side['key'], all: readonly Part[], isKnown: boolean): Side {
  const parts = all.filter((part) => part.kw > 0)
  return { key, parts, kw: isKnown ? parts.reduce((sum, part) => sum + part.kw, 0) : null }
}

/** Whether the intake's readings cover a balance's whole time, but for what is between two readings. */
export function isWhole(of: Balance): boolean {
  if (of.covered_from === null || of.covered_to === null) return false
  const late = Date.parse(of.covered_from) - Date.parse(of.from_time)
  return late <= SLACK_MS && Date.parse(of.to) - Date.parse(of.covered_to) <= SLACK_MS
}

/** A change as people read it: with its sign, unless it is nothing. */
export function shareText(share: number, locale: Locale): string {
  return new Intl.NumberFormat(locale, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: 'exceptZero' }).format(share).replace('-', '−')
}

/** An amount of money. */
export function moneyText(amount: number, currency: string, locale: Locale): string {
  return new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).format(amount)
}

/** The venue's day in which a moment lies, `YYYY-MM-DD`. */
export function dayOf(timeMs: number, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(timeMs)
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
  readonly key: string
  /** Null: what goes through the circuit above and through no meter below it. */
  readonly circuit: CircuitInfo | null
  readonly depth: number
  readonly hasChildren: boolean
  readonly kwh: number | null
}

/** Less than this share of a circuit is no rest but the meters' own tolerance. */
const REST_SHARE = 0.01

/** The rows of the circuits whose parents are all open, the greatest energy first among siblings. */
export function treeRows(circuits: readonly CircuitInfo[], open: ReadonlySet<string>): TreeRow[] {
  const children = new Map<string | null, CircuitInfo[]>()
  for (const circuit of circuits) children.set(circuit.parent, [...(children.get(circuit.parent) ?? []), circuit])
  const rows: TreeRow[] = []
  const add = (parent: string | null, depth: number): void => {
    const siblings = [...(children.get(parent) ?? [])].sort((a, b) => (b.kwh ?? -1) - (a.kwh ?? -1) || a.id.localeCompare(b.id))
    for (const circuit of siblings) {
      rows.push({ key: circuit.id, circuit, depth, hasChildren: children.has(circuit.id), kwh: circuit.kwh })
      if (!open.has(circuit.id)) continue
      add(circuit.id, depth + 1)
      const rest = circuit.rest_kwh
      if (rest !== null && rest > (circuit.kwh ?? 0) * REST_SHARE) rows.push({ key: `rest:${circuit.id}`, circuit: null, depth: depth + 1, hasChildren: false, kwh: rest })
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
