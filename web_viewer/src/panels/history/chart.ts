import type { EChartsCoreOption } from 'echarts/core'

import { isFaultState } from '@/logic/faults'
import type { PointState } from '@/net/types'

import type { Bucket } from './buckets'

/** Samples of a point; a NaN value is a time without one. Times are ms since 1970 UTC, ascending. */
export interface Curve {
  readonly time: readonly number[]
  readonly value: readonly number[]
}

/** What every chart of the past is given. */
export interface Frame {
  readonly fromMs: number
  readonly toMs: number
  readonly states: readonly PointState[]
  /** What a value, a time on the axis and a time in full are called. */
  readonly valueText: (value: number) => string
  /** What was counted, which may be much less than a counter's own digits tell. */
  readonly amountText: (value: number) => string
  readonly axisText: (timeMs: number) => string
  readonly timeText: (timeMs: number) => string
  readonly stateText: (state: PointState) => string
  readonly words: Readonly<Record<'mean' | 'range' | 'increase' | 'resets', string>>
  readonly colours: Readonly<Record<'line' | 'text' | 'grid' | 'good' | 'warn' | 'bad' | 'card' | 'ink', string>>
  readonly fontPx: number
}

const BAND = 0.2
/** Of so many buckets in a chart each has its gap; of more they touch. */
const APART = 90

/** A point's samples, as a line; of states in steps. */
export function samplesOption(curve: Curve, frame: Frame): EChartsCoreOption {
  const stepped = frame.states.length > 0
  const data = curve.time.map((time, row) => [time, known(curve.value[row])])
  return {
    ...axes(frame, stepped),
    tooltip: { ...tip(frame), formatter: ([{ value }]: readonly { value: readonly [number, number | null] }[]) => card(frame.timeText(value[0]), [['', frame.valueText(value[1] ?? Number.NaN)]]) },
    series: [{ ...line(frame), step: stepped ? 'end' : false, data }],
  }
}

/** A gauge by hours or days: its mean as a line, in a band from the least to the greatest. */
export function gaugeOption(buckets: readonly Bucket[], frame: Frame): EChartsCoreOption {
  const at = (value: (bucket: Bucket) => number): readonly (readonly [number, number | null])[] => buckets.map((bucket) => [middle(bucket), known(value(bucket))])
  const edge = { type: 'line', stack: 'band', stackStrategy: 'all', symbol: 'none', silent: true, lineStyle: { width: 0 } }
  return {
    ...axes(frame, false),
    tooltip: { ...tip(frame), formatter: told(buckets, frame, (bucket) => (Number.isNaN(bucket.low) ? [['', '–']] : [[frame.words.mean, frame.valueText(bucket.mean)], [frame.words.range, `${frame.valueText(bucket.low)} … ${frame.valueText(bucket.high)}`]])) },
    series: [
      { ...edge, data: at((bucket) => bucket.low) },
      { ...edge, data: at((bucket) => bucket.high - bucket.low), areaStyle: { color: frame.colours.line, opacity: BAND } },
      { ...line(frame), data: at((bucket) => bucket.mean) },
    ],
  }
}

/** A counter by hours or days: what was counted, as bars. */
export function counterOption(buckets: readonly Bucket[], frame: Frame): EChartsCoreOption {
  const rows = (bucket: Bucket): Rows => [[frame.words.increase, frame.amountText(bucket.increase)], ...(bucket.resets > 0 ? [[frame.words.resets, String(bucket.resets)] as const] : [])]
  return {
    ...axes(frame, false, 0),
    tooltip: { ...tip(frame), formatter: told(buckets, frame, rows) },
    series: [{ ...bars(buckets), itemStyle: { color: frame.colours.line }, data: buckets.map((bucket) => [middle(bucket), known(bucket.increase)]) }],
  }
}

