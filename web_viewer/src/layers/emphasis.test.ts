import { describe, expect, it } from 'vitest'

import { rampWeight, stateWeight, WEIGHT } from './emphasis'

describe('emphasis', () => {
  it('keeps quiet what is as it should be, and cries out what is wrong', () => {
    expect(['off', 'normal', 'free', 'closed'].map(stateWeight)).toEqual(new Array(4).fill(WEIGHT.quiet))
    expect(['on', 'occupied', 'open', 'offline', ''].map(stateWeight)).toEqual(new Array(5).fill(WEIGHT.speaking))
    expect(['fault', 'alarm', 'tripped'].map(stateWeight)).toEqual(new Array(3).fill(WEIGHT.alarm))
  })

  it('keeps quiet where nothing flows, and speaks at any temperature', () => {
    expect(rampWeight(0, 0)).toBe(WEIGHT.quiet)
    expect(rampWeight(0, 0.2)).toBe(WEIGHT.speaking)
    expect(rampWeight(18, 18)).toBe(WEIGHT.speaking)
  })
})
