import { useI18n } from '@/i18n/use'
import { formatDate, formatNumber, formatTime, pickName, unitText } from '@/logic/format'
import { useLiveStore } from '@/stores/live'
import { useModelStore } from '@/stores/model'

import type { Alarm } from './alarm'

/** An alarm in people's words, in the language of the page. */
export interface AlarmWords {
  readonly say: (key: string, named?: Record<string, unknown>) => string
  readonly text: (alarm: Alarm) => string
  readonly device: (alarm: Pick<Alarm, 'device'>) => string
  /** Storey and room. */
  readonly place: (alarm: Alarm) => string
  /** How long ago it was raised. */
  readonly since: (alarm: Alarm) => string
  readonly moment: (timeMs: number) => string
  readonly number: (value: number, unit: string) => string
  /** A person's name, a rule's, or the system. */
  readonly who: (actor: string) => string
}

export function useAlarmWords(): AlarmWords {
  const live = useLiveStore()
  const model = useModelStore()
  const { t, locale, age } = useI18n()
  return {
    say: (key, named) => t(`panel.alarms.${key}`, named),
    text: (alarm) => pickName(alarm.message, locale.value) || pickName(alarm.names, locale.value, alarm.rule),
    device: (alarm) => {
      const device = model.devices.get(alarm.device)
      return pickName(device?.names, locale.value) || pickName(device?.typeNames, locale.value, alarm.device)
    },
    place: (alarm) => {
      const storey = model.storeyByGuid.get(alarm.storeyGuid ?? '')
      const space = model.spaceByGuid.get(alarm.spaceGuid ?? '')
      return [storey ? storey.code || pickName(storey.names, locale.value) : '', pickName(space?.names, locale.value)]
        .filter(Boolean)
        .join(' · ')
    },
    since: (alarm) => {
      void live.nowMs
      return age(live.ageOf(alarm.raisedMs))
    },
    moment: (timeMs) => {
      const zone = model.model?.timeZone ?? 'UTC'
      const day = (ms: number): string => formatDate(ms, zone, locale.value)
      const time = formatTime(timeMs, zone, locale.value)
      return Number.isNaN(live.nowMs) || day(timeMs) === day(live.nowMs) ? time : `${day(timeMs)} ${time}`
    },
    number: (value, unit) => `${formatNumber(value, unit, locale.value)} ${unitText(unit, locale.value)}`.trim(),
    who: (actor) => actor.replace(/^\w+:/, ''),
  }
}
