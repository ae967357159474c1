import { decodeFrame, Kind, type Frame, type Hello } from '@/generated/wire'
import { PointHistory, type Series } from '@/logic/history'

import { applyFrame, emptyColumns, forgetOthers, type LiveColumns } from './columns'
import type { StreamPlace } from './live'
import { ServerClock } from './serverClock'
import type { PointInfo } from './types'

/** Wall time between kept samples of a sparkline. */
const HISTORY_GAP_MS = 2000

/** What the live stream tells whoever shows it. */
export interface StreamHandlers {
  /** These points have new values. */
  readonly onSamples: (changed: Uint32Array, columns: LiveColumns) => void
  /** Point indices mean other points now; the columns are new and empty. */
  readonly onPoints: (points: readonly PointInfo[], columns: LiveColumns) => void
  /** The points could not be fetched: the stream is of no use until it begins anew. */
  readonly onFault: (error: unknown) => void
}

/**
 * Frames into columns. Frames that come while the points of a new registry are being fetched wait, since their
 * indices mean the new points.
 */
export class LiveStream {
  readonly clock = new ServerClock()
  columns: LiveColumns = emptyColumns(0)
  private history = new PointHistory(HISTORY_GAP_MS)
  private registry = ''
  private epoch = ''
  private seq = Number.NaN
  private waiting: Frame[] | null = null
  private newestMs = Number.NaN

  constructor(
    private readonly handlers: StreamHandlers,
    private readonly fetchPoints: () => Promise<readonly PointInfo[]>,
    private readonly monotonicMs: () => number,
  ) {}

  /** A stream begins, the first or another one after a break. */
  async begin(hello: Hello): Promise<void> {
    this.clock.reset(hello.speed)
    this.clock.observe(Date.parse(hello.time), this.monotonicMs())
    if (!hello.resumed) this.seq = Number.NaN
    this.epoch = hello.epoch
    if (hello.registry === this.registry) return
    const waiting: Frame[] = []
    this.waiting = waiting
    try {
      const points = await this.fetchPoints()
      if (this.waiting !== waiting) return
      this.replacePoints(points, hello.registry)
      for (const frame of waiting) this.take(frame)
    } catch (error) {
      if (this.waiting !== waiting) return
      this.waiting = null
      this.handlers.onFault(error)
    }
  }

  /** @throws WireError when the bytes are no frame. */
  receive(data: ArrayBuffer): void {
    const frame = decodeFrame(data)
    this.clock.observe(frame.time, this.monotonicMs())
    if (this.waiting !== null) this.waiting.push(frame)
    else this.take(frame)
  }

  /** Up to where the columns hold the stream; null: they do not, as before the first snapshot. */
  place(): StreamPlace | null {
    return this.waiting !== null || Number.isNaN(this.seq) ? null : { epoch: this.epoch, seq: this.seq }
  }

  /** What a point measured since the page was opened. */
  series(point: number): Series {
    return this.history.series(point)
  }

  /** The server's time, ms since 1970 UTC; NaN before the first frame. */
  nowMs(): number {
    return this.clock.now(this.monotonicMs())
  }

  /** Age of the newest sample in real time, ms; NaN before the first. */
  ageMs(): number {
    return this.ageOf(this.newestMs)
  }

  /** Age in real time of a server time, ms. */
  ageOf(serverMs: number): number {
    return this.clock.ageMs(serverMs, this.monotonicMs())
  }

  private replacePoints(points: readonly PointInfo[], registry: string): void {
    this.registry = registry
    this.waiting = null
    this.newestMs = Number.NaN
    this.history = new PointHistory(HISTORY_GAP_MS * this.clock.speed)
    this.columns = emptyColumns(points.length)
    this.handlers.onPoints(points, this.columns)
  }

  private take(frame: Frame): void {
    this.seq = frame.seq
    if (frame.kind === Kind.Snapshot) {
      const forgotten = forgetOthers(this.columns, frame)
      if (forgotten.length > 0) this.handlers.onSamples(forgotten, this.columns)
    }
    const changed = applyFrame(this.columns, frame)
    if (changed.length === 0) return
    this.newestMs = frame.time
    for (const point of changed) this.history.record(point, frame.time, this.columns.value[point])
    this.handlers.onSamples(changed, this.columns)
  }
}
