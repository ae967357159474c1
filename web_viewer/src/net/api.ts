import type { components } from '@/generated/api'
import type { ElementColumns } from '@/scene/types'
import type { Layer } from '@/layers/types'

import { getAll, getBytes, getJson, type Page } from './http'
import * as read from './read'
import type { BoxInfo, DeviceInfo, ElementDetail, ElementHit, ModelInfo, PointInfo, SpaceInfo } from './types'

/** The model that the server shows at present. */
export async function fetchModel(): Promise<ModelInfo> {
  return read.model(await getJson<read.RawModel>('/api/model'))
}

/** How the server is. */
export function fetchHealth(): Promise<components['schemas']['Health']> {
  return getJson('/api/health')
}

/** What is known of every element, as columns. */
export async function fetchColumns(url: string, elementCount: number): Promise<ElementColumns> {
  return read.columns(await getJson<read.RawColumns>(url), elementCount)
}

/** Boxes of all elements, `(elementCount, 6)` min xyz then max xyz, m; NaN where nothing is drawn. */
export async function fetchBoxes(url: string, elementCount: number): Promise<Float32Array> {
  return read.boxes(await getBytes(url), elementCount)
}

export async function fetchPoints(): Promise<PointInfo[]> {
  return (await getAll<read.RawPoint>('/api/points')).map(read.point)
}

export async function fetchDevices(): Promise<DeviceInfo[]> {
  return (await getAll<read.RawDevice>('/api/devices')).map(read.device)
}

export async function fetchSpaces(): Promise<SpaceInfo[]> {
  return (await getAll<read.RawSpace>('/api/spaces', { limit: 10_000, footprint: true })).map(read.space)
}

export async function fetchLayers(): Promise<Layer[]> {
  return (await getJson<Page<read.RawLayer>>('/api/layers')).items.map(read.layer)
}

/** Elements whose text matches `text`; a newer search aborts an older one through `signal`. */
export async function searchElements(text: string, limit: number, signal?: AbortSignal): Promise<ElementHit[]> {
  const page = await getJson<Page<read.RawElement>>('/api/elements', { q: text, limit }, signal)
  return page.items.map(read.element)
}

/** The box of an element that may not be drawn yet; null where nothing is drawn of it. */
export async function fetchBox(index: number): Promise<BoxInfo | null> {
  const page = await getJson<Page<read.RawElement>>('/api/elements', { index, limit: 1 })
  return page.items.at(0)?.box ?? null
}

/** An element by its index within the served revision; null where there is none. */
export async function fetchElementAt(index: number, signal?: AbortSignal): Promise<ElementDetail | null> {
  const page = await getJson<Page<read.RawElement>>('/api/elements', { index, limit: 1 }, signal)
  const found = page.items.at(0)
  if (found === undefined) return null
  return read.detail(await getJson<read.RawDetail>(`/api/elements/${encodeURIComponent(found.guid)}`, {}, signal))
}
