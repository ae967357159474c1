import { describe, expect, it } from 'vitest'

import { sunPosition } from './sun'

describe('sunPosition', () => {
  it('stands over Xiamen as the almanac says: near the zenith on the June solstice, in the south in December', () => {
    const june = sunPosition(Date.UTC(2026, 5, 21, 4, 9, 30), 24.49, 118.11)
    expect(june.altitudeDeg).toBeCloseTo(88.95, 1)
    const december = sunPosition(Date.UTC(2026, 11, 21, 4, 5, 50), 24.49, 118.11)
    expect(december.altitudeDeg).toBeCloseTo(90 - 24.49 - 23.44, 1)
    expect(Math.abs(december.azimuthDeg - 180)).toBeLessThan(0.5)
  })

  it('rises in the east and is down at midnight', () => {
    const equinoxMorning = sunPosition(Date.UTC(2026, 2, 20, 6, 30), 0, 0)
    expect(equinoxMorning.azimuthDeg).toBeGreaterThan(85)
    expect(equinoxMorning.azimuthDeg).toBeLessThan(95)
    expect(sunPosition(Date.UTC(2026, 2, 20, 0), 51.5, 0).altitudeDeg).toBeLessThan(-30)
  })
})
