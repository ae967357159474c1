import { useI18n } from '@/i18n/use'
import { formatDate, formatTime, pickName } from '@/logic/format'
import { useLiveStore } from '@/stores/live'
import { useModelStore } from '@/stores/model'
import type { Names } from '@/net/types'

import type { Order } from './api'
import { dueText } from './due'

/** The panel's words in the language of the page. */
export interface OpsWords {
  readonly say: (key: string, named?: Record<string, unknown>) => string
  readonly name: (names: Names | null | undefined, fallback?: string) => string
  /** Storey and room, by guid. */
  readonly place: (at: { readonly storey: string | null; readonly space: string | null }) => string
  /** A time as RFC 3339 in the venue's zone; today's without its date. */
  readonly moment: (time: string | null) => string
  /** By when something must be done, as short as a card has room for. */
  readonly due: (time: string | null) => string
  /** What an order is about: its device, storey and room. */
  readonly about: (order: Pick<Order, 'device' | 'device_name' | 'storey' | 'space'>) => string
  readonly ago: (time: string | null) => string
  readonly percent: (share: number) => string
  readonly lang: () => 'zh' | 'en'
}

export function useOpsWords(): OpsWords {
  const live = useLiveStore()
  const model = useModelStore()
  const { t, locale, age } = useI18n()
  const name = (names: Names | null | undefined, fallback = ''): string => pickName(names, locale.value, fallback)
  const place = ({ storey, space }: { readonly storey: string | null; readonly space: string | null }): string => {
    const level = model.storeyByGuid.get(storey ?? '')
    const room = model.spaceByGuid.get(space ?? '')
    const floor = level ? level.code || pickName(level.names, locale.value) : ''
    return [floor, pickName(room?.names, locale.value)].filter(Boolean).join(' · ')
  }
  const moment = (time: string | null): string => {
    if (time === null) return '–'
    const zone = model.model?.timeZone ?? 'UTC'
    const ms = Date.parse(time)
    const day = formatDate(ms, zone, locale.value)
    const clock = formatTime(ms, zone, locale.value)
    return !Number.isNaN(live.nowMs) && day === formatDate(live.nowMs, zone, locale.value) ? clock : `${day} ${clock}`
  }
  return {
    say: (key, named) => t(`panel.ops.${key}`, named),
    name,
    place,
    moment,
    due: (time) => (time === null ? '–' : dueText(Date.parse(time), live.nowMs, model.model?.timeZone ?? 'UTC')),
    about: (order) => [name(order.device_name, order.device ?? ''), place(order)].filter(Boolean).join(' · '),
    ago: (time) => {
      void live.nowMs
      return time === null ? age(Number.NaN) : age(live.ageOf(Date.parse(time)))
    },
    percent: (share) => new Intl.NumberFormat(locale.value, { style: 'percent', maximumFractionDigits: 1 }).format(Math.floor(share * 1000) / 1000),
    lang: () => (locale.value === 'en' ? 'en' : 'zh'),
  }
}
