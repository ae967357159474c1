import { describe, expect, it } from 'vitest'

import { inputOf, msOfInput, offsetOf } from './zone'

const ZONES = ['Asia/Shanghai', 'Europe/Berlin', 'America/St_Johns', 'UTC', 'Pacific/Apia']

describe('a time in a zone', () => {
  it('is what the venue’s clock shows, wherever the browser is', () => {
    expect(msOfInput('2026-11-21T18:00', 'Asia/Shanghai')).toBe(Date.UTC(2026, 10, 21, 10))
    expect(msOfInput('2026-07-01T00:30', 'Europe/Berlin')).toBe(Date.UTC(2026, 5, 30, 22, 30))
    expect(msOfInput('2026-01-01T00:00', 'America/St_Johns')).toBe(Date.UTC(2026, 0, 1, 3, 30))
    expect(inputOf(Date.UTC(2026, 10, 21, 16), 'Asia/Shanghai')).toBe('2026-11-22T00:00')
  })

  it('comes back from the field as it went in, over a whole year', () => {
    for (const zone of ZONES) {
      for (let hour = 0; hour < 8760; hour += 97) {
        const text = inputOf(Date.UTC(2026, 0, 1, hour, 15), zone)
        const back = msOfInput(text, zone)
        expect(back === null ? '' : inputOf(back, zone), `${zone} ${text}`).toBe(text)
      }
    }
  })

  it('knows daylight saving', () => {
    expect(offsetOf(Date.UTC(2026, 0, 1), 'Europe/Berlin')).toBe(3_600_000)
    expect(offsetOf(Date.UTC(2026, 6, 1), 'Europe/Berlin')).toBe(7_200_000)
  })

  it('is none where nothing is written', () => {
    expect(msOfInput('', 'UTC')).toBeNull()
    expect(msOfInput('2026-13-40T25:00', 'UTC')).toBeNull()
  })
})
