import { decodeFrame, Kind, type Filter, type Frame } from '@/generated/wire'
import { PointHistory, type Series } from '@/logic/history'

import { applyFrame, emptyColumns, type LiveColumns } from './columns'
import { browserEnvironment, Link, type LinkEnvironment, type LinkState } from './link'
import { readScene, type PastScene } from './pastBindings'
import { isDriver, readSession, readSessionEnd, type SessionEnd, type SharedSession, type SharedView } from './replaySession'

/** Film time between kept samples of a sparkline. */
const HISTORY_GAP_MS = 2000
/** A seek that has no answer for this long is taken for lost: the next one may go. */
export const SEEK_PATIENCE_MS = 3000
/** Close code of the server: the session that was to be joined is not there. */
export const CLOSE_NO_SESSION = 4404
/** Frames that may be under way at the default rate; at a higher one as many as come within this time. */
const FRAMES_AHEAD = 2
const AHEAD_S = 0.2

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
  /** Which model and which bindings were in force; null: nobody noted it. */
  readonly scene: PastScene | null
}

/** One step of the player. */
export interface Step {
  readonly to: 'event' | 'second' | 'frame'
  readonly back?: boolean
  /** Types of events, such as `alarm.raised` or `alarm.*`. */
  readonly events?: string
  /** What events are about, such as `device:L1-AHU-03`; may end with `*`. */
  readonly subject?: string
  readonly severity?: readonly ('critical' | 'high' | 'medium' | 'low')[]
}

/** Which points a viewer wants, and how many frames a second (at most 30; 10 where it does not say). */
export interface Want {
  readonly select?: readonly Filter[] | null
  readonly rate?: number | null
}

/** What the connection tells its owner. */
export interface ReplayHandlers {
  readonly onState: (state: LinkState) => void
  readonly onFrame: (frame: Frame) => void
  readonly onStatus: (status: ReplayStatus) => void
  readonly onEvent: (event: Readonly<Record<string, unknown>>) => void
  /** The server could not do what was asked, or sent what cannot be read; fit for people. */
  readonly onFault: (message: string) => void
  /** A step has come to this event. */
  readonly onStepped?: (event: Readonly<Record<string, unknown>>) => void
  /** Who is in the session, who drives; null: in none any more. */
  readonly onSession?: (session: SharedSession | null) => void
  /** Where the driver looks; only where another one drives. */
  readonly onDriver?: (view: SharedView) => void
  /** The session that was to be joined is not to be had. */
  readonly onSessionEnd?: (why: SessionEnd) => void
}

