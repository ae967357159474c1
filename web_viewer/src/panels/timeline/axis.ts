import { DAY_MS, HOUR_MS, MINUTE_MS, spanOf, type TimeView } from './view'

/** A mark of the time axis. */
export interface Tick {
  readonly timeMs: number
  readonly text: string
  /** A day begins here. */
  readonly isDay: boolean
}

const STEPS_MS = [
  50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000,
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 5, 7, 14].map((days) => days * DAY_MS),
]
/** From this step on ticks stand at the beginnings of months. */
const MONTH_MS = 30 * DAY_MS
const MONTHS = [1, 2, 3, 6]
/** What a label needs, in widths of a digit; one with parts of a second so much more. */
const LABEL_EM = 5.5
const FRACTION_WIDER = 1.4

const CLOCK: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
const OPTIONS: Readonly<Record<Kind, Intl.DateTimeFormatOptions>> = {
  year: { year: 'numeric' },
  month: { month: 'short' },
  day: { month: 'short', day: 'numeric' },
  minute: CLOCK,
  second: { ...CLOCK, second: '2-digit' },
  fraction: { ...CLOCK, second: '2-digit', fractionalSecondDigits: 2 },
  parts: { ...CLOCK, second: '2-digit', year: 'numeric', month: '2-digit', day: '2-digit' },
}
const formats = new Map<string, Intl.DateTimeFormat>()

type Kind = 'month' | 'year' | 'day' | 'minute' | 'second' | 'fraction' | 'parts'

function formatOf(locale: string, timeZone: string, kind: Kind): Intl.DateTimeFormat {
  const key = `${locale} ${timeZone} ${kind}`
  let format = formats.get(key)
  if (format === undefined) {
    format = new Intl.DateTimeFormat(locale, { ...OPTIONS[kind], timeZone })
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
  const months = MONTHS.find((count) => count * MONTH_MS >= least) ?? 12
  return STEPS_MS.find((step) => step >= least * (step < 1000 ? FRACTION_WIDER : 1)) ?? months * MONTH_MS
}

/** Ticks at round times of the venue's clocks; the first moment of a day is labelled with its date. */
export function ticksOf(view: TimeView, stepMs: number, timeZone: string, locale: string): Tick[] {
  if (stepMs >= MONTH_MS) return monthTicks(view, Math.round(stepMs / MONTH_MS), timeZone, locale)
  const changeMs = stepMs < DAY_MS ? changeWithin(view, timeZone) : null
  if (changeMs === null) return ticksWithin(view, stepMs, timeZone, locale)
  // Where clocks are set back an hour comes twice, and both have their ticks.
  const parts = [{ fromMs: view.fromMs, toMs: changeMs - 1 }, { fromMs: changeMs, toMs: view.toMs }]
  return parts.flatMap((part) => ticksWithin(part, stepMs, timeZone, locale))
}

/** When the clocks of a zone are changed within a view of some days; null: they are not. */
function changeWithin(view: TimeView, timeZone: string): number | null {
  let [fromMs, toMs] = [Math.floor(view.fromMs), Math.ceil(view.toMs)]
  const before = zoneOffsetMs(fromMs, timeZone)
  if (zoneOffsetMs(toMs, timeZone) === before) return null
  while (toMs - fromMs > 1) {
    const middleMs = Math.floor((fromMs + toMs) / 2)
    if (zoneOffsetMs(middleMs, timeZone) === before) fromMs = middleMs
    else toMs = middleMs
  }
  return toMs
}

function ticksWithin(view: TimeView, stepMs: number, timeZone: string, locale: string): Tick[] {
  const ticks: Tick[] = []
  let offset = zoneOffsetMs(view.fromMs, timeZone)
  let local = Math.ceil((view.fromMs + offset) / stepMs) * stepMs
  for (; local - offset <= view.toMs; local += stepMs) {
    offset = zoneOffsetMs(local - offset, timeZone)
    const timeMs = local - offset
    // When summer time begins an hour of the clock is left out.
    if (zoneOffsetMs(timeMs, timeZone) !== offset) continue
    const isDay = local % DAY_MS === 0
    const kind = isDay ? 'day' : stepMs < 1000 ? 'fraction' : stepMs < MINUTE_MS ? 'second' : 'minute'
    ticks.push({ timeMs, isDay, text: formatOf(locale, timeZone, kind).format(timeMs) })
  }
  return ticks
}

/** Ticks at the beginnings of every `months`th month, those of a year labelled with it. */
function monthTicks(view: TimeView, months: number, timeZone: string, locale: string): Tick[] {
  const ticks: Tick[] = []
  const begin = new Date(view.fromMs + zoneOffsetMs(view.fromMs, timeZone))
  for (let month = Math.ceil(begin.getUTCMonth() / months) * months; ; month += months) {
    const local = Date.UTC(begin.getUTCFullYear(), month, 1)
    const timeMs = local - zoneOffsetMs(local, timeZone)
    if (timeMs > view.toMs) return ticks
    if (timeMs < view.fromMs) continue
    const isYear = new Date(local).getUTCMonth() === 0
    ticks.push({ timeMs, isDay: true, text: formatOf(locale, timeZone, isYear ? 'year' : 'month').format(timeMs) })
  }
}
