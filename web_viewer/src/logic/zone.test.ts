import { describe, expect, it } from 'vitest'

import { formatTime } from './format'
import { inputOf, isRepeated, msOfInput, offsetOf, offsetText } from './zone'

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

describe('an hour that the clocks show twice', () => {
  const first = Date.UTC(2026, 10, 1, 5)

  it('is known for both of its turns', () => {
    const found = [-1, 0, 899_999, 3_599_999, 3_600_000, 7_199_999, 7_200_000].map((ms) => isRepeated(first + ms, 'America/New_York'))
    expect(found).toEqual([false, true, true, true, true, true, false])
    expect(isRepeated(Date.UTC(2026, 2, 8, 7), 'America/New_York')).toBe(false)
    // Half an hour, from 02:00 to 01:30.
    expect([-1800_001, -1800_000, 1799_999, 1800_000].map((ms) => isRepeated(Date.UTC(2026, 3, 4, 15) + ms, 'Australia/Lord_Howe'))).toEqual([false, true, true, false])
    for (const zone of ['Asia/Shanghai', 'UTC']) expect(isRepeated(first, zone)).toBe(false)
  })

  it('is shown with which of the two it is', () => {
    const shown = [-1, 0, 3_600_000, 7_200_000].map((ms) => formatTime(first + ms, 'America/New_York', 'en'))
    expect(shown).toEqual(['00:59:59', '01:00:00 UTC-4', '01:00:00 UTC-5', '02:00:00'])
    expect(offsetText(first, 'Asia/Kathmandu')).toBe('UTC+5:45')
    expect(offsetText(first, 'America/St_Johns')).toBe('UTC-3:30')
  })
})