/** The address of the film of the server that this page came from. */
export function replayUrl(location: Pick<Location, 'protocol' | 'host'>): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/replay`
}

/**
 * A viewer of the film: what it was told last is told again when the connection comes back. At most one seek is
 * under way; of those that come meanwhile only the newest is sent, so that a moving slider never runs ahead.
 *
 * In a session several see what its driver shows. `host` begins one, whose `session.id` others `join`; who follows
 * can `leave` to look around alone, `comeBack`, and `quit`; the driver can `hand` over. While another one drives,
 * seeking, playing and stepping do nothing: ask `canMove`.
 */
export class ReplayConnection {
  private readonly link: Link
  private timeMs = Number.NaN
  private speed: number | null = null
  private want: Want | null = null
  private nextSeekMs: number | null = null
  private cancelPatience: (() => void) | null = null
  private shared: SharedSession | null = null
  private wanted: string | null = null
  private alone = false
  private ended: SessionEnd = 'ended'

  constructor(
    private readonly url: string,
    private readonly handlers: ReplayHandlers,
    private readonly environment: LinkEnvironment = browserEnvironment(),
  ) {
    this.link = new Link(
      {
        url: () => this.address(),
        onState: handlers.onState,
        onOpen: () => {
          this.begin()
        },
        onFrame: (data) => {
          this.receiveFrame(decodeFrame(data))
        },
        onText: (message) => {
          this.receiveText(message)
        },
        onFault: (error) => {
          handlers.onFault(error instanceof Error ? error.message : String(error))
        },
        onGone: (code) => {
          this.gone(code)
        },
      },
      environment,
    )
  }

  /** Whether a seek has been asked for that no frame has answered yet. */
  get isSeeking(): boolean {
    return this.nextSeekMs !== null || this.cancelPatience !== null
  }

  /** Whether this viewer moves the film: alone, or as the driver. */
  get canMove(): boolean {
    return this.wanted === null || this.alone || isDriver(this.shared)
  }

  /** The session that it is in; its `participants`, and who drives. */
  get session(): SharedSession | null {
    return this.shared
  }

  /** Show a moment; connects where that was not done. */
  seek(timeMs: number): void {
    if (!this.canMove) return
    this.timeMs = timeMs
    if (this.link.isStopped) this.link.start()
    else if (this.cancelPatience !== null) this.nextSeekMs = timeMs
    else this.sendSeek(timeMs)
  }

  /** Play on from where it stands; `speed` film seconds in a real one: 0.1 to 3600, negative ones backwards. */
  play(speed: number): void {
    if (!this.canMove) return
    this.speed = speed
    this.link.send({ type: 'play', speed })
  }

  pause(): void {
    if (!this.canMove) return
    this.speed = null
    this.link.send({ type: 'pause' })
  }

  /** Stop, and go on by one event, second or frame, or back by one. */
  step(step: Step): void {
    if (!this.canMove) return
    this.speed = null
    this.link.send({ type: 'step', ...step })
  }

  /** Take some points alone, or more or fewer frames; holds over breaks. */
  subscribe(want: Want): void {
    this.want = want
    this.link.send({ type: 'subscribe', ...want })
  }

  /** Let others join; the session that `onSession` tells has the id for them. */
  host(): void {
    this.link.send({ type: 'host' })
  }

  /** See what the driver of a session shows; connects where that was not done. */
  join(session: string): void {
    this.link.stop()
    this.wanted = session
    this.shared = null
    this.alone = false
    this.speed = null
    this.link.start()
  }

  /** Look around alone for a while, from where the film stands. */
  leave(): void {
    if (this.shared === null) return
    this.alone = true
    this.speed = null
    this.link.send({ type: 'leave' })
  }

  /** See again what the driver shows. */
  comeBack(): void {
    if (this.shared === null) return
    this.alone = false
    this.speed = null
    this.link.send({ type: 'return' })
  }

  /** Have done with the session; the film stays where it stands. */
  quit(): void {
    this.link.send({ type: 'quit' })
  }

  /** Let another one of the session drive, by the id of the participant. */
  hand(to: string): void {
    this.link.send({ type: 'hand', to })
  }

  /** As the driver, show others where this viewer looks; at most about 3,500 bytes of JSON. */
  look(view: SharedView): void {
    if (isDriver(this.shared) && !this.alone) this.link.send({ type: 'view', view })
  }

  /** Leave the film. */
  stop(): void {
    if (this.shared !== null) this.quit()
    this.speed = null
    this.forgetSession()
    this.link.stop()
  }

  private address(): string {
    if (this.wanted === null) return this.url
    const ticket = this.shared === null ? '' : `&ticket=${encodeURIComponent(this.shared.ticket)}`
    return `${this.url}?session=${encodeURIComponent(this.wanted)}${ticket}`
  }

  private begin(): void {
    if (this.want !== null) this.subscribe(this.want)
    if (this.wanted !== null && !this.alone) return
    if (this.alone) this.link.send({ type: 'leave' })
    if (!Number.isNaN(this.timeMs)) this.sendSeek(this.timeMs)
    if (this.speed !== null) this.play(this.speed)
  }

  private receiveFrame(frame: Frame): void {
    this.link.settle()
    this.link.send({ type: 'ack', seq: frame.seq, ahead: this.framesAhead() })
    if (frame.kind === Kind.Snapshot) this.answered()
    if (!this.isSeeking) this.timeMs = frame.time
    this.handlers.onFrame(frame)
  }

  private framesAhead(): number {
    return Math.max(FRAMES_AHEAD, Math.ceil((this.want?.rate ?? 0) * AHEAD_S))
  }

  private receiveText(message: Record<string, unknown>): void {
    switch (message.type) {
      case 'replay':
        this.handlers.onStatus(readStatus(message))
        break
      case 'event':
        this.handlers.onEvent(message)
        break
      case 'stepped':
        this.handlers.onStepped?.(message.event as Record<string, unknown>)
        break
      case 'session':
        this.receiveSession(message)
        break
      case 'view':
        this.handlers.onDriver?.(message.view as SharedView)
        break
      case 'error':
        this.ended = readSessionEnd(message.code) ?? this.ended
        this.answered()
        this.handlers.onFault(String(message.message))
    }
  }

  private receiveSession(message: Record<string, unknown>): void {
    if (message.id === null) this.forgetSession()
    else {
      this.shared = readSession(message)
      this.wanted = this.shared.id
    }
    this.handlers.onSession?.(this.shared)
  }

  private forgetSession(): void {
    this.shared = this.wanted = null
    this.alone = false
  }

  private sendSeek(timeMs: number): void {
    this.nextSeekMs = null
    if (!this.link.isOpen) return
    this.link.send({ type: 'seek', time: new Date(timeMs).toISOString() })
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

  /** The socket is gone. Where that is because the session is, it goes on alone, or not at all. */
  private gone(code: number | undefined): void {
    this.nextSeekMs = null
    this.cancelPatience?.()
    this.cancelPatience = null
    if (code !== CLOSE_NO_SESSION) return
    this.forgetSession()
    if (Number.isNaN(this.timeMs)) this.link.stop()
    this.handlers.onSession?.(null)
    this.handlers.onSessionEnd?.(this.ended)
  }
}

/** @throws TypeError when the message is none of the protocol. */
function readStatus(message: Record<string, unknown>): ReplayStatus {
  const { time, playing, speed, span, gap, scene } = message
  if (typeof playing !== 'boolean' || typeof speed !== 'number') throw new TypeError('a status that cannot be read')
  const timeMs = typeof time === 'string' ? Date.parse(time) : Number.NaN
  return { timeMs, playing, speed, span: readSpan(span), gap: readSpan(gap), scene: readScene(scene) }
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
    // Of a slider's many moments a second all points at once: rings are made for those alone that change afterwards.
    if (jumped) this.history.begin(frame.time, this.columns.value)
    else for (const point of changed) this.history.record(point, frame.time, this.columns.value[point])
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
