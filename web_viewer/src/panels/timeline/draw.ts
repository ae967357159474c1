import { PRIORITIES, PRIORITY_COLOURS, type Alarm } from '@/panels/alarms/alarm'
import type { Span } from '@/net/replay'

import { stepFor, ticksOf } from './axis'
import { highest, SEVERITIES, type Histogram, type Severity } from './density'
import { xOf, type TimeView } from './view'

/** Colours of the interface, as its style sheet has them. */
export interface Palette {
  readonly text: string
  readonly faint: string
  readonly line: string
  readonly bars: Readonly<Record<Severity, string>>
  readonly past: string
  readonly now: string
  readonly font: string
}

/** What the band shows. */
export interface Picture {
  readonly view: TimeView
  readonly histogram: Histogram
  readonly alarms: readonly Alarm[]
  readonly gaps: readonly Span[]
  /** Before it nothing was recorded; NaN: unknown. */
  readonly firstMs: number
  readonly presentMs: number
  readonly cursorMs: number
  readonly isPast: boolean
  readonly timeZone: string
  readonly locale: string
}

/** Sizes, CSS pixels. */
export interface Size {
  readonly width: number
  readonly height: number
  /** One rem. */
  readonly rem: number
}

const AXIS_REM = 1.25
const LANE_REM = 0.25
const LANE_GAP_REM = 0.09
const LANES_REM = PRIORITIES.length * (LANE_REM + LANE_GAP_REM) + 0.15
const LEAST_BAR_PX = 2
const HATCH_ALPHA = 0.28

/** Draws the whole band; a few hundred rectangles, so that each frame of a gesture can. */
export function draw(context: CanvasRenderingContext2D, picture: Picture, size: Size, palette: Palette): void {
  context.clearRect(0, 0, size.width, size.height)
  drawGaps(context, picture, size, palette)
  drawAxis(context, picture, size, palette)
  drawBars(context, picture, size, palette)
  drawAlarms(context, picture, size)
  drawPresent(context, picture, size, palette)
  drawCursor(context, picture, size, palette)
}

function drawGaps(context: CanvasRenderingContext2D, picture: Picture, { width, height, rem }: Size, palette: Palette): void {
  const { view, presentMs, firstMs } = picture
  const ends = Number.isNaN(presentMs) ? view.toMs : presentMs
  const before: Span[] = Number.isNaN(firstMs) ? [] : [{ fromMs: -Infinity, toMs: firstMs }]
  for (const gap of [...before, ...picture.gaps]) {
    const left = Math.max(0, xOf(view, gap.fromMs, width))
    const right = Math.min(width, xOf(view, gap.toMs ?? ends, width))
    if (right - left < 1) continue
    hatch(context, left, right, height - AXIS_REM * rem, rem, palette.faint)
  }
}

function hatch(context: CanvasRenderingContext2D, left: number, right: number, height: number, rem: number, colour: string): void {
  context.save()
  context.beginPath()
  context.rect(left, 0, right - left, height)
  context.clip()
  context.globalAlpha = HATCH_ALPHA
  context.strokeStyle = colour
  context.lineWidth = Math.max(1, rem / 16)
  context.beginPath()
  const gap = rem * 0.45
  for (let x = Math.floor((left - height) / gap) * gap; x < right; x += gap) {
    context.moveTo(x, height)
    context.lineTo(x + height, 0)
  }
  context.stroke()
  context.restore()
}

function drawAxis(context: CanvasRenderingContext2D, picture: Picture, size: Size, palette: Palette): void {
  const { width, height, rem } = size
  const em = rem * 0.75
  const base = height - AXIS_REM * rem
  context.font = `${String(em)}px ${palette.font}`
  context.textBaseline = 'middle'
  context.textAlign = 'center'
  context.fillStyle = palette.line
  context.fillRect(0, base, width, 1)
  const step = stepFor(picture.view, width, em)
  for (const tick of ticksOf(picture.view, step, picture.timeZone, picture.locale)) {
    const x = Math.round(xOf(picture.view, tick.timeMs, width))
    context.fillStyle = palette.line
    context.fillRect(x, tick.isDay ? 0 : base - rem * 0.25, 1, tick.isDay ? base : rem * 0.25)
    const half = context.measureText(tick.text).width / 2
    if (x - half < 0 || x + half > width) continue
    context.fillStyle = tick.isDay ? palette.text : palette.faint
    context.fillText(tick.text, x, base + (AXIS_REM * rem) / 2 + 1)
  }
}

