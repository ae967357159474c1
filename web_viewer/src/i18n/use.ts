import { computed, type ComputedRef } from 'vue'
import { useI18n as useVueI18n } from 'vue-i18n'

import { ageParts, type Locale } from '@/logic/format'

/** Texts and the language of the page. */
export interface Translation {
  readonly t: (key: string, named?: Record<string, unknown>) => string
  readonly locale: ComputedRef<Locale>
  /** An age in words. */
  readonly age: (ageMs: number) => string
}

/** The catalogues in the language of the page; changes with it. */
export function useI18n(): Translation {
  const { t, locale } = useVueI18n()
  const say = (key: string, named: Record<string, unknown> = {}): string => t(key, named)
  return {
    t: say,
    locale: computed(() => (locale.value === 'en' ? 'en' : 'zh-CN')),
    age: (ageMs) => {
      if (Number.isNaN(ageMs)) return say('age.never')
      const { unit, count } = ageParts(ageMs)
      return count === 0 ? say('age.now') : say(`age.${unit}`, { count })
    },
  }
}
