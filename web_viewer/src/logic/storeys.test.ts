import { describe, expect, it } from 'vitest'

import type { StoreyInfo } from '@/net/types'

import { neighbourStorey } from './storeys'

const STOREYS: StoreyInfo[] = [4, 0, -4].map((elevationM, order) => ({
  index: 10 + order,
  guid: String(order),
  code: '',
  names: { zh: '', en: '' },
  position: 2 - order,
  elevationM,
  heightM: 4,
  elementCount: 1,
}))

describe('neighbourStorey', () => {
  it('goes up and down and stays at the ends', () => {
    expect(neighbourStorey(STOREYS, 11, 1)).toBe(10)
    expect(neighbourStorey(STOREYS, 10, 1)).toBe(10)
    expect(neighbourStorey(STOREYS, 11, -1)).toBe(12)
    expect(neighbourStorey(STOREYS, 12, -1)).toBe(12)
  })

  it('begins at the ground, and knows nothing where there are no storeys', () => {
    expect(neighbourStorey(STOREYS, null, -1)).toBe(11)
    expect(neighbourStorey([], null, 1)).toBeNull()
  })
})
