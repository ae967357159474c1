import { panned, pinched, zoomed, type Size, type View } from '../logic/view'
import type { Point } from '../types'

/** What hands do to a map. */
export interface Handled {
  readonly view: () => View
  readonly size: () => Size
  /** CSS px for each px of the view. */
  readonly unit: () => number
  /** The hand moves the map now. */
  readonly move: (view: View) => void
  /** A tap that moved nothing, px within the element. */
  readonly tap: (at: Point) => void
}

const TAP_PX = 8
const TAP_MS = 500
const DOUBLE_MS = 300
const KEY_PX = 80
/** Speed that is left of a flick after a second. */
const GLIDE_LEFT = 0.002
const GLIDE_LEAST_PX_MS = 0.05

/** Pan, pinch, turn, wheel, double tap and keys on an element; the returned function lets go. */
export function listenToHands(element: HTMLElement, handled: Handled): () => void {
  const hands = new Hands(element, handled)
  const listeners: [string, (event: never) => void][] = [
    ['pointerdown', (event: PointerEvent) => { hands.down(event) }],
    ['pointermove', (event: PointerEvent) => { hands.moved(event) }],
    ['pointerup', (event: PointerEvent) => { hands.up(event, true) }],
    ['pointercancel', (event: PointerEvent) => { hands.up(event, false) }],
    ['wheel', (event: WheelEvent) => { hands.wheel(event) }],
    ['keydown', (event: KeyboardEvent) => { hands.key(event) }],
  ]
  for (const [name, listener] of listeners) element.addEventListener(name, listener as EventListener, { passive: false })
  return () => {
    hands.stop()
    for (const [name, listener] of listeners) element.removeEventListener(name, listener as EventListener)
  }
}

class Hands {
  private readonly fingers = new Map<number, Point>()
  private began: { at: Point; time: number } | null = null
  private lastTap = { at: [0, 0] as Point, time: -Infinity }
  private speed: [number, number] = [0, 0]
  private lastMoveAt = 0
  private glideHandle = 0

  constructor(
    private readonly element: HTMLElement,
    private readonly handled: Handled,
  ) {}

  stop(): void {
    cancelAnimationFrame(this.glideHandle)
  }

  down(event: PointerEvent): void {
    this.stop()
    this.element.setPointerCapture(event.pointerId)
    this.fingers.set(event.pointerId, this.at(event))
    this.began = this.fingers.size === 1 ? { at: this.at(event), time: event.timeStamp } : null
    this.speed = [0, 0]
    this.lastMoveAt = event.timeStamp
  }

  moved(event: PointerEvent): void {
    const before = this.fingers.get(event.pointerId)
    if (before === undefined) return
    const now = this.at(event)
    if (this.began && Math.hypot(now[0] - this.began.at[0], now[1] - this.began.at[1]) > TAP_PX) this.began = null
    const others = [...this.fingers].filter(([id]) => id !== event.pointerId).map(([, point]) => point)
    this.fingers.set(event.pointerId, now)
    if (others.length === 0) this.drag(before, now, event.timeStamp)
    else this.handled.move(pinched(this.handled.view(), this.handled.size(), before, others[0], now, others[0]))
  }

  up(event: PointerEvent, finished: boolean): void {
    if (!this.fingers.delete(event.pointerId)) return
    if (finished && this.began && event.timeStamp - this.began.time < TAP_MS) this.tap(this.at(event), event.timeStamp)
    else if (this.fingers.size === 0 && event.timeStamp - this.lastMoveAt < 60) this.glide(performance.now())
    this.began = null
  }

  wheel(event: WheelEvent): void {
    event.preventDefault()
    this.stop()
    const size = this.handled.size()
    this.handled.move(zoomed(this.handled.view(), size, this.at(event), Math.exp(-event.deltaY * 0.0016)))
  }

  key(event: KeyboardEvent): void {
    const size = this.handled.size()
    const middle: Point = [size.width / 2, size.height / 2]
    const pan = (dx: number, dy: number): View => panned(this.handled.view(), size, middle, [middle[0] + dx, middle[1] + dy])
    const turn = (factor: number, angle: number): View => zoomed(this.handled.view(), size, middle, factor, angle)
    const keys: Partial<Record<string, () => View>> = {
      ArrowLeft: () => pan(KEY_PX, 0), ArrowRight: () => pan(-KEY_PX, 0), ArrowUp: () => pan(0, KEY_PX), ArrowDown: () => pan(0, -KEY_PX),
      '+': () => turn(1.3, 0), '=': () => turn(1.3, 0), '-': () => turn(1 / 1.3, 0), q: () => turn(1, 0.26), e: () => turn(1, -0.26),
    }
    const next = keys[event.key]
    if (next === undefined || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    this.handled.move(next())
  }

  private drag(before: Point, now: Point, time: number): void {
    if (this.began !== null) return
    const ms = Math.max(1, time - this.lastMoveAt)
    this.lastMoveAt = time
    // Smoothed, so that one late event does not fling the map away.
    this.speed = [0, 1].map((k) => this.speed[k] * 0.6 + ((now[k] - before[k]) / ms) * 0.4) as [number, number]
    this.handled.move(panned(this.handled.view(), this.handled.size(), before, now))
  }

  private glide(before: number): void {
    if (Math.hypot(...this.speed) < GLIDE_LEAST_PX_MS) return
    this.glideHandle = requestAnimationFrame((now) => {
      const ms = Math.min(50, now - before)
      const step = this.speed.map((v) => v * ms) as [number, number]
      this.speed = this.speed.map((v) => v * GLIDE_LEFT ** (ms / 1000)) as [number, number]
      this.handled.move(panned(this.handled.view(), this.handled.size(), [0, 0], step))
      this.glide(now)
    })
  }

  private tap(at: Point, time: number): void {
    const again = time - this.lastTap.time < DOUBLE_MS && Math.hypot(at[0] - this.lastTap.at[0], at[1] - this.lastTap.at[1]) < 30
    this.lastTap = { at, time: again ? -Infinity : time }
    if (again) this.handled.move(zoomed(this.handled.view(), this.handled.size(), at, 1.8))
    else this.handled.tap(at)
  }

  private at(event: MouseEvent): Point {
    const box = this.element.getBoundingClientRect()
    const unit = this.handled.unit()
    return [(event.clientX - box.left) / unit, (event.clientY - box.top) / unit]
  }
}
