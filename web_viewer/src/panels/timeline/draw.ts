import type { Span } from '@/net/replay'

import { stepFor, ticksOf } from './axis'
import { highest, SEVERITIES, totalOf, type Histogram, type Severity } from './density'
import { NOTES_REM, zonesOf, type Item, type Size } from './items'
import { xOf, type TimeView } from './view'

/** Colours of the interface, as its style sheet has them. */
export interface Palette {
  readonly text: string
  readonly faint: string
  readonly line: string
  readonly bars: Readonly<Record<Severity, string>>
  readonly booking: string
  readonly note: string
  readonly recorded: string
  readonly past: string
  readonly now: string
  readonly font: string
}

/** What the band shows. */
export interface Picture {
  readonly view: TimeView
  readonly histogram: Histogram
  readonly items: readonly Item[]
  /** Alarms that found no row. */
  readonly left: number
  readonly gaps: readonly Span[]
  /** When the camera that is looked at was recorded. */
  readonly recordings: readonly { readonly fromMs: number; readonly toMs: number }[]
  /** Before it nothing was recorded; NaN: unknown. */
  readonly firstMs: number
  readonly presentMs: number
  readonly cursorMs: number
  readonly isPast: boolean
  /** The moment that the one on screen is compared with; NaN: with none. */
  readonly markMs: number
  readonly timeZone: string
  readonly locale: string
}

const LEAST_BAR_PX = 2
const HATCH_ALPHA = 0.28

/** Draws the whole band; a few hundred rectangles, so that each frame of a gesture can. */
export function draw(context: CanvasRenderingContext2D, picture: Picture, size: Size, palette: Palette): void {
  context.clearRect(0, 0, size.width, size.height)
  drawGaps(context, picture, size, palette)
  drawAxis(context, picture, size, palette)
  drawBars(context, picture, size, palette)
  drawItems(context, picture, size, palette)
  drawRecordings(context, picture, size, palette)
  drawPresent(context, picture, size, palette)
  drawHandle(context, picture.markMs, 'A', picture, size, palette)
  if (picture.isPast) drawHandle(context, picture.cursorMs, Number.isNaN(picture.markMs) ? '' : 'B', picture, size, palette)
}

function drawGaps(context: CanvasRenderingContext2D, picture: Picture, size: Size, palette: Palette): void {
  const { view, presentMs, firstMs } = picture
  const ends = Number.isNaN(presentMs) ? view.toMs : presentMs
  const before: Span[] = Number.isNaN(firstMs) ? [] : [{ fromMs: -Infinity, toMs: firstMs }]
  for (const gap of [...before, ...picture.gaps]) {
    const left = Math.max(0, xOf(view, gap.fromMs, size.width))
    const right = Math.min(size.width, xOf(view, gap.toMs ?? ends, size.width))
    if (right - left < 1) continue
    hatch(context, left, right, zonesOf(size).axis, size.rem, palette.faint)
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
  const base = zonesOf(size).axis
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
    context.fillText(tick.text, x, base + (height - base) / 2 + 1)
  }
}

function drawBars(context: CanvasRenderingContext2D, picture: Picture, size: Size, palette: Palette): void {
  const { view, histogram } = picture
  const { fromMs, widthMs, counts } = histogram
  const { width, rem } = size
  const base = zonesOf(size).alarms - rem * 0.12
  const most = highest(histogram, view)
  if (most === 0) return
  // Roots keep the one alarm of a quiet hour visible beside a minute with hundreds of events.
  const scale = (base - (NOTES_REM + 0.1) * rem) / Math.sqrt(most)
  const first = Math.max(0, Math.floor((view.fromMs - fromMs) / widthMs))
  const last = Math.min(counts.other.length - 1, Math.floor((view.toMs - fromMs) / widthMs))
  for (let bucket = first; bucket <= last; bucket++) {
    const total = totalOf(histogram, bucket)
    if (total === 0) continue
    const left = xOf(view, fromMs + bucket * widthMs, width)
    const wide = Math.max(LEAST_BAR_PX, xOf(view, fromMs + (bucket + 1) * widthMs, width) - left - 1)
    let bottom = base
    for (const severity of SEVERITIES) {
      const tall = Math.sqrt(total) * scale * (counts[severity][bucket] / total)
      if (tall === 0) continue
      context.fillStyle = palette.bars[severity]
      context.fillRect(left, bottom - Math.max(1, tall), wide, Math.max(1, tall))
      bottom -= tall
    }
  }
}

