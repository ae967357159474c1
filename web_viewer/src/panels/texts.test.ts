import { describe, expect, it } from 'vitest'

import { locale, say, setLocale } from '@/i18n'

import type { PanelTexts, TwinPanel } from './registry'
import { loadTexts } from './texts'

const TEXTS: PanelTexts = { 'zh-CN': { title: '玩具' }, en: { title: 'Toy', only: 'in English' } }

function toy(id: string, messages: TwinPanel['messages']): TwinPanel {
  return { id, icon: 'device', messages }
}

describe('the texts of a panel', () => {
  it('are known under its name once loaded, in the language of the page', async () => {
    expect(say('panel.toy.title')).toBe('panel.toy.title')
    await loadTexts([toy('toy', () => Promise.resolve(TEXTS))])
    setLocale('zh-CN')
    expect(say('panel.toy.title')).toBe('玩具')
    setLocale('en')
    expect(locale.value).toBe('en')
    expect(say('panel.toy.title')).toBe('Toy')
  })

  it('fall back to English', async () => {
    await loadTexts([toy('toy', () => Promise.resolve(TEXTS))])
    setLocale('zh-CN')
    expect(say('panel.toy.only')).toBe('in English')
  })

  it('are asked for once, and again after a failure', async () => {
    let asked = 0
    const shy = toy('shy', () => (++asked === 1 ? Promise.reject(new Error('away')) : Promise.resolve(TEXTS)))
    await expect(loadTexts([shy])).rejects.toThrow('away')
    await Promise.all([loadTexts([shy]), loadTexts([shy])])
    expect(asked).toBe(2)
  })
})
