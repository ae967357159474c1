import { describe, expect, it } from 'vitest'

import type { Order } from './api'
import { COLUMNS, columnsOf, isOverdue } from './board'

function order(number: number, state: Order['state'], priority: Order['priority'] = 'normal'): Order {
  return { number, state, priority } as Order
}

describe('the board', () => {
  it('has one column for each state', () => {
    expect(COLUMNS.flat().sort()).toEqual(['accepted', 'cancelled', 'created', 'dispatched', 'done', 'reopened', 'verified'])
  })

  it('shows the urgent first, then the old', () => {
    const orders = [order(1, 'created', 'low'), order(2, 'created'), order(3, 'reopened'), order(4, 'created'), order(5, 'created', 'urgent'), order(6, 'dispatched', 'high')]
    expect(columnsOf(orders).map((column) => column.map((each) => each.number))).toEqual([[5, 2, 4, 1], [6, 3], [], [], []])
  })
})

describe('isOverdue', () => {
  const due = '2026-11-21T08:00:00.000Z'
  const ms = Date.parse(due)

  it('asks what is not done yet', () => {
    expect(isOverdue({ due, done: null, closed: null }, ms + 1)).toBe(true)
    expect(isOverdue({ due, done: null, closed: null }, ms - 1)).toBe(false)
    expect(isOverdue({ due, done: due, closed: null }, ms + 1)).toBe(false)
    expect(isOverdue({ due: null, done: null, closed: null }, ms)).toBe(false)
  })
})
