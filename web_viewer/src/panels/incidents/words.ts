import { computed, type ComputedRef } from 'vue'

import { useI18n } from '@/i18n/use'
import { formatDate, formatNumber, formatTime, pickName, unitText, type Locale } from '@/logic/format'
import type { Names } from '@/net/types'
import { useModelStore } from '@/stores/model'

import type { PointReport } from './api'

const MINUTE_S = 60
const HOUR_S = 3600
const DAY_S = 86_400

/** A length of time in its two largest units, such as `3 min 7 s`. */
export function lengthText(ms: number, locale: Locale): string {
  if (ms < 1000) return locale === 'en' ? `${(ms / 1000).toFixed(1)} s` : `${(ms / 1000).toFixed(1)} 秒`
  let left = Math.round(ms / 1000)
  const parts: string[] = []
  const units = [[DAY_S, 'd', '天'], [HOUR_S, 'h', '小时'], [MINUTE_S, 'min', '分'], [1, 's', '秒']] as const
  for (const [size, en, zh] of units) {
    const count = Math.floor(left / size)
    left %= size
    if (count > 0) parts.push(`${String(count)} ${locale === 'en' ? en : zh}`)
    else if (parts.length > 0) break
  }
  return parts.slice(0, 2).join(' ')
}

/** A value with its unit, or its state; a dash where nothing is known. */
export function momentText(point: PointReport, moment: PointReport['before'], locale: Locale): string {
  if (moment.state !== null) return pickName(moment.state, locale)
  return moment.value === null ? '–' : `${formatNumber(moment.value, point.unit, locale)} ${unitText(point.unit, locale)}`.trim()
}

interface Words {
  readonly say: (key: string, named?: Record<string, unknown>) => string
  readonly name: (names: Names | null) => string
  readonly zone: ComputedRef<string>
  readonly locale: ComputedRef<Locale>
  readonly clock: (time: string) => string
  readonly moment: (time: string) => string
  readonly since: (begin: string, end: string) => string
}

/** The panel's texts, and times as the venue's clocks show them. */
export function useIncidentWords(): Words {
  const { t, locale } = useI18n()
  const model = useModelStore()
  const zone = computed(() => model.model?.timeZone ?? 'UTC')
  return {
    say: (key, named) => t(`panel.incidents.${key}`, named),
    name: (names) => pickName(names, locale.value),
    zone,
    locale: computed(() => locale.value),
    clock: (time) => formatTime(Date.parse(time), zone.value, locale.value),
    moment: (time) => `${formatDate(Date.parse(time), zone.value, locale.value)} ${formatTime(Date.parse(time), zone.value, locale.value)}`,
    since: (begin, end) => `+${lengthText(Date.parse(end) - Date.parse(begin), locale.value)}`,
  }
}
