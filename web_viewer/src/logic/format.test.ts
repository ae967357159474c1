import { describe, expect, it } from 'vitest'

import { ageParts, formatDate, formatNumber, formatProperty, formatTime, formatValue, pickName, unitText } from './format'

const STATUS = { states: [{ key: 'off', zh: '关', en: 'Off' }, { key: 'on', zh: '开', en: 'On' }], unit: '1' }

describe('numbers and units', () => {
  it('gives each unit its digits', () => {
    expect(formatNumber(23.456, 'degC', 'en')).toBe('23.5')
    expect(formatNumber(20, 'degC', 'en')).toBe('20.0')
    expect(formatNumber(1234.4, 'ppm', 'en')).toBe('1,234')
    expect(formatNumber(123_456.7, 'kW', 'zh-CN')).toBe('123,457')
    expect(formatNumber(-0.01, 'degC', 'en')).toBe('0.0')
    expect(formatNumber(2, '1', 'en')).toBe('2')
    expect(formatNumber(0.125, 'furlong', 'en')).toBe('0.13')
  })

  it('reads units, and shows unknown ones as they are', () => {
    expect(unitText('m3', 'en')).toBe('m³')
    expect(unitText('persons', 'zh-CN')).toBe('人')
    expect(unitText('furlong', 'en')).toBe('furlong')
  })

  it('speaks states in the language of the page', () => {
    expect(formatValue(STATUS, 1, 'zh-CN')).toBe('开')
    expect(formatValue(STATUS, 0, 'en')).toBe('Off')
    expect(formatValue(STATUS, 7, 'en')).toBe('7')
    expect(formatValue(STATUS, Number.NaN, 'en')).toBe('–')
  })
})

describe('pickName', () => {
  it('falls back to the other language, then to what is given', () => {
    expect(pickName({ zh: '灯', en: 'Lamp' }, 'en')).toBe('Lamp')
    expect(pickName({ zh: '灯', en: '' }, 'en')).toBe('灯')
    expect(pickName({ zh: '', en: '' }, 'en', 'L1')).toBe('L1')
    expect(pickName(null, 'en', 'L1')).toBe('L1')
  })
})

describe('time', () => {
  const noon = Date.UTC(2026, 2, 1, 12, 0, 5)

  it('is told in the venue\'s zone', () => {
    expect(formatTime(noon, 'Asia/Shanghai', 'zh-CN')).toBe('20:00:05')
    expect(formatTime(noon, 'UTC', 'en')).toBe('12:00:05')
    expect(formatDate(noon, 'Asia/Shanghai', 'en')).toBe('Sun, Mar 1, 2026')
  })

  it('falls back to UTC for a zone that the browser does not know', () => {
    expect(formatTime(noon, 'Mars/Olympus', 'en')).toBe('12:00:05')
  })

  it('counts ages in the unit that suits them', () => {
    expect(ageParts(-5)).toEqual({ unit: 'seconds', count: 0 })
    expect(ageParts(89_000)).toEqual({ unit: 'seconds', count: 89 })
    expect(ageParts(180_000)).toEqual({ unit: 'minutes', count: 3 })
    expect(ageParts(7_200_000)).toEqual({ unit: 'hours', count: 2 })
    expect(ageParts(3 * 86_400_000)).toEqual({ unit: 'days', count: 3 })
  })
})

describe('formatProperty', () => {
  it('shows every JSON value', () => {
    const show = (value: unknown, unit = ''): string => formatProperty(value, unit, 'en', 'Yes', 'No')
    expect(show(true)).toBe('Yes')
    expect(show(false)).toBe('No')
    expect(show(null)).toBe('–')
    expect(show('')).toBe('–')
    expect(show(0.12345678, 'm2')).toBe('0.123457 m²')
    expect(show(['a', 2])).toBe('a, 2')
    expect(show({ low: 1 })).toBe('{"low":1}')
  })
})
