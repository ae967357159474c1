import type { Priority as AlarmPriority } from '@/panels/alarms/alarm'

import type { Order, OrderState, Priority } from './api'
import { PRIORITIES } from './api'

/** The board's columns, in the order in which an order passes them. */
export const COLUMNS: readonly (readonly OrderState[])[] = [['created'], ['dispatched', 'reopened'], ['accepted'], ['done'], ['verified', 'cancelled']]

/** How soon the work must be done that an alarm asks for. */
export const PRIORITY_OF_ALARM: Readonly<Record<AlarmPriority, Priority>> = { critical: 'urgent', high: 'high', medium: 'normal', low: 'low' }

/** Orders by column; in each the most urgent first, then the oldest. */
export function columnsOf(orders: readonly Order[]): readonly (readonly Order[])[] {
  const sorted = [...orders].sort(byUrgency)
  return COLUMNS.map((states) => sorted.filter((order) => states.includes(order.state)))
}

export function byUrgency(a: Order, b: Order): number {
  return rank(a.priority) - rank(b.priority) || a.number - b.number
}

function rank(priority: Priority): number {
  return PRIORITIES.indexOf(priority)
}

/** Whether an order should have been done before `nowMs`; what is done is never overdue. */
export function isOverdue(order: Pick<Order, 'due' | 'done' | 'closed'>, nowMs: number): boolean {
  return order.due !== null && order.done === null && order.closed === null && Date.parse(order.due) < nowMs
}
