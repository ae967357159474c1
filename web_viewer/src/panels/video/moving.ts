import { liveUrl, playlistUrl } from './api'
import { holds, windowFor, type Loaded, type Piece } from './pieces'
import type { PlayFault } from './player'
import { farMs, keepsUp, steer } from './step'

/** A playlist is not asked for more often than this, after a fault less often, and where nothing is recorded seldom. */
const RELOAD_MS = 1500
const AGAIN_MS = 2500
const EMPTY_MS = 10_000
/** A video that is led is this near to its moment. */
const LED_MS = 40

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
  private broken: PlayFault | null = null
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
    if (!isOpen || this.broken !== null) this.open(liveUrl(camera), null, { camera, fromMs: nowMs, toMs: Infinity, askedMs: nowMs })
    this.player?.run()
    this.isSeen = this.player?.hasPicture ?? false
  }

  /** Shows a moment of the past, which goes on at `speed` film seconds in a real one; at none that a video plays: as it comes. */
  past(camera: string, atMs: number, speed: number, presentMs: number): void {
    if (this.broken !== null || !this.holds(camera, atMs)) {
      const { fromMs, toMs } = windowFor(atMs)
      this.open(playlistUrl(camera, fromMs, toMs), atMs, { camera, fromMs, toMs, askedMs: presentMs })
    }
    if (keepsUp(speed)) this.keepStep(atMs, speed)
    else this.lead(atMs)
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
    this.broken = null
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

  private lead(atMs: number): void {
    const { player } = this
    if (player === null) return
    player.pause()
    const isHere = Math.abs(player.momentMs - atMs) < LED_MS
    if (player.hasPicture && !isHere) player.seek(atMs)
    this.isSeen = isHere || (this.isSeen && !Number.isNaN(player.momentMs))
  }

  private open(url: string, startMs: number | null, span: Omit<Opened, 'atMs'>): void {
    const nowMs = this.monotonicMs()
    const isOther = this.opened !== null && (this.opened.camera !== span.camera || (this.opened.toMs === Infinity) !== (span.toMs === Infinity))
    if (this.opened !== null && !isOther && nowMs - this.opened.atMs < this.patienceMs()) return
    this.player ??= this.makePlayer((fault) => {
      this.broken = fault
      if (fault === 'codec') this.onUnplayable()
    })
    if (this.player === null) return
    this.broken = null
    this.isSeen = false
    this.opened = { ...span, atMs: nowMs }
    void this.player.open(url, startMs)
  }

  private patienceMs(): number {
    if (this.broken === null) return RELOAD_MS
    return this.broken === 'empty' ? EMPTY_MS : AGAIN_MS
  }
}
