import type { components } from '@/generated/api'
import { getJson, sendJson, withQuery, type Page } from '@/net/http'

type Schemas = components['schemas']
export type Ledger = Schemas['Ledger']
export type LedgerEntry = Schemas['LedgerEntry']
export type Health = LedgerEntry['health']
export type Order = Schemas['Order']
export type OrderDetail = Schemas['OrderDetail']
export type OrderState = Order['state']
export type Priority = Order['priority']
export type Action = Order['actions'][number]
export type Person = Schemas['PersonRef']
export type History = Schemas['MaintenanceHistory']

export const HEALTHS: readonly Health[] = ['fault', 'bad', 'stale', 'online']
export const PRIORITIES: readonly Priority[] = ['urgent', 'high', 'normal', 'low']
export const SORTS = ['health', 'device', 'storey', 'alarms', 'faults', 'availability'] as const
export type Sort = (typeof SORTS)[number]

/** Which devices are listed; '' does not filter. */
export interface DeviceQuery {
  readonly q: string
  readonly type: string
  readonly storey: string
  readonly health: Health | ''
  readonly sort: Sort
}

/** What somebody reports, of an element, a device or an alarm. */
export interface Report {
  readonly title: string
  readonly description: string
  readonly priority: Priority
  readonly element: string | null
  readonly device: string | null
  readonly alarm: string | null
  /** RFC 3339. */
  readonly due: string | null
}

const BASE = '/api/ops'

export function fetchLedger(query: DeviceQuery, limit: number): Promise<Ledger> {
  return getJson<Ledger>(`${BASE}/devices`, { ...query, limit })
}

export async function fetchOrders(query: Readonly<Record<string, string>>, limit: number): Promise<readonly Order[]> {
  return (await getJson<Page<Order>>(`${BASE}/orders`, { ...query, limit })).items
}

export function fetchCounts(): Promise<Record<OrderState, number>> {
  return getJson(`${BASE}/orders/counts`)
}

export function fetchOrder(id: string): Promise<OrderDetail> {
  return getJson<OrderDetail>(`${BASE}/orders/${encodeURIComponent(id)}`)
}

export function fetchPeople(): Promise<Schemas['People']> {
  return getJson(`${BASE}/people`)
}

export function fetchHistory(element: string): Promise<History> {
  return getJson(`${BASE}/history`, { element })
}

/** The orders that an alarm led to, newest first. */
export async function fetchOrdersOf(alarm: string): Promise<readonly Order[]> {
  return (await getJson<Page<Order>>(`${BASE}/orders`, { alarm, state: 'all' })).items
}

export function createOrder(report: Report): Promise<Order> {
  return sendJson('POST', `${BASE}/orders`, report)
}

/** @throws ApiError where the step cannot be taken; the message says why. */
export function actOn(id: string, action: Action, said: Readonly<Record<string, string | null>>): Promise<Order> {
  return sendJson('POST', `${BASE}/orders/${encodeURIComponent(id)}/${action}`, said)
}

/** Where the spreadsheet of a list is. */
export function sheetHref(list: 'devices' | 'orders', query: Readonly<Record<string, string>>, lang: 'zh' | 'en'): string {
  return withQuery(`${BASE}/${list}.xlsx`, { ...query, lang })
}
