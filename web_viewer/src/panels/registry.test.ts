import { describe, expect, it } from 'vitest'

import en from '@/i18n/en'
import { ICONS } from '@/ui/icons'

import { panelMessages, panelRoutes, PANELS, type Messages, type TwinPanel } from './registry'

const toy: TwinPanel = {
  id: 'toy',
  icon: 'device',
  messages: { 'zh-CN': { title: '玩具', list: { none: '没有' } }, en: { title: 'Toy', list: { none: 'none' } } },
  desk: () => Promise.resolve({ template: '<p>toy</p>' }),
  routes: [{ path: '/toy', component: { template: '<p>toy</p>' } }],
}

/** Dotted keys with the names of the placeholders of each text. */
function placeholders(messages: Messages, prefix = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(messages).flatMap(([key, value]) => {
      if (typeof value !== 'string') return Object.entries(placeholders(value as Messages, `${prefix}${key}.`))
      return [[`${prefix}${key}`, [...value.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort().join()]]
    }),
  )
}

describe('a panel', () => {
  it('brings its texts under its own name', () => {
    expect(panelMessages([toy], 'zh-CN')).toEqual({ toy: { title: '玩具', list: { none: '没有' } } })
  })

  it('brings its pages', () => {
    expect(panelRoutes([toy]).map((route) => route.path)).toEqual(['/toy'])
  })
})

describe('the registered panels', () => {
  it('have names of their own', () => {
    const ids = PANELS.map((panel) => panel.id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const panel of PANELS) expect(Object.keys(ICONS)).toContain(panel.icon)
  })

  it('speak both languages alike', () => {
    for (const { messages } of PANELS) expect(placeholders(messages['zh-CN'])).toEqual(placeholders(messages.en))
  })

  it('leave the common texts alone', () => {
    expect(Object.keys(en)).not.toContain('panel')
  })
})
