import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { mayDo, ROLES, safeNext } from './roles'

describe('mayDo', () => {
  it('lets each role do what those below it may, and nothing above', () => {
    ROLES.forEach((role, rank) => {
      ROLES.forEach((needed, needs) => {
        expect(mayDo(role, needed)).toBe(rank >= needs)
      })
    })
  })

  it('trusts no role that it does not know', () => {
    expect(mayDo('emperor', 'public')).toBe(false)
  })
})

describe('safeNext', () => {
  const here = 'https://twin.example'

  it('leads back to where one was', () => {
    expect(safeNext('/wall?storey=2#x', here)).toBe('/wall?storey=2#x')
  })

  it.each(['//evil.example/', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', undefined, ['/a'], '/login?next=/'])(
    'leads %j nowhere but to the start page',
    (next) => {
      expect(safeNext(next, here)).toBe('/')
    },
  )

  it('never leaves this site, whatever is asked for', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(new URL(safeNext(`/${text}`, here), here).origin).toBe(here)
      }),
    )
  })
})
