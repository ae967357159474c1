import { decodeFrame, Kind, SUBPROTOCOL, type Frame } from '@/generated/wire'
import { PointHistory, type Series } from '@/logic/history'

import { backoffMs } from './backoff'
import { applyFrame, emptyColumns, type LiveColumns } from './columns'
import { browserEnvironment, type LinkState, type LiveEnvironment, type TalkingSocket } from './live'
import { noteClose } from './refusal'

/** Film time between kept samples of a sparkline. */
const HISTORY_GAP_MS = 2000
/** A seek that has no answer for this long is taken for lost: the next one may go. */
export const SEEK_PATIENCE_MS = 3000

/** From when to when, ms since 1970 UTC; `toMs` null: it goes on. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number | null
}

/** Where the server's player stands. */
export interface ReplayStatus {
  /** ms since 1970 UTC; NaN: nowhere yet. */
  readonly timeMs: number
  readonly playing: boolean
  /** Film seconds in a real one; negative backwards. */
  readonly speed: number
  /** What is recorded; null: nothing. */
  readonly span: Span | null
  /** The stretch without film in which the player stands. */
  readonly gap: Span | null
}

/** What the connection tells its owner. */
export interface ReplayHandlers {
  readonly onState: (state: LinkState) => void
  readonly onFrame: (frame: Frame) => void
  readonly onStatus: (status: ReplayStatus) => void
  readonly onEvent: (event: Readonly<Record<string, unknown>>) => void
  /** The server could not do what was asked, or sent what cannot be read; fit for people. */
  readonly onFault: (message: string) => void
}

