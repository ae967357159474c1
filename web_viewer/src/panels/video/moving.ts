import { liveUrl, playlistUrl } from './api'
import { holds, windowFor, type Loaded, type Piece } from './pieces'
import type { PlayFault } from './player'
import { farMs, steer } from './step'

/** A playlist is not asked for more often than this, and after a fault less often. */
const RELOAD_MS = 1500
const AGAIN_MS = 2500

/** What `Player` does. */
export interface PlayerApi {
  open(url: string, startMs: number | null): Promise<void>
  close(): void
  readonly pieces: readonly Piece[]
  readonly momentMs: number
  readonly hasPicture: boolean
  seek(timeMs: number): boolean
  play(rate: number): void
  run(): void
  pause(): void
}

/** A playlist that was asked for; `toMs` infinite: the live one. */
interface Opened extends Omit<Loaded, 'pieces'> {
  readonly camera: string
  readonly atMs: number
}

/** The moving picture of a camera: it keeps its video in step with the time that it is told. */
export class Moving {
  private player: PlayerApi | null = null
  private opened: Opened | null = null
  private broken = false
  /** Whether the video is what is to be seen: it stands, and at the right moment. */
  isSeen = false

  constructor(
    private readonly makePlayer: (onFault: (fault: PlayFault) => void) => PlayerApi | null,
    private readonly onUnplayable: () => void,
    private readonly monotonicMs: () => number,
  ) {}

  /** The moment of the picture on screen, ms since 1970 UTC; NaN: none. */
  get momentMs(): number {
    return this.player?.momentMs ?? Number.NaN
  }

  /** Shows what the camera sees now. */
  live(camera: string, nowMs: number): void {
    const isOpen = this.opened?.camera === camera && this.opened.toMs === Infinity
    if (!isOpen || this.broken) this.open(liveUrl(camera), null, { camera, fromMs: nowMs, toMs: Infinity, askedMs: nowMs })
    this.player?.run()
    this.isSeen = this.player?.hasPicture ?? false
  }

  /** Shows a moment of the past, which goes on at `speed` film seconds in a real one. */
  past(camera: string, atMs: number, speed: number, presentMs: number): void {
    if (this.broken || !this.holds(camera, atMs)) {
      const { fromMs, toMs } = windowFor(atMs, speed)
      this.open(playlistUrl(camera, fromMs, toMs), atMs, { camera, fromMs, toMs, askedMs: presentMs })
    }
    this.keepStep(atMs, speed)
  }

  /** Nothing moves; what is loaded is kept for when it goes on. */
  rest(): void {
    this.isSeen = false
    this.player?.pause()
  }

  close(): void {
    this.rest()
    this.player?.close()
    this.opened = null
    this.broken = false
  }

  private holds(camera: string, atMs: number): boolean {
    if (this.opened?.camera !== camera || this.opened.toMs === Infinity) return false
    const pieces = this.player?.pieces ?? []
    return pieces.length === 0 || holds({ ...this.opened, pieces }, atMs)
  }

  private keepStep(atMs: number, speed: number): void {
    const { player } = this
    if (player === null) return
    const aheadMs = player.momentMs - atMs
    const { seek, rate } = steer(Number.isNaN(aheadMs) ? 0 : aheadMs, speed)
    if (seek && player.hasPicture) player.seek(atMs)
    player.play(rate)
    this.isSeen = player.hasPicture && Math.abs(aheadMs) <= farMs(speed)
  }

  private open(url: string, startMs: number | null, span: Omit<Opened, 'atMs'>): void {
    const nowMs = this.monotonicMs()
    const isOther = this.opened !== null && (this.opened.camera !== span.camera || (this.opened.toMs === Infinity) !== (span.toMs === Infinity))
    if (this.opened !== null && !isOther && nowMs - this.opened.atMs < (this.broken ? AGAIN_MS : RELOAD_MS)) return
    this.player ??= this.makePlayer((fault) => {
      this.broken = true
      if (fault === 'codec') this.onUnplayable()
    })
    if (this.player === null) return
    this.broken = this.isSeen = false
    this.opened = { ...span, atMs: nowMs }
    void this.player.open(url, startMs)
  }
}
