import type { components } from '@/generated/api'
import { getJson, sendJson } from '@/net/http'

type Schemas = components['schemas']
export type Report = Schemas['BindingsReport']
export type Row = Schemas['ReportRow']
export type RowKind = Row['kind']
export type Guess = Schemas['GuessOut']
export type Counts = Schemas['ReportCounts']
export type SharedElement = Schemas['SharedElement']
export type Facts = Schemas['DeviceFacts']
export type RefusedList = Schemas['RefusedList']

/** In the order in which they deserve a look. */
export const KINDS: readonly RowKind[] = ['vanished', 'guessed', 'ruled', 'unbound', 'aside']

/** A device and the guid of its element; null: it belongs to none. */
export interface Pair {
  readonly device: string
  readonly element: string | null
}

const BASE = '/api/bindings'

/** What deserves a look, of one kind, by pages of `limit`. */
export function fetchReport(kind: RowKind, limit: number): Promise<Report> {
  return getJson<Report>(`${BASE}/report`, { kind, limit })
}

/** @throws ApiError where a device or an element is not there any more. */
export function acceptBindings(items: readonly Pair[]): Promise<Counts> {
  return sendJson<Counts>('POST', `${BASE}/accept`, { items })
}

/** Says that guesses are wrong; they are not made again. */
export function rejectGuesses(items: readonly Pair[]): Promise<Counts> {
  return sendJson<Counts>('POST', `${BASE}/reject`, { items })
}

/** What is known of a device beside its points. */
export function fetchFacts(device: string): Promise<Facts> {
  return getJson<Facts>(`/api/devices/${encodeURIComponent(device)}/facts`)
}

/** Keeps commands away from a device while somebody works at it; '' puts it back into service. */
export function setMaintenance(device: string, reason: string): Promise<Facts> {
  return sendJson<Facts>('PUT', `/api/devices/${encodeURIComponent(device)}/maintenance`, { reason })
}

/** Who was turned away since the server started. */
export function fetchRefused(): Promise<RefusedList> {
  return getJson<RefusedList>('/api/devices/refused')
}
