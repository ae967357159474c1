import { describe, expect, it } from 'vitest'

import en from './en'
import { className } from './ifc'
import { initialLocale } from './index'
import zhCN from './zh-CN'

/** Dotted keys of all texts with the names of their placeholders. */
function placeholders(catalogue: object, prefix = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(catalogue).flatMap(([key, value]) => {
      if (typeof value !== 'string') return Object.entries(placeholders(value as object, `${prefix}${key}.`))
      const names = [...value.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
      return [[`${prefix}${key}`, names.sort().join()]]
    }),
  )
}

describe('the catalogues', () => {
  it('have the same texts with the same placeholders', () => {
    expect(placeholders(zhCN)).toEqual(placeholders(en))
  })

  it('hold no empty text', () => {
    for (const catalogue of [zhCN, en]) expect(JSON.stringify(catalogue)).not.toContain('""')
  })

  it('speak Chinese in the Chinese one', () => {
    const latinOnly = Object.entries(zhCN.help).filter(([, text]) => !/\p{Script=Han}/u.test(text))
    expect(latinOnly).toEqual([])
  })

  it('are all asked for by some part of the interface', () => {
    const sources = import.meta.glob('../**/*.{vue,ts}', { query: '?raw', import: 'default', eager: true })
    const code = Object.entries(sources)
      .filter(([path]) => !path.includes('/i18n/'))
      .map(([, text]) => String(text))
      .join('\n')
    const unused = Object.keys(placeholders(en)).filter((key) => {
      const group = key.slice(0, key.lastIndexOf('.') + 1)
      return !code.includes(`'${key}'`) && !code.includes('`' + group + '${')
    })
    expect(unused).toEqual([])
  })
})

describe('initialLocale', () => {
  it('asks the address, then the memory, then speaks Chinese', () => {
    expect(initialLocale('?lang=en', 'zh-CN')).toBe('en')
    expect(initialLocale('?lang=zh', 'en')).toBe('zh-CN')
    expect(initialLocale('', 'en')).toBe('en')
    expect(initialLocale('?lang=tlh', null)).toBe('zh-CN')
  })
})

describe('className', () => {
  it('names classes in both languages, unknown ones too', () => {
    expect(className('IfcLightFixture', 'zh-CN')).toBe('灯具')
    expect(className('IfcLightFixture', 'en')).toBe('Light fixture')
    expect(className('IfcWallStandardCase', 'en')).toBe('Wall')
    expect(className('IfcKerb', 'zh-CN')).toBe('Kerb')
  })
})
