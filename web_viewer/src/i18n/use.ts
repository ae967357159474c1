import { readonly, type Ref } from 'vue'

import { ageParts, type Locale } from '@/logic/format'

import { locale, say } from './index'

/** Texts and the language of the page. */
export interface Translation {
  readonly t: (key: string, named?: Record<string, unknown>) => string
  readonly locale: Readonly<Ref<Locale>>
  /** An age in words. */
  readonly age: (ageMs: number) => string
}

/** The catalogues in the language of the page; changes with it. */
export function useI18n(): Translation {
  return { t: say, locale: readonly(locale), age: ageText }
}

function ageText(ageMs: number): string {
  if (Number.isNaN(ageMs)) return say('age.never')
  const { unit, count } = ageParts(ageMs)
  return count === 0 ? say('age.now') : say(`age.${unit}`, { count })
}
