import type { EChartsCoreOption } from 'echarts/core'

/** Two days by the hour, kWh; null is an hour that nobody can tell of. */
export interface DayChartData {
  readonly today: readonly (number | null)[]
  readonly yesterday: readonly (number | null)[]
  readonly names: { readonly today: string; readonly yesterday: string }
  readonly colours: Readonly<Record<'today' | 'yesterday' | 'text' | 'grid', string>>
  readonly fontPx: number
  /** A number in the reader's language. */
  readonly number: (value: number) => string
}

const HOURS = Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, '0')}:00`)

/** Today's hours as bars, yesterday's as a line behind them. */
export function dayChartOption(data: DayChartData): EChartsCoreOption {
  const label = { color: data.colours.text, fontSize: data.fontPx }
  // Without figures on the axis its unit would be cut off at the chart's edge.
  const unit = [...data.today, ...data.yesterday].some((value) => value !== null) ? 'kWh' : ''
  return {
    animation: false,
    grid: { left: 4, right: data.fontPx / 2, top: data.fontPx * 3.75, bottom: 2, containLabel: true },
    legend: { top: 0, right: 0, itemWidth: data.fontPx, itemHeight: data.fontPx * 0.66, itemGap: data.fontPx, textStyle: label },
    tooltip: { trigger: 'axis', confine: true, valueFormatter: (value: unknown) => (typeof value === 'number' ? `${data.number(value)} kWh` : '–') },
    xAxis: { type: 'category', data: HOURS, axisLabel: { ...label, interval: 5 }, axisLine: { lineStyle: { color: data.colours.grid } }, axisTick: { show: false } },
    yAxis: { type: 'value', splitNumber: 3, name: unit, nameGap: data.fontPx * 0.6, nameTextStyle: { ...label, align: 'right' }, axisLabel: { ...label, formatter: data.number }, splitLine: { lineStyle: { color: data.colours.grid } } },
    series: [
      { type: 'bar', name: data.names.today, data: [...data.today], barCategoryGap: '30%', itemStyle: { color: data.colours.today, borderRadius: [2, 2, 0, 0] } },
      {
        type: 'line',
        name: data.names.yesterday,
        data: [...data.yesterday],
        connectNulls: false,
        showSymbol: false,
        lineStyle: { color: data.colours.yesterday, width: Math.max(1.5, data.fontPx / 8), type: 'dashed' },
        itemStyle: { color: data.colours.yesterday },
      },
    ],
  }
}
