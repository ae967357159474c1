import { describe, expect, it } from 'vitest'

import { brokenToFit, lengthText, minutesOf, unbroken } from './words'

describe('lengths and times', () => {
  it('are said as people say them', () => {
    expect([3.4, 61, 948, 1240].map((metres) => lengthText(metres, 'en'))).toEqual(['3 m', '60 m', '950 m', '1.2 km'])
    expect(lengthText(1240, 'zh-CN')).toBe('1.2 公里')
    expect([0, 29, 91].map(minutesOf)).toEqual([1, 1, 2])
  })
})

describe('unbroken', () => {
  it('keeps figures with their units, and leaves the rest to break', () => {
    expect(unbroken('从主入口出发，直行 7 米')).toBe('从主入口出发，直行 7\u00a0米')
    expect(unbroken('Walk 19 m to lift 2 , then 3')).toBe('Walk 19\u00a0m to lift 2 , then 3')
  })
})

describe('brokenToFit', () => {
  const measure = (text: string): number => text.length

  it('breaks Latin at a space, Han in the middle, and no word', () => {
    expect(brokenToFit('Badminton hall', 9, measure)).toEqual(['Badminton', 'hall'])
    expect(brokenToFit('无障碍卫生间', 3, measure)).toEqual(['无障碍', '卫生间'])
    expect(brokenToFit('Badminton', 5, measure)).toBeNull()
    expect(brokenToFit('', 5, measure)).toBeNull()
  })
})