function drawBars(context: CanvasRenderingContext2D, picture: Picture, { width, height, rem }: Size, palette: Palette): void {
  const { view, histogram } = picture
  const { fromMs, widthMs, counts } = histogram
  const base = height - (AXIS_REM + LANES_REM) * rem
  const most = highest(histogram, view)
  if (most === 0) return
  // Roots keep the one alarm of a quiet hour visible beside a minute with hundreds of events.
  const scale = (base - rem * 0.25) / Math.sqrt(most)
  const first = Math.max(0, Math.floor((view.fromMs - fromMs) / widthMs))
  const last = Math.min(counts.other.length - 1, Math.floor((view.toMs - fromMs) / widthMs))
  for (let bucket = first; bucket <= last; bucket++) {
    const left = xOf(view, fromMs + bucket * widthMs, width)
    const wide = Math.max(LEAST_BAR_PX, xOf(view, fromMs + (bucket + 1) * widthMs, width) - left - 1)
    const total = SEVERITIES.reduce((sum, severity) => sum + counts[severity][bucket], 0)
    let bottom = base
    for (const severity of SEVERITIES) {
      const tall = total > 0 ? Math.sqrt(total) * scale * (counts[severity][bucket] / total) : 0
      if (tall === 0) continue
      context.fillStyle = palette.bars[severity]
      context.fillRect(left, bottom - Math.max(1, tall), wide, Math.max(1, tall))
      bottom -= tall
    }
  }
}

function drawAlarms(context: CanvasRenderingContext2D, picture: Picture, { width, height, rem }: Size): void {
  const { view, presentMs } = picture
  const top = height - (AXIS_REM + LANES_REM - 0.05) * rem
  const ends = Number.isNaN(presentMs) ? view.toMs : presentMs
  // Least urgent first, and of each the oldest: what matters most is drawn last.
  for (const alarm of picture.alarms.toReversed()) {
    const left = xOf(view, alarm.raisedMs, width)
    const right = Math.max(left + LEAST_BAR_PX, xOf(view, alarm.closedMs ?? ends, width))
    if (right < 0 || left > width) continue
    const y = top + PRIORITIES.indexOf(alarm.priority) * (LANE_REM + LANE_GAP_REM) * rem
    const returned = alarm.returnedMs === null ? right : Math.max(left + LEAST_BAR_PX, xOf(view, alarm.returnedMs, width))
    context.fillStyle = PRIORITY_COLOURS[alarm.priority]
    context.globalAlpha = 0.4
    context.fillRect(left, y, right - left, LANE_REM * rem)
    context.globalAlpha = 1
    context.fillRect(left, y, Math.min(right, returned) - left, LANE_REM * rem)
  }
}

function drawPresent(context: CanvasRenderingContext2D, { view, presentMs }: Picture, { width, height, rem }: Size, palette: Palette): void {
  const x = xOf(view, presentMs, width)
  if (!(x >= 0 && x <= width)) return
  context.fillStyle = palette.now
  context.fillRect(Math.round(x), 0, Math.max(1, rem / 12), height - AXIS_REM * rem)
}

function drawCursor(context: CanvasRenderingContext2D, picture: Picture, { width, height, rem }: Size, palette: Palette): void {
  const x = Math.round(xOf(picture.view, picture.cursorMs, width))
  if (!picture.isPast || !(x >= -rem && x <= width + rem)) return
  context.fillStyle = palette.past
  context.fillRect(x - 1, 0, 2, height - AXIS_REM * rem)
  context.beginPath()
  context.moveTo(x - rem * 0.45, 0)
  context.lineTo(x + rem * 0.45, 0)
  context.lineTo(x + rem * 0.45, rem * 0.35)
  context.lineTo(x, rem * 0.8)
  context.lineTo(x - rem * 0.45, rem * 0.35)
  context.closePath()
  context.fill()
}
