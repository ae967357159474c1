import { createI18n } from 'vue-i18n'

import type { Locale } from '@/logic/format'
import { panelMessages, PANELS } from '@/panels/registry'

import en from './en'
import zhCN from './zh-CN'

const LOCALE_KEY = 'venue-twin.locale'

/** `?lang=` first, then what was chosen before, then Chinese. */
export function initialLocale(search: string, remembered: string | null): Locale {
  for (const wish of [new URLSearchParams(search).get('lang'), remembered]) {
    if (wish?.toLowerCase().startsWith('zh')) return 'zh-CN'
    if (wish?.toLowerCase().startsWith('en')) return 'en'
  }
  return 'zh-CN'
}

export const i18n = createI18n({
  legacy: false,
  locale: initialLocale(window.location.search, localStorage.getItem(LOCALE_KEY)) as string,
  fallbackLocale: 'en',
  messages: {
    'zh-CN': { ...zhCN, panel: panelMessages(PANELS, 'zh-CN') },
    en: { ...en, panel: panelMessages(PANELS, 'en') },
  },
})

/** Speak `locale` from now on, and on the next visit. */
export function setLocale(locale: Locale): void {
  i18n.global.locale.value = locale
  localStorage.setItem(LOCALE_KEY, locale)
  announceLocale()
}

/** Tell the document its language, for screen readers, hyphenation and the choice of Han glyphs. */
export function announceLocale(): void {
  document.documentElement.lang = i18n.global.locale.value
}
