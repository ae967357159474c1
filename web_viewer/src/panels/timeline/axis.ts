import { DAY_MS, HOUR_MS, MINUTE_MS, spanOf, type TimeView } from './view'

/** A mark of the time axis. */
export interface Tick {
  readonly timeMs: number
  readonly text: string
  /** A day begins here. */
  readonly isDay: boolean
}

const STEPS_MS = [
  5000, 10_000, 15_000, 30_000,
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 5, 7, 14].map((days) => days * DAY_MS),
]
/** What a label needs, in widths of a digit. */
const LABEL_EM = 5.5

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(locale: string, timeZone: string, kind: 'day' | 'minute' | 'second' | 'parts'): Intl.DateTimeFormat {
  const key = `${locale} ${timeZone} ${kind}`
  let format = formats.get(key)
  if (format === undefined) {
    const clock = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
    const options: Intl.DateTimeFormatOptions =
      kind === 'day'
        ? { month: 'short', day: 'numeric' }
        : kind === 'minute'
          ? clock
          : kind === 'second'
            ? { ...clock, second: '2-digit' }
            : { ...clock, second: '2-digit', year: 'numeric', month: '2-digit', day: '2-digit' }
    format = new Intl.DateTimeFormat(locale, { ...options, timeZone })
    formats.set(key, format)
  }
  return format
}

/** How far a zone's clocks are ahead of UTC at a moment, ms. */
export function zoneOffsetMs(timeMs: number, timeZone: string): number {
  const parts = Object.fromEntries(
    formatOf('en-US', timeZone, 'parts')
      .formatToParts(timeMs)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const local = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second)
  return local - Math.floor(timeMs / 1000) * 1000
}

/** The step between ticks, ms, so that labels of `em` pixels a digit do not touch in a view `width` wide. */
export function stepFor(view: TimeView, width: number, em: number): number {
  const least = (spanOf(view) * LABEL_EM * em) / Math.max(1, width)
  return STEPS_MS.find((step) => step >= least) ?? STEPS_MS[STEPS_MS.length - 1]
}

/** Ticks at round times of the venue's clocks; the first moment of a day is labelled with its date. */
export function ticksOf(view: TimeView, stepMs: number, timeZone: string, locale: string): Tick[] {
  const ticks: Tick[] = []
  let offset = zoneOffsetMs(view.fromMs, timeZone)
  let local = Math.ceil((view.fromMs + offset) / stepMs) * stepMs
  for (; local - offset <= view.toMs; local += stepMs) {
    offset = zoneOffsetMs(local - offset, timeZone)
    const timeMs = local - offset
    // When summer time begins an hour of the clock is left out.
    if (zoneOffsetMs(timeMs, timeZone) !== offset) continue
    const isDay = local % DAY_MS === 0
    const kind = isDay ? 'day' : stepMs < MINUTE_MS ? 'second' : 'minute'
    ticks.push({ timeMs, isDay, text: formatOf(locale, timeZone, kind).format(timeMs) })
  }
  return ticks
}
