import { describe, expect, it } from 'vitest'

import en from '@/i18n/en'
import { ICONS } from '@/ui/icons'

import { panelRoutes, PANELS, type Messages, type TwinPanel } from './registry'

const toy: TwinPanel = {
  id: 'toy',
  icon: 'device',
  messages: () => Promise.resolve({ 'zh-CN': { title: '玩具' }, en: { title: 'Toy' } }),
  desk: () => Promise.resolve({ template: '<p>toy</p>' }),
  routes: [{ path: '/toy', component: { template: '<p>toy</p>' }, meta: { role: 'admin' } }],
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
  it('brings its pages, which know whose they are', () => {
    expect(panelRoutes([toy]).map((route) => [route.path, route.meta])).toEqual([['/toy', { role: 'admin', panel: 'toy' }]])
  })
})

describe('the registered panels', () => {
  it('have names of their own', () => {
    const ids = PANELS.map((panel) => panel.id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const panel of PANELS) expect(Object.keys(ICONS)).toContain(panel.icon)
  })

  it('speak both languages alike', async () => {
    for (const { messages } of PANELS) {
      const texts = await messages()
      expect(placeholders(texts['zh-CN'])).toEqual(placeholders(texts.en))
    }
  })

  it('leave the common texts alone', () => {
    expect(Object.keys(en)).not.toContain('panel')
  })
})
