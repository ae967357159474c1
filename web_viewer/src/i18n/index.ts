import { ref, shallowReactive, type Ref } from 'vue'

import type { Locale } from '@/logic/format'

import { filled, textAt, type Texts } from './catalogue'
import en from './en'
import zhCN from './zh-CN'

const LOCALE_KEY = 'venue-twin.locale'
const COMMON: Readonly<Record<Locale, Texts>> = { 'zh-CN': zhCN, en }
/** Texts of panels, under `panel.<id>`; they come with the pages that show them. */
const ofPanels = shallowReactive(new Map<string, Readonly<Record<Locale, Texts>>>())

/** `?lang=` first, then what was chosen before, then Chinese. */
export function initialLocale(search: string, remembered: string | null): Locale {
  for (const wish of [new URLSearchParams(search).get('lang'), remembered]) {
    if (wish?.toLowerCase().startsWith('zh')) return 'zh-CN'
    if (wish?.toLowerCase().startsWith('en')) return 'en'
  }
  return 'zh-CN'
}

/** The language of the page. */
export const locale: Ref<Locale> = ref(initialLocale(window.location.search, localStorage.getItem(LOCALE_KEY)))

/** A text in the language of the page, else in English; the key itself where nobody wrote it. */
export function say(key: string, named: Readonly<Record<string, unknown>> = {}): string {
  return filled(textIn(locale.value, key) ?? textIn('en', key) ?? key, named)
}

function textIn(language: Locale, key: string): string | null {
  const [, id, rest] = /^panel\.(\w+)\.(.+)$/.exec(key) ?? []
  if (id === undefined) return textAt(COMMON[language], key)
  const texts = ofPanels.get(id)
  return texts ? textAt(texts[language], rest) : null
}

/** From now on the texts of a panel are known. */
export function addPanelTexts(id: string, texts: Readonly<Record<Locale, Texts>>): void {
  ofPanels.set(id, texts)
}

/** Speak a language from now on, and on the next visit. */
export function setLocale(next: Locale): void {
  locale.value = next
  localStorage.setItem(LOCALE_KEY, next)
  announceLocale()
}

/** Tell the document its language, for screen readers, hyphenation and the choice of Han glyphs. */
export function announceLocale(): void {
  document.documentElement.lang = locale.value
}
