import { isUsable, type LiveColumns } from '@/net/columns'
import type { DeviceInfo, PointInfo } from '@/net/types'

import { isFaultState } from './faults'

/** Figures of the whole venue. */
export type KpiId = 'people' | 'power' | 'generation' | 'temperature' | 'co2' | 'humidity' | 'bays' | 'lights'

type Reduce = 'sum' | 'mean' | 'active'

interface KpiDefinition {
  readonly id: KpiId
  readonly unit: string
  readonly reduce: Reduce
  /** Brick classes in order of preference: the first that the venue has is taken, alone. */
  readonly classes: readonly string[]
}

const METER_CLASS = 'Electric_Power_Sensor'

const DEFINITIONS: readonly KpiDefinition[] = [
  { id: 'people', unit: 'persons', reduce: 'sum', classes: ['Occupancy_Count_Sensor'] },
  { id: 'power', unit: 'kW', reduce: 'sum', classes: [METER_CLASS, 'Active_Power_Sensor', 'Power_Sensor'] },
  {
    id: 'generation',
    unit: 'kW',
    reduce: 'sum',
    classes: ['Venue_Generated_Power_Sensor', 'PV_Power_Sensor', 'Venue_DC_Power_Sensor'],
  },
  {
    id: 'temperature',
    unit: 'degC',
    reduce: 'mean',
    classes: ['Zone_Air_Temperature_Sensor', 'Air_Temperature_Sensor', 'Temperature_Sensor'],
  },
  { id: 'co2', unit: 'ppm', reduce: 'mean', classes: ['CO2_Level_Sensor', 'CO2_Sensor'] },
  { id: 'lights', unit: '1', reduce: 'active', classes: ['On_Off_Status'] },
  { id: 'bays', unit: '1', reduce: 'active', classes: ['Occupancy_Status'] },
  { id: 'humidity', unit: '%', reduce: 'mean', classes: ['Zone_Air_Humidity_Sensor', 'Relative_Humidity_Sensor'] },
]

/** State keys that count as active in figures such as lights on and bays taken. */
const ACTIVE_STATES = new Set(['on', 'occupied', 'running', 'open'])

/** A figure and the points that it is made of. */
export interface Kpi {
  readonly id: KpiId
  readonly unit: string
  readonly reduce: Reduce
  readonly points: readonly PointInfo[]
}

/** The figures that this venue has points for. */
export function kpisOf(points: readonly PointInfo[], devices: ReadonlyMap<string, DeviceInfo> = new Map()): Kpi[] {
  const byClass = grouped(points.filter((point) => point.absent !== true))
  const meters = byClass.get(METER_CLASS)
  if (meters) byClass.set(METER_CLASS, rootMeters(meters, devices))
  return DEFINITIONS.flatMap(({ id, unit, reduce, classes }) => {
    const served = classes.map((each) => byClass.get(each)).find((each) => each !== undefined)
    return served ? [{ id, unit, reduce, points: served }] : []
  })
}

/** Meters that no other meter measures too: adding a tree of meters would count each kilowatt once a level. */
function rootMeters(meters: readonly PointInfo[], devices: ReadonlyMap<string, DeviceInfo>): PointInfo[] {
  const attribute = (point: PointInfo, name: string): string => devices.get(point.device)?.attributes[name] ?? ''
  const circuits = new Set(meters.map((point) => attribute(point, 'circuit')).filter(Boolean))
  return meters.filter((point) => !circuits.has(attribute(point, 'parent_circuit')))
}

/** A figure now: NaN while no point has a usable value; `known` of `points.length` points have one. */
export function kpiValue(kpi: Kpi, columns: LiveColumns): { readonly value: number; readonly known: number } {
  let sum = 0
  let known = 0
  for (const point of kpi.points) {
    if (!isUsable(columns, point.pointIndex)) continue
    const value = columns.value[point.pointIndex]
    sum += kpi.reduce === 'active' ? Number(isActive(point, value)) : value
    known++
  }
  if (known === 0) return { value: Number.NaN, known }
  return { value: kpi.reduce === 'mean' ? sum / known : sum, known }
}

function isActive(point: PointInfo, value: number): boolean {
  const key = point.states[Math.round(value)]?.key
  return key === undefined ? value > 0 : ACTIVE_STATES.has(key)
}

/** How many devices there are, report at present, and say that they are at fault. */
export interface DeviceCounts {
  readonly total: number
  readonly online: number
  readonly faulty: number
}

/** Counts devices by their points: online means that at least one point has a usable value. */
export function countDevices(points: readonly PointInfo[], columns: LiveColumns): DeviceCounts {
  const devices = new Set<string>()
  const online = new Set<string>()
  const faulty = new Set<string>()
  for (const point of points) {
    if (point.absent === true) continue
    devices.add(point.device)
    if (!isUsable(columns, point.pointIndex)) continue
    const state = point.states[Math.round(columns.value[point.pointIndex])]?.key
    if (state !== 'offline') online.add(point.device)
    if (state !== undefined && isFaultState(state)) faulty.add(point.device)
  }
  return { total: devices.size, online: online.size, faulty: faulty.size }
}

function grouped(points: readonly PointInfo[]): Map<string, PointInfo[]> {
  const byClass = new Map<string, PointInfo[]>()
  for (const point of points) {
    const known = byClass.get(point.pointClass)
    if (known) known.push(point)
    else byClass.set(point.pointClass, [point])
  }
  return byClass
}
