/**
 * The server's JSON as the viewer's own types: the one place that knows how the API spells things.
 * Everything optional in a model (storeys, spaces, names, a venue folder) may be absent.
 */
import type { Layer, LayerRule } from '@/layers/types'
import type { ElementColumns } from '@/scene/types'

import type {
  BoxInfo,
  DeviceInfo,
  ElementDetail,
  ElementHit,
  ModelInfo,
  Names,
  PointInfo,
  PointState,
  PropertySet,
  SpaceInfo,
  StoreyInfo,
} from './types'

interface RawNamed {
  readonly name: string
  readonly name_en: string
  readonly long_name: string
}

export interface RawStorey extends RawNamed {
  readonly guid: string
  readonly element_index: number
  readonly position: number
  readonly elevation_m: number
  readonly height_m: number
  readonly element_count: number
}

export interface RawModel {
  readonly name: string
  readonly revision: string
  readonly tileset_url: string
  readonly columns_url: string
  readonly bounds: BoxInfo | null
  readonly element_count: number
  readonly storeys: readonly RawStorey[]
  readonly venue: {
    readonly name: Names
    readonly timezone: string
    readonly location: { readonly latitude: number; readonly longitude: number } | null
  }
  readonly simulated: boolean
  readonly speed: number
}

export interface RawColumns {
  readonly classes: readonly string[]
  readonly class: readonly number[]
  readonly storey: readonly number[]
  readonly space: readonly number[]
}

export interface RawPoint {
  readonly device: string
  readonly point: string
  readonly point_index: number
  readonly name: Names
  readonly class: string
  readonly unit: string
  readonly range: readonly [number | null, number | null] | null
  readonly states: readonly PointState[]
  readonly writable: boolean
  readonly element: string | null
  readonly element_index: number | null
}

export interface RawDevice {
  readonly device: string
  readonly name: Names
  readonly type_name: Names
  readonly element: string | null
  readonly element_index: number | null
}

export interface RawSpace extends RawNamed {
  readonly guid: string
  readonly element_index: number
  readonly function: string
  readonly storey: string | null
  readonly floor_z_m: number
  readonly area_m2: number
  readonly footprint: { readonly type: string; readonly coordinates: unknown } | null
}

export interface RawRule {
  readonly point_class: string | readonly string[]
  readonly paint?: 'element' | 'space'
  readonly ramp?: { readonly stops: readonly (readonly [number, string])[]; readonly unit?: string } | null
  readonly states?: Readonly<Record<string, string>> | null
  readonly label?: Names | string | null
}

export interface RawLayer {
  readonly id: string
  readonly name: Names
  readonly default?: boolean
  readonly rules?: readonly RawRule[]
}

export interface RawElement extends RawNamed {
  readonly guid: string
  readonly element_index: number
  readonly class: string
  readonly predefined_type: string | null
  readonly tag: string
  readonly storey: string | null
  readonly space: string | null
  readonly box: BoxInfo | null
}

interface RawProperty {
  readonly value: unknown
  readonly unit: string
}

export interface RawDetail extends RawElement {
  readonly description: string
  readonly type: { readonly name: string } | null
  readonly properties: Readonly<Record<string, Readonly<Record<string, RawProperty>>>>
  readonly materials: readonly { readonly name: string; readonly thickness_m: number | null }[]
  readonly systems: readonly { readonly name: string }[]
  readonly devices: readonly RawDevice[]
  readonly points: readonly RawPoint[]
}

/** What people call it: the long name where there is one, for spaces with their number kept apart. */
function names(raw: RawNamed): Names {
  return { zh: raw.long_name || raw.name, en: raw.name_en || raw.long_name || raw.name }
}

export function storey(raw: RawStorey): StoreyInfo {
  return {
    index: raw.element_index,
    guid: raw.guid,
    code: raw.long_name && raw.long_name !== raw.name ? raw.name : '',
    names: names(raw),
    position: raw.position,
    elevationM: raw.elevation_m,
    heightM: raw.height_m,
    elementCount: raw.element_count,
  }
}