function drawItems(context: CanvasRenderingContext2D, picture: Picture, size: Size, palette: Palette): void {
  for (const item of picture.items) {
    if (item.kind === 'note') drawNote(context, item, size, palette)
    else drawStretch(context, item, palette)
  }
  if (picture.left === 0) return
  context.font = `600 ${String(size.rem * 0.625)}px ${palette.font}`
  context.textAlign = 'right'
  context.fillStyle = palette.faint
  context.fillText(`+${String(picture.left)}`, size.width - 2, zonesOf(size).alarms - size.rem * 0.45)
}

/** An alarm is solid while its cause lasted, pale until somebody closed it. */
function drawStretch(context: CanvasRenderingContext2D, item: Exclude<Item, { kind: 'note' }>, palette: Palette): void {
  const { left, right, top, bottom } = item
  context.fillStyle = item.kind === 'alarm' ? item.colour : palette.booking
  context.globalAlpha = item.kind === 'alarm' ? 0.4 : 0.75
  context.fillRect(left, top, right - left, bottom - top)
  context.globalAlpha = 1
  if (item.kind === 'alarm') context.fillRect(left, top, item.solidTo - left, bottom - top)
}

/** A flag at its moment; an interval is a bar with a flag. */
function drawNote(context: CanvasRenderingContext2D, { left, right, bottom, of }: Item & { kind: 'note' }, { rem }: Size, palette: Palette): void {
  context.fillStyle = palette.note
  if (of.toMs !== null) {
    context.globalAlpha = 0.35
    context.fillRect(left, 0, right - left, bottom)
    context.globalAlpha = 1
    context.fillRect(left, bottom - rem * 0.12, right - left, rem * 0.12)
  }
  context.fillRect(left - rem * 0.04, 0, Math.max(1, rem * 0.09), bottom + rem * 0.3)
  context.beginPath()
  context.moveTo(left, rem * 0.05)
  context.lineTo(left + rem * 0.68, rem * 0.3)
  context.lineTo(left, rem * 0.62)
  context.closePath()
  // A bare marker is an empty flag.
  if (of.text === '') {
    context.lineWidth = Math.max(1, rem * 0.08)
    context.strokeStyle = palette.note
    context.stroke()
  } else context.fill()
}

/** A line along the axis, where there are pictures. */
function drawRecordings(context: CanvasRenderingContext2D, { view, recordings }: Picture, size: Size, palette: Palette): void {
  const tall = Math.max(2, size.rem * 0.16)
  context.fillStyle = palette.recorded
  for (const { fromMs, toMs } of recordings) {
    const left = Math.max(0, xOf(view, fromMs, size.width))
    const right = Math.min(size.width, xOf(view, toMs, size.width))
    if (right > left) context.fillRect(left, zonesOf(size).axis - tall, Math.max(1, right - left), tall)
  }
}

function drawPresent(context: CanvasRenderingContext2D, { view, presentMs }: Picture, size: Size, palette: Palette): void {
  const x = xOf(view, presentMs, size.width)
  if (!(x >= 0 && x <= size.width)) return
  context.fillStyle = palette.now
  context.fillRect(Math.round(x), 0, Math.max(1, size.rem / 12), zonesOf(size).axis)
}

/** The cursor, or the moment that it is compared with. */
function drawHandle(context: CanvasRenderingContext2D, timeMs: number, letter: string, { view }: Picture, size: Size, palette: Palette): void {
  const { width, rem } = size
  const x = Math.round(xOf(view, timeMs, width))
  if (!(x >= -rem && x <= width + rem)) return
  const [half, shoulder, tip] = letter === '' ? [0.45, 0.35, 0.8] : [0.55, 0.8, 1.2]
  context.fillStyle = palette.past
  context.fillRect(x - 1, 0, 2, zonesOf(size).axis)
  context.beginPath()
  context.moveTo(x - rem * half, 0)
  context.lineTo(x + rem * half, 0)
  context.lineTo(x + rem * half, rem * shoulder)
  context.lineTo(x, rem * tip)
  context.lineTo(x - rem * half, rem * shoulder)
  context.closePath()
  context.fill()
  if (letter === '') return
  context.font = `700 ${String(rem * 0.75)}px ${palette.font}`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.fillStyle = '#fff'
  context.fillText(letter, x, rem * 0.45)
}
