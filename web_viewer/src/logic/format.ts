import type { Names, PointInfo, PointState } from '@/net/types'

import { isRepeated, offsetText } from './zone'

/** Languages of the interface. */
export type Locale = 'zh-CN' | 'en'

interface UnitText {
  readonly zh: string
  readonly en: string
  /** Digits after the point. */
  readonly digits: number
}

function same(text: string, digits: number): UnitText {
  return { zh: text, en: text, digits }
}

/** UCUM-like codes of the API to what people read. */
const UNITS: Readonly<Record<string, UnitText>> = {
  degC: same('°C', 1),
  'Cel': same('°C', 1),
  K: same('K', 1),
  kW: same('kW', 1),
  W: same('W', 0),
  kVA: same('kVA', 1),
  kWh: same('kWh', 0),
  kWp: same('kWp', 1),
  m: same('m', 2),
  mm: same('mm', 0),
  m2: same('m²', 1),
  m3: same('m³', 1),
  'm3/h': same('m³/h', 1),
  'L/s': same('L/s', 1),
  'm/s': same('m/s', 1),
  'W/m2': same('W/m²', 0),
  'W/(m2.K)': same('W/(m²·K)', 2),
  'W/m2K': same('W/(m²·K)', 2),
  '%': same('%', 0),
  ppm: same('ppm', 0),
  'ug/m3': same('µg/m³', 0),
  'mg/L': same('mg/L', 2),
  lx: same('lx', 0),
  lm: same('lm', 0),
  dB: same('dB', 0),
  Pa: same('Pa', 0),
  kPa: same('kPa', 0),
  V: same('V', 0),
  A: same('A', 1),
  Hz: same('Hz', 1),
  deg: same('°', 1),
  kg: same('kg', 1),
  mm_h: same('mm/h', 1),
  's': { zh: '秒', en: 's', digits: 0 },
  min: { zh: '分', en: 'min', digits: 0 },
  h: { zh: '时', en: 'h', digits: 1 },
  persons: { zh: '人', en: 'people', digits: 0 },
  '1': same('', 2),
  '': same('', 2),
}

/** The unit as people read it; an unknown code is shown as it is. */
export function unitText(unit: string, locale: Locale): string {
  const known = UNITS[unit]
  if (known === undefined) return unit
  return locale === 'en' ? known.en : known.zh
}

/** A number with as many digits as its unit deserves, grouped by thousands. */
export function formatNumber(value: number, unit: string, locale: Locale): string {
  const digits = UNITS[unit]?.digits ?? 2
  const whole = digits === 0 || Math.abs(value) >= 10_000
  const fixed = unit !== '1' && unit !== '' && !whole
  return new Intl.NumberFormat(locale, {
    minimumFractionDigits: fixed ? digits : 0,
    maximumFractionDigits: whole ? 0 : digits,
    // "-0.0" would be read as a measurement below nought.
    signDisplay: 'negative',
  }).format(value)
}

/** An amount that may be small for its unit: with three digits that tell something, if it is below a hundred. */
export function formatAmount(value: number, unit: string, locale: Locale): string {
  if (Number.isNaN(value)) return '–'
  if (Math.abs(value) >= 100) return formatNumber(value, unit, locale)
  return new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 }).format(value)
}

/** The name in the page's language, else in the other one, else `fallback`. */
export function pickName(names: Names | null | undefined, locale: Locale, fallback = ''): string {
  if (!names) return fallback
  const [first, second] = locale === 'en' ? [names.en, names.zh] : [names.zh, names.en]
  return first || second || fallback
}

/** The state that an enumeration's value stands for; null where there is none. */
function stateOf(point: Pick<PointInfo, 'states'>, value: number): PointState | null {
  return point.states[Math.round(value)] ?? null
}

/** A point's value without its unit: a state's text, or a number; a dash where nothing was received. */
export function formatValue(point: Pick<PointInfo, 'states' | 'unit'>, value: number, locale: Locale): string {
  if (Number.isNaN(value)) return '–'
  const state = stateOf(point, value)
  if (state) return pickName(state, locale, state.key)
  return formatNumber(value, point.unit, locale)
}

/** `HH:MM:SS` in a time zone; of an hour that its clocks show twice, with which one it is. */
export function formatTime(timeMs: number, timeZone: string, locale: Locale): string {
  const shown = dateFormat(locale, timeZone, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(
    timeMs,
  )
  const zone = supportedZone(timeZone)
  return isRepeated(timeMs, zone) ? `${shown} ${offsetText(timeMs, zone)}` : shown
}

/** Date with the day of the week, in a time zone. */
export function formatDate(timeMs: number, timeZone: string, locale: Locale): string {
  return dateFormat(locale, timeZone, { year: 'numeric', month: 'short', day: 'numeric', weekday: 'short' }).format(
    timeMs,
  )
}

/** The day of the month, in a time zone, short enough for an axis. */
export function formatDay(timeMs: number, timeZone: string, locale: Locale): string {
  return dateFormat(locale, timeZone, { month: 'short', day: 'numeric' }).format(timeMs)
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Making a format costs a hundred times what using it does, and the clock ticks every second. */
function dateFormat(locale: Locale, timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${timeZone} ${Object.keys(options).join()}`
  const known = formats.get(key)
  if (known) return known
  const made = new Intl.DateTimeFormat(locale, { ...options, timeZone: supportedZone(timeZone) })
  formats.set(key, made)
  return made
}

const supported = new Map<string, string>()

function supportedZone(timeZone: string): string {
  let zone = supported.get(timeZone)
  if (zone === undefined) {
    try {
      new Intl.DateTimeFormat('en', { timeZone })
      zone = timeZone
    } catch {
      zone = 'UTC'
    }
    supported.set(timeZone, zone)
  }
  return zone
}

/** An age as a count and the key of its unit under `age.` in the catalogues. */
export function ageParts(ageMs: number): { readonly unit: 'seconds' | 'minutes' | 'hours' | 'days'; readonly count: number } {
  const seconds = Math.max(0, ageMs / 1000)
  if (seconds < 90) return { unit: 'seconds', count: Math.round(seconds) }
  if (seconds < 5400) return { unit: 'minutes', count: Math.round(seconds / 60) }
  if (seconds < 129_600) return { unit: 'hours', count: Math.round(seconds / 3600) }
  return { unit: 'days', count: Math.round(seconds / 86_400) }
}

/** A property's value as text; `yes` and `no` are the words for booleans. */
export function formatProperty(value: unknown, unit: string, locale: Locale, yes: string, no: string): string {
  if (value === null || value === undefined || value === '') return '–'
  if (typeof value === 'boolean') return value ? yes : no
  if (typeof value === 'number') {
    const number = new Intl.NumberFormat(locale, { maximumSignificantDigits: 6 }).format(value)
    return `${number} ${unitText(unit, locale)}`.trim()
  }
  if (Array.isArray(value)) return value.map((item) => formatProperty(item, unit, locale, yes, no)).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