export function model(raw: RawModel): ModelInfo {
  return {
    name: raw.name,
    revision: raw.revision,
    tilesetUrl: raw.tileset_url,
    columnsUrl: raw.columns_url,
    bounds: raw.bounds,
    elementCount: raw.element_count,
    storeys: raw.storeys.map(storey),
    venueName: raw.venue.name,
    timeZone: raw.venue.timezone,
    location: raw.venue.location,
    simulated: raw.simulated,
    speed: raw.speed,
  }
}

/** @throws RangeError when the columns are those of another revision. */
export function columns(raw: RawColumns, elementCount: number): ElementColumns {
  if (raw.class.length !== elementCount) {
    throw new RangeError(`columns of ${String(raw.class.length)} elements for a model of ${String(elementCount)}`)
  }
  return {
    classNames: raw.classes,
    classIndex: Uint16Array.from(raw.class),
    storey: Int32Array.from(raw.storey),
    space: Int32Array.from(raw.space),
  }
}

export function point(raw: RawPoint): PointInfo {
  const [low, high] = raw.range ?? [null, null]
  return {
    pointIndex: raw.point_index,
    device: raw.device,
    point: raw.point,
    name: raw.name,
    pointClass: raw.class,
    unit: raw.unit,
    range: low !== null && high !== null ? [low, high] : null,
    states: raw.states,
    writable: raw.writable,
    elementIndex: raw.element_index ?? -1,
    elementGuid: raw.element,
  }
}

export function device(raw: RawDevice): DeviceInfo {
  return {
    id: raw.device,
    names: raw.name,
    typeNames: raw.type_name,
    elementIndex: raw.element_index ?? -1,
    elementGuid: raw.element,
  }
}

export function space(raw: RawSpace): SpaceInfo {
  return {
    index: raw.element_index,
    guid: raw.guid,
    number: raw.long_name ? raw.name : '',
    names: names(raw),
    fn: raw.function,
    storeyGuid: raw.storey,
    floorZ: raw.floor_z_m,
    areaM2: raw.area_m2,
    outline: raw.footprint ? outlineOf(raw.footprint.type, raw.footprint.coordinates) : [],
  }
}

type Ring = readonly (readonly [number, number])[]

/** Outer ring of a polygon, of the longest one of several; open, as the scene wants it. */
function outlineOf(type: string, coordinates: unknown): Ring {
  const polygons = (type === 'MultiPolygon' ? coordinates : [coordinates]) as readonly (readonly Ring[])[]
  const rings = polygons.map((polygon) => polygon[0] ?? []).sort((a, b) => b.length - a.length)
  return rings.length > 0 ? rings[0].slice(0, -1) : []
}

export function layer(raw: RawLayer): Layer {
  return { id: raw.id, name: raw.name, isDefault: raw.default ?? false, rules: (raw.rules ?? []).map(rule) }
}

function rule(raw: RawRule): LayerRule {
  return {
    pointClasses: typeof raw.point_class === 'string' ? [raw.point_class] : raw.point_class,
    paint: raw.paint ?? 'element',
    ramp: raw.ramp ? { stops: raw.ramp.stops, unit: raw.ramp.unit ?? '' } : null,
    states: raw.states ?? null,
    label: typeof raw.label === 'string' ? { zh: raw.label, en: raw.label } : (raw.label ?? null),
  }
}

export function element(raw: RawElement): ElementHit {
  return {
    index: raw.element_index,
    guid: raw.guid,
    ifcClass: raw.class,
    predefinedType: raw.predefined_type,
    names: names(raw),
    tag: raw.tag,
    storeyGuid: raw.storey,
    spaceGuid: raw.space,
    box: raw.box,
  }
}

export function detail(raw: RawDetail): ElementDetail {
  return {
    ...element(raw),
    description: raw.description,
    typeName: raw.type?.name ?? '',
    systems: raw.systems.map((system) => system.name).filter(Boolean),
    materials: raw.materials.map((material) => ({ name: material.name, thicknessM: material.thickness_m })),
    sets: Object.entries(raw.properties).map(([name, properties]) => propertySet(name, properties)),
    devices: raw.devices.map(device),
    points: raw.points.map(point),
  }
}

function propertySet(name: string, properties: Readonly<Record<string, RawProperty>>): PropertySet {
  return {
    name,
    properties: Object.entries(properties).map(([key, { value, unit }]) => ({ name: key, value, unit })),
  }
}
