import { describe, expect, it } from 'vitest'

import { backoffMs } from './backoff'

describe('backoffMs', () => {
  it('doubles up to the cap', () => {
    const pauses = [0, 1, 2, 3, 10, 1000].map((attempt) => backoffMs(attempt, () => 1, 400, 5000))
    expect(pauses).toEqual([400, 800, 1600, 3200, 5000, 5000])
  })

  it('spreads over the upper half', () => {
    expect(backoffMs(2, () => 0, 400, 5000)).toBe(800)
    expect(backoffMs(2, () => 0.5, 400, 5000)).toBe(1200)
  })
})