/** States by hours or days: how much of each was spent in which, as bars one on the other. */
export function statesOption(buckets: readonly Bucket[], frame: Frame): EChartsCoreOption {
  const percent = (share: number): string => `${String(Math.round(share * 100))} %`
  const rows = (bucket: Bucket): Rows => frame.states.flatMap((state, row) => (bucket.shares[row] > 0 ? [[frame.stateText(state), percent(bucket.shares[row])] as const] : []))
  return {
    ...axes(frame, false, 0, 1, percent),
    grid: { ...grid(), top: frame.fontPx * 2.25 },
    legend: { top: 0, left: 0, itemWidth: frame.fontPx * 0.8, itemHeight: frame.fontPx * 0.8, itemGap: frame.fontPx, textStyle: { color: frame.colours.text, fontSize: frame.fontPx }, selectedMode: false },
    tooltip: { ...tip(frame), formatter: told(buckets, frame, rows) },
    series: frame.states.map((state, row) => ({
      ...bars(buckets),
      name: frame.stateText(state),
      stack: 'states',
      itemStyle: { color: colourOf(state, row, frame) },
      data: buckets.map((bucket) => [middle(bucket), bucket.shares[row] || null]),
    })),
  }
}

type Rows = readonly (readonly [string, string])[]

/** The first state is the calm one; of faults everybody knows the colour. */
function colourOf(state: PointState, row: number, { colours }: Frame): string {
  if (isFaultState(state.key)) return colours.bad
  return [colours.grid, colours.line, colours.good, colours.warn][row] ?? colours.text
}

function grid(): object {
  return { left: 4, right: 8, top: 10, bottom: 2, containLabel: true }
}

function axes(frame: Frame, stepped: boolean, min?: number, max?: number, text?: (value: number) => string): object {
  const { colours, fontPx } = frame
  const label = { color: colours.text, fontSize: fontPx }
  const stateOnly = (value: number): string => (Number.isInteger(value) ? frame.valueText(value) : '')
  const top = stepped ? Math.max(1, frame.states.length - 1) : max
  return {
    animation: false,
    grid: grid(),
    xAxis: { type: 'time', min: frame.fromMs, max: frame.toMs, splitNumber: 4, axisLabel: { ...label, hideOverlap: true, formatter: frame.axisText }, axisLine: { lineStyle: { color: colours.grid } } },
    yAxis: {
      type: 'value',
      scale: true,
      splitNumber: 3,
      min: stepped ? 0 : min,
      max: top,
      interval: max === undefined ? undefined : max / 2,
      minInterval: stepped ? 1 : undefined,
      axisLabel: { ...label, formatter: stepped ? stateOnly : text },
      splitLine: { lineStyle: { color: colours.grid } },
    },
  }
}

function line({ colours, fontPx }: Frame): object {
  return { type: 'line', showSymbol: false, connectNulls: false, lineStyle: { color: colours.line, width: Math.max(1.5, fontPx / 8) }, itemStyle: { color: colours.line } }
}

function bars(buckets: readonly Bucket[]): object {
  return { type: 'bar', barCategoryGap: buckets.length > APART ? '0%' : '20%', large: false }
}

function tip({ colours, fontPx }: Frame): object {
  return { trigger: 'axis', confine: true, backgroundColor: colours.card, borderColor: colours.grid, textStyle: { color: colours.ink, fontSize: fontPx } }
}

/** What is told of the bucket under the pointer. */
function told(buckets: readonly Bucket[], frame: Frame, rows: (bucket: Bucket) => Rows) {
  return ([{ dataIndex }]: readonly { dataIndex: number }[]): string => {
    const bucket = buckets[dataIndex]
    return card(frame.timeText(bucket.fromMs), rows(bucket))
  }
}

function card(title: string, rows: Rows): string {
  const lines = rows.map(([name, value]) => `${name ? `${escaped(name)} ` : ''}<b>${escaped(value)}</b>`)
  return [escaped(title), ...lines].join('<br>')
}

/** Names come from the venue's files, and the tooltip is HTML. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function middle(bucket: Bucket): number {
  return (bucket.fromMs + bucket.toMs) / 2
}

function known(value: number): number | null {
  return Number.isNaN(value) ? null : value
}
