/**
 * The server's JSON as the viewer's own types: the one place that knows how the API spells things.
 * Everything optional in a model (storeys, spaces, names, a venue folder) may be absent.
 */
import type { components } from '@/generated/api'
import type { Layer, LayerRule } from '@/layers/types'
import type { ElementColumns } from '@/scene/types'

import type {
  ConnectedElement,
  DeviceInfo,
  ElementDetail,
  ElementHit,
  ModelInfo,
  Names,
  PointInfo,
  PropertySet,
  SpaceInfo,
  StoreyInfo,
} from './types'

type Schemas = components['schemas']

export type RawStorey = Schemas['Storey']
export type RawModel = Schemas['Model']
export type RawColumns = Schemas['Columns']
export type RawPoint = Schemas['Point']
export type RawDevice = Schemas['Device']
export type RawSpace = Schemas['Space']
export type RawLayer = Schemas['Layer']
export type RawElement = Schemas['Element']
export type RawDetail = Schemas['ElementDetail']
type RawRule = Schemas['LayerRule']
type RawNamed = Pick<RawElement, 'name' | 'name_en' | 'long_name'>
type RawSet = Schemas['ElementDetail']['properties'][string]

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
    boxesUrl: raw.boxes_url,
    bounds: raw.bounds,
    terrain: raw.terrain,
    elementCount: raw.element_count,
    storeys: raw.storeys.map(storey),
    venueName: raw.venue.name,
    timeZone: raw.venue.timezone,
    location: raw.venue.location,
    simulated: raw.simulated,
    speed: raw.speed,
  }
}

/** Little-endian float32, six an element. @throws RangeError when the boxes are those of another revision. */
export function boxes(raw: ArrayBuffer, elementCount: number): Float32Array {
  if (raw.byteLength !== elementCount * 24) {
    throw new RangeError(`boxes of ${String(raw.byteLength)} bytes for a model of ${String(elementCount)} elements`)
  }
  const view = new DataView(raw)
  return Float32Array.from({ length: elementCount * 6 }, (_, i) => view.getFloat32(i * 4, true))
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
    attributes: raw.attributes,
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
    outline: raw.footprint ? outlineOf(raw.footprint) : [],
  }
}

type Ring = readonly (readonly [number, number])[]

/** Outer ring of a polygon, of the longest one of several; open, as the scene wants it. */
function outlineOf({ type, coordinates }: Readonly<Record<string, unknown>>): Ring {
  const polygons = (type === 'MultiPolygon' ? coordinates : [coordinates]) as readonly (readonly Ring[])[]
  const rings = polygons.map((polygon) => polygon[0] ?? []).sort((a, b) => b.length - a.length)
  return rings.length > 0 ? rings[0].slice(0, -1) : []
}

export function layer(raw: RawLayer): Layer {
  return { id: raw.id, name: raw.name, isDefault: raw.default, rules: raw.rules.map(rule) }
}

function rule(raw: RawRule): LayerRule {
  return {
    pointClasses: raw.point_class,
    paint: raw.paint,
    ramp: raw.ramp ?? null,
    states: raw.states ?? null,
    label: raw.label ?? null,
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
    feeds: raw.feeds.map(connected),
    fedBy: raw.fed_by.map(connected),
    materials: raw.materials.map((material) => ({ name: material.name, thicknessM: material.thickness_m })),
    sets: Object.entries(raw.properties).map(([name, properties]) => propertySet(name, properties)),
    devices: raw.devices.map(device),
    points: raw.points.map(point),
  }
}

function connected(raw: RawDetail['feeds'][number]): ConnectedElement {
  return { index: raw.element_index, ifcClass: raw.class, names: names(raw) }
}

function propertySet(name: string, properties: RawSet): PropertySet {
  return {
    name,
    properties: Object.entries(properties).map(([key, { value, unit }]) => ({ name: key, value, unit })),
  }
}
