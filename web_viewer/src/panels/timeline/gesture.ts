/** What a gesture on the band asks for; times in pixels of the band. */
export interface GestureHandlers {
  /** Whether a press at a place drags time itself: above the axis it does, on the axis it drags the band. */
  readonly isScrub: (x: number, y: number) => boolean
  readonly scrub: (x: number) => void
  /** The cursor was let go after a drag. */
  readonly drop: (x: number) => void
  readonly click: (x: number, y: number) => void
  readonly pan: (byPx: number) => void
  /** `factor` below 1 shows less time; the moment at `x` keeps its place. */
  readonly zoom: (factor: number, x: number) => void
}

/** Movement that still counts as a click. */
const CLICK_PX = 5
/** One notch of a wheel. */
const WHEEL_ZOOM = 0.0016

interface Finger {
  x: number
}

/** Tells clicks, drags of time, drags of the band and pinches apart. No DOM: positions in, wishes out. */
export class BandGesture {
  private readonly fingers = new Map<number, Finger>()
  private startX = 0
  private startY = 0
  private moved = false
  private scrubs = false

  constructor(private readonly handlers: GestureHandlers) {}

  /** Where time is dragged to, pixels; null while it is not. */
  get scrubX(): number | null {
    if (!this.scrubs || !this.moved) return null
    return [...this.fingers.values()][0]?.x ?? null
  }

  down(id: number, x: number, y: number): void {
    this.fingers.set(id, { x })
    if (this.fingers.size > 1) {
      this.moved = true
      this.scrubs = false
      return
    }
    this.startX = x
    this.startY = y
    this.moved = false
    this.scrubs = this.handlers.isScrub(x, y)
  }

  move(id: number, x: number): void {
    const finger = this.fingers.get(id)
    if (finger === undefined) return
    if (this.fingers.size > 1) {
      this.pinch(finger, x)
      return
    }
    if (!this.moved && Math.abs(x - this.startX) < CLICK_PX) return
    const by = x - (this.moved ? finger.x : this.startX)
    this.moved = true
    finger.x = x
    if (this.scrubs) this.handlers.scrub(x)
    else this.handlers.pan(-by)
  }

  up(id: number, x: number): void {
    if (!this.fingers.delete(id) || this.fingers.size > 0) return
    if (!this.moved) this.handlers.click(x, this.startY)
    else if (this.scrubs) this.handlers.drop(x)
    this.scrubs = false
  }

  cancel(id: number): void {
    this.fingers.delete(id)
    this.scrubs = false
  }

  /** A wheel's turn: across it pans, along it zooms. */
  wheel(deltaX: number, deltaY: number, shift: boolean, x: number): void {
    if (shift || Math.abs(deltaX) > Math.abs(deltaY)) this.handlers.pan(deltaX || deltaY)
    else this.handlers.zoom(Math.exp(Math.max(-300, Math.min(300, deltaY)) * WHEEL_ZOOM), x)
  }

  private pinch(finger: Finger, x: number): void {
    const other = [...this.fingers.values()].find((each) => each !== finger)
    if (other === undefined) return
    const before = Math.abs(finger.x - other.x)
    const middle = (finger.x + other.x) / 2
    finger.x = x
    const after = Math.abs(x - other.x)
    this.handlers.pan(middle - (x + other.x) / 2)
    if (before > 1 && after > 1) this.handlers.zoom(before / after, (x + other.x) / 2)
  }
}
