import { describe, expect, it } from 'vitest'

import { inputOf } from '@/logic/zone'

import { DUE_WISHES, dueOf, dueText } from './due'

const ZONE = 'Asia/Shanghai'
const at = (hourUtc: number): number => Date.UTC(2026, 10, 21, hourUtc, 7, 30)
const shown = (wish: (typeof DUE_WISHES)[number], nowMs: number): string => inputOf(dueOf(wish, nowMs, ZONE), ZONE)

describe('dueOf', () => {
  it('means the days of the venue', () => {
    // 02:07 UTC is 10:07 in Shanghai.
    expect(shown('soon', at(2))).toBe('2026-11-21T12:08')
    expect(shown('today', at(2))).toBe('2026-11-21T22:00')
    expect(shown('tomorrow', at(2))).toBe('2026-11-22T22:00')
    expect(shown('week', at(2))).toBe('2026-11-28T22:00')
    // 20:07 UTC is 04:07 of the next day there.
    expect(shown('today', at(20))).toBe('2026-11-22T22:00')
  })

  it('never lies in the past', () => {
    for (let hour = 0; hour < 48; hour++) for (const wish of DUE_WISHES) expect(dueOf(wish, at(hour), ZONE)).toBeGreaterThan(at(hour))
    expect(shown('today', at(15)), 'late at night').toBe('2026-11-22T22:00')
  })
})

describe('dueText', () => {
  it('tells no more of the day than is needed', () => {
    const now = Date.UTC(2026, 10, 21, 2)
    expect(dueText(Date.UTC(2026, 10, 21, 4, 39), now, ZONE)).toBe('12:39')
    expect(dueText(Date.UTC(2026, 10, 21, 16, 39), now, ZONE)).toBe('11-22 00:39')
    expect(dueText(Date.UTC(2027, 0, 1), now, ZONE)).toBe('2027-01-01 08:00')
    expect(dueText(Date.UTC(2027, 0, 1), Number.NaN, ZONE), 'before the clock is known').toBe('2027-01-01 08:00')
  })
})
