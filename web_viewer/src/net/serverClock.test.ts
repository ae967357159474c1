import { describe, expect, it } from 'vitest'

import { ServerClock } from './serverClock'

describe('ServerClock', () => {
  it('knows nothing before the first frame', () => {
    const clock = new ServerClock()
    expect(clock.known).toBe(false)
    expect(clock.now(5)).toBeNaN()
    expect(clock.ageMs(1, 2)).toBeNaN()
  })

  it('keeps the least delayed estimate', () => {
    const clock = new ServerClock()
    clock.observe(1_000_000, 100)
    clock.observe(1_000_950, 1100)
    expect(clock.now(1100)).toBe(1_001_000)
    clock.observe(1_002_040, 2100)
    expect(clock.now(2100)).toBe(1_002_040)
  })

  it('starts over when the server lies behind by more than delay explains', () => {
    const clock = new ServerClock()
    clock.observe(1_000_000, 0)
    clock.observe(500_000, 1000)
    expect(clock.now(1000)).toBe(500_000)
  })

  it('counts ages in real time when the simulation runs fast', () => {
    const clock = new ServerClock()
    clock.reset(60)
    clock.observe(1_000_000, 0)
    expect(clock.now(1000)).toBe(1_060_000)
    expect(clock.ageMs(1_000_000, 1000)).toBe(1000)
    expect(clock.ageMs(2_000_000, 1000)).toBe(0)
  })

  it('treats a nonsensical speed as real time', () => {
    const clock = new ServerClock()
    clock.reset(0)
    expect(clock.speed).toBe(1)
  })
})