/** The address of the film of the server that this page came from. */
export function replayUrl(location: Pick<Location, 'protocol' | 'host'>): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/replay`
}

/**
 * A viewer of the film: what it was told last is told again when the connection comes back. At most one seek is
 * under way; of those that come meanwhile only the newest is sent, so that a moving slider never runs ahead.
 */
export class ReplayConnection {
  private socket: TalkingSocket | null = null
  private isOpen = false
  private attempt = 0
  private timeMs = Number.NaN
  private speed: number | null = null
  private nextSeekMs: number | null = null
  private cancelPatience: (() => void) | null = null
  private cancelRetry: (() => void) | null = null
  private stopped = true

  constructor(
    private readonly url: string,
    private readonly handlers: ReplayHandlers,
    private readonly environment: LiveEnvironment = browserEnvironment(),
  ) {}

  /** Whether a seek has been asked for that no frame has answered yet. */
  get isSeeking(): boolean {
    return this.nextSeekMs !== null || this.cancelPatience !== null
  }

  /** Show a moment; connects where that was not done. */
  seek(timeMs: number): void {
    this.timeMs = timeMs
    if (this.stopped) {
      this.stopped = false
      this.handlers.onState('connecting')
      this.connect()
    } else if (this.cancelPatience !== null) this.nextSeekMs = timeMs
    else this.sendSeek(timeMs)
  }

  /** Play on from where it stands; `speed` film seconds in a real one. */
  play(speed: number): void {
    this.speed = speed
    this.send({ type: 'play', speed })
  }

  pause(): void {
    this.speed = null
    this.send({ type: 'pause' })
  }

  /** Leave the film. */
  stop(): void {
    this.stopped = true
    this.speed = null
    this.cancelRetry?.()
    this.cancelRetry = null
    this.drop()
  }

  private connect(): void {
    this.cancelRetry = null
    const socket = this.environment.open(this.url, SUBPROTOCOL)
    this.socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      this.begin()
    }
    socket.onmessage = (event) => {
      this.receive(event.data)
    }
    socket.onerror = () => undefined
    socket.onclose = (event) => {
      noteClose(event.code)
      this.lose()
    }
  }

  private begin(): void {
    this.isOpen = true
    this.sendSeek(this.timeMs)
    if (this.speed !== null) this.play(this.speed)
  }

  private receive(data: unknown): void {
    try {
      if (data instanceof ArrayBuffer) this.receiveFrame(decodeFrame(data))
      else if (typeof data === 'string') this.receiveText(JSON.parse(data) as Record<string, unknown>)
    } catch (error) {
      this.handlers.onFault(error instanceof Error ? error.message : String(error))
      this.lose()
    }
  }

  private receiveFrame(frame: Frame): void {
    this.attempt = 0
    this.handlers.onState('live')
    this.send({ type: 'ack', seq: frame.seq })
    if (frame.kind === Kind.Snapshot) this.answered()
    if (!this.isSeeking) this.timeMs = frame.time
    this.handlers.onFrame(frame)
  }

  private receiveText(message: Record<string, unknown>): void {
    if (message.type === 'replay') this.handlers.onStatus(readStatus(message))
    else if (message.type === 'event') this.handlers.onEvent(message)
    else if (message.type === 'error') {
      this.answered()
      this.handlers.onFault(String(message.message))
    }
  }

  private sendSeek(timeMs: number): void {
    this.nextSeekMs = null
    if (!this.isOpen) return
    this.send({ type: 'seek', time: new Date(timeMs).toISOString() })
    this.cancelPatience = this.environment.after(SEEK_PATIENCE_MS, () => {
      this.cancelPatience = null
      this.answered()
    })
  }

  /** The seek that was under way is done: the newest of those that waited goes. */
  private answered(): void {
    this.cancelPatience?.()
    this.cancelPatience = null
    if (this.nextSeekMs !== null) this.sendSeek(this.nextSeekMs)
  }

  private send(message: object): void {
    if (this.isOpen) this.socket?.send(JSON.stringify(message))
  }

  private lose(): void {
    if (this.socket === null) return
    this.drop()
    if (this.stopped) return
    this.handlers.onState('lost')
    const pauseMs = backoffMs(this.attempt++, this.environment.random)
    this.cancelRetry = this.environment.after(pauseMs, () => {
      this.connect()
    })
  }

  private drop(): void {
    this.isOpen = false
    this.nextSeekMs = null
    this.cancelPatience?.()
    this.cancelPatience = null
    const socket = this.socket
    this.socket = null
    if (socket === null) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }
}

/** @throws TypeError when the message is none of the protocol. */
function readStatus(message: Record<string, unknown>): ReplayStatus {
  const { time, playing, speed, span, gap } = message
  if (typeof playing !== 'boolean' || typeof speed !== 'number') throw new TypeError('a status that cannot be read')
  return { timeMs: typeof time === 'string' ? Date.parse(time) : Number.NaN, playing, speed, span: readSpan(span), gap: readSpan(gap) }
}

function readSpan(raw: unknown): Span | null {
  if (typeof raw !== 'object' || raw === null) return null
  const { from, to } = raw as { from?: unknown; to?: unknown }
  if (typeof from !== 'string') return null
  return { fromMs: Date.parse(from), toMs: typeof to === 'string' ? Date.parse(to) : null }
}

/** Frames of the film into columns like those of the live stream, and the time at which the picture stands. */
export class ReplayStream {
  columns: LiveColumns = emptyColumns(0)
  private history = new PointHistory(HISTORY_GAP_MS)
  private shownMs = Number.NaN
  private atLocalMs = 0
  private rate = 0

  constructor(private readonly monotonicMs: () => number) {}

  /** Begin from other columns, which show until the first moment comes. */
  begin(shown: LiveColumns): void {
    this.columns = { value: shown.value.slice(), time: shown.time.slice(), quality: shown.quality.slice() }
    this.history = new PointHistory(HISTORY_GAP_MS)
    this.shownMs = Number.NaN
    this.rate = 0
  }

  /** Takes in a frame; gives the points that may have changed: all of them where a moment was jumped to. */
  receive(frame: Frame): Uint32Array {
    const jumped = frame.kind === Kind.Snapshot
    if (jumped || frame.time < this.shownMs) this.history = new PointHistory(HISTORY_GAP_MS * Math.max(1, this.rate))
    if (jumped) forget(this.columns)
    const changed = applyFrame(this.columns, frame)
    for (const point of changed) this.history.record(point, frame.time, this.columns.value[point])
    this.stand(frame.time, this.rate)
    return jumped ? Uint32Array.from(this.columns.value.keys()) : changed
  }

  /** The player stands at `timeMs` and goes on by `rate` film milliseconds in a real one. */
  stand(timeMs: number, rate: number): void {
    this.shownMs = timeMs
    this.rate = rate
    this.atLocalMs = this.monotonicMs()
  }

  /** What a point measured since the moment that was jumped to. */
  series(point: number): Series {
    return this.history.series(point)
  }

  /** The film's time on screen, ms since 1970 UTC; NaN before the first frame. */
  nowMs(): number {
    return this.shownMs + (this.monotonicMs() - this.atLocalMs) * this.rate
  }

  /** The past does not age. */
  ageMs(): number {
    return Number.NaN
  }

  /** How long before the moment on screen something was, in film time, ms. */
  ageOf(timeMs: number): number {
    return Math.max(0, this.nowMs() - timeMs)
  }
}

function forget(columns: LiveColumns): void {
  columns.value.fill(Number.NaN)
  columns.time.fill(Number.NaN)
  columns.quality.set(emptyColumns(columns.quality.length).quality)
}
