import { className } from '@/i18n/ifc'
import { useI18n } from '@/i18n/use'
import { formatDate, formatTime, pickName } from '@/logic/format'
import type { Names } from '@/net/types'
import { useModelStore } from '@/stores/model'

import type { Guess } from './api'

/** An element as lists name it. */
interface Shown {
  readonly name: Names | string
  readonly tag: string
  readonly ifc_class: string
}

/** The panel's words in the language of the page. */
export interface DeviceWords {
  readonly say: (key: string, named?: Record<string, unknown>) => string
  readonly name: (names: Names, fallback: string) => string
  readonly element: (element: Shown) => string
  readonly ifcClass: (ifcClass: string) => string
  /** Storey and room, by guid. */
  readonly place: (at: { readonly storey: string | null; readonly space?: string | null }) => string
  readonly percent: (share: number) => string
  /** Why an element is guessed. */
  readonly why: (guess: Guess) => string
  /** A time as RFC 3339 in the venue's zone. */
  readonly moment: (time: string) => string
}

export function useDeviceWords(): DeviceWords {
  const model = useModelStore()
  const { t, locale } = useI18n()
  const say = (key: string, named?: Record<string, unknown>): string => t(`panel.devices.${key}`, named)
  const ifcClass = (name: string): string => className(name, locale.value)
  return {
    say,
    name: (names, fallback) => pickName(names, locale.value, fallback),
    element: ({ name, tag, ifc_class: kind }) => (typeof name === 'string' ? name : pickName(name, locale.value)) || tag || ifcClass(kind),
    ifcClass,
    place: ({ storey, space }) => {
      const level = model.storeyByGuid.get(storey ?? '')
      const room = model.spaceByGuid.get(space ?? '')
      const floor = level ? level.code || pickName(level.names, locale.value) : ''
      return [floor, pickName(room?.names, locale.value)].filter(Boolean).join(' · ')
    },
    percent: (share) => new Intl.NumberFormat(locale.value, { style: 'percent' }).format(Math.floor(share * 100) / 100),
    why: (guess) => {
      const metres = guess.distance_m === null ? '' : say('away', { metres: guess.distance_m.toFixed(1) })
      const by = guess.rules[0] === 'same-place' ? say('samePlace') : say('byRule', { rules: guess.rules.join(', '), text: guess.text })
      return [by, metres].filter(Boolean).join(' · ')
    },
    moment: (time) => {
      const zone = model.model?.timeZone ?? 'UTC'
      const ms = Date.parse(time)
      return `${formatDate(ms, zone, locale.value)} ${formatTime(ms, zone, locale.value)}`
    },
  }
}
