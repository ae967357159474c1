import type { EChartsCoreOption } from 'echarts/core'

import type { PointState } from '@/net/types'

/** Samples of a point; a NaN value is a time without one. */
export interface Curve {
  /** ms since 1970 UTC, ascending. */
  readonly time: readonly number[]
  readonly value: readonly number[]
}

/** What the chart shows. */
export interface ChartData {
  readonly curve: Curve
  readonly fromMs: number
  readonly toMs: number
  readonly limit: number | null
  /** When the alarm was raised, and until when it held, ms since 1970 UTC; null: it holds. */
  readonly raisedMs: number
  readonly untilMs: number | null
  readonly stepped: boolean
  readonly states: readonly PointState[]
  /** What a value and a time are called. */
  readonly valueText: (value: number) => string
  readonly timeText: (timeMs: number) => string
  readonly colours: Readonly<Record<'line' | 'text' | 'grid' | 'alarm', string>>
  readonly fontPx: number
}

/** The chart of a point's hour: its curve, the limit as a line, and the time of the alarm shaded. */
export function chartOption(data: ChartData): EChartsCoreOption {
  const { colours, fontPx } = data
  const label = { color: colours.text, fontSize: fontPx }
  return {
    animation: false,
    grid: { left: 4, right: 8, top: 10, bottom: 2, containLabel: true },
    tooltip: {
      trigger: 'axis',
      confine: true,
      formatter: ([{ value }]: readonly { value: readonly [number, number] }[]) =>
        `${data.timeText(value[0])}<br><b>${data.valueText(value[1])}</b>`,
    },
    xAxis: {
      type: 'time',
      min: data.fromMs,
      max: data.toMs,
      splitNumber: 3,
      axisLabel: { ...label, hideOverlap: true, formatter: data.timeText },
      axisLine: { lineStyle: { color: colours.grid } },
    },
    yAxis: {
      type: 'value',
      scale: true,
      splitNumber: 3,
      minInterval: data.stepped ? 1 : undefined,
      ...limits(data),
      axisLabel: { ...label, formatter: data.stepped ? (value: number) => (Number.isInteger(value) ? data.valueText(value) : '') : undefined },
      splitLine: { lineStyle: { color: colours.grid } },
    },
    series: [series(data)],
  }
}

/** The limit belongs into the picture though no sample may come near it. */
function limits({ limit, curve, stepped, states }: ChartData): { min?: number; max?: number } {
  if (stepped) return { min: 0, max: Math.max(1, states.length - 1) }
  if (limit === null) return {}
  const values = curve.value.filter((value) => !Number.isNaN(value))
  const low = Math.min(limit, ...values)
  const high = Math.max(limit, ...values)
  const margin = (high - low || Math.abs(limit) || 1) * 0.1
  return { min: rounded(low - margin), max: rounded(high + margin) }
}

function rounded(value: number): number {
  return Number(value.toPrecision(3))
}

function series(data: ChartData): object {
  const { curve, colours, limit } = data
  return {
    type: 'line',
    step: data.stepped ? 'end' : false,
    showSymbol: false,
    connectNulls: false,
    lineStyle: { color: colours.line, width: Math.max(1.5, data.fontPx / 8) },
    itemStyle: { color: colours.line },
    data: curve.time.map((time, position) => [time, Number.isNaN(curve.value[position]) ? null : curve.value[position]]),
    markLine:
      limit === null
        ? undefined
        : { silent: true, symbol: 'none', label: { show: false }, lineStyle: { color: colours.alarm, type: 'dashed' }, data: [{ yAxis: limit }] },
    markArea: {
      silent: true,
      itemStyle: { color: colours.alarm, opacity: 0.16 },
      data: [[{ xAxis: Math.max(data.raisedMs, data.fromMs) }, { xAxis: Math.min(data.untilMs ?? data.toMs, data.toMs) }]],
    },
  }
}
