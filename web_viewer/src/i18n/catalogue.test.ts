import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { filled, textAt } from './catalogue'

const TEXTS = { app: { title: 'Venue Twin' }, age: { now: 'now', hours: '{count} h' } }

describe('textAt', () => {
  it('finds a text by its dotted key', () => {
    expect(textAt(TEXTS, 'app.title')).toBe('Venue Twin')
  })

  it.each(['app', 'app.subtitle', 'app.title.more', 'none.at.all', '', 'app.constructor', 'toString'])('has none at %j', (key) => {
    expect(textAt(TEXTS, key)).toBeNull()
  })
})

describe('filled', () => {
  it('puts values where their names are', () => {
    expect(filled('Step {n} of {count}', { n: 1, count: 12 })).toBe('Step 1 of 12')
    expect(filled('{n}, {n}', { n: 0 })).toBe('0, 0')
  })

  it('leaves nothing where there is no value', () => {
    expect(filled('at {place}.', {})).toBe('at .')
  })

  it('takes any value as it is, patterns and braces too', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(filled('<{value}>', { value })).toBe(`<${value}>`)
      }),
    )
  })
})
