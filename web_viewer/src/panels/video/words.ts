import { useI18n } from '@/i18n/use'
import { formatDate, formatTime, pickName } from '@/logic/format'
import { useLiveStore } from '@/stores/live'
import { useModelStore } from '@/stores/model'

import type { CameraInfo } from './api'
import type { Gap } from './spans'

/** The panel's texts, and cameras and times in people's words. */
export interface VideoWords {
  readonly say: (key: string, named?: Record<string, unknown>) => string
  readonly name: (camera: string) => string
  /** The time of day; with the date where that is another one than that on screen. */
  readonly moment: (timeMs: number) => string
  /** From when to when nothing was recorded. */
  readonly gap: (gap: Gap) => string
  /** Why a camera is not seen, and since when. */
  readonly trouble: (info: CameraInfo) => string
}

export function useVideoWords(): VideoWords {
  const live = useLiveStore()
  const model = useModelStore()
  const { t, locale } = useI18n()
  const say: VideoWords['say'] = (key, named) => t(`panel.video.${key}`, named)

  function moment(timeMs: number): string {
    const zone = model.model?.timeZone ?? 'UTC'
    const day = (ms: number): string => formatDate(ms, zone, locale.value)
    const time = formatTime(timeMs, zone, locale.value)
    return Number.isNaN(live.nowMs) || day(timeMs) === day(live.nowMs) ? time : `${day(timeMs)} ${time}`
  }

  function gapText({ fromMs, toMs }: Gap): string {
    if (fromMs !== null && toMs !== null) return say('gap.between', { from: moment(fromMs), to: moment(toMs) })
    if (fromMs !== null) return say('gap.since', { from: moment(fromMs) })
    return toMs === null ? say('gap.never') : say('gap.before', { to: moment(toMs) })
  }

  /** In the page's language; in the server's words where it has no code for it. */
  function reason({ reason: code, text }: CameraInfo): string {
    return code === '' || code === 'other' ? text : say(`reason.${code}`)
  }

  return {
    say,
    name: (camera) => {
      const device = model.devices.get(camera)
      return pickName(device?.names, locale.value) || pickName(device?.typeNames, locale.value, camera)
    },
    moment,
    gap: gapText,
    trouble: (info) => {
      const since = Number.isNaN(info.sinceMs) ? '' : say('since', { time: moment(info.sinceMs) })
      return [say(`state.${info.state}`), reason(info), since].filter(Boolean).join(' · ')
    },
  }
}
