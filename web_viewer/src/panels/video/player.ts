import type Hls from 'hls.js/light'
import type { ErrorData, LevelDetails } from 'hls.js/light'

import { mediaTimeOf, momentOf, type Piece } from './pieces'

/** A live picture this far behind the newest fragment is smooth on a slow network and still live. */
const LIVE_BEHIND_S = 2
const LIVE_MOST_BEHIND_S = 8
const LIVE_CATCH_UP = 1.25
const AHEAD_S = 30

/** Why a video does not play: nothing is recorded there, the browser cannot, or anything else. */
export type PlayFault = 'empty' | 'codec' | 'other'

/** The player's library is a third of a megabyte: it comes when a picture is to move. */
let library: Promise<typeof Hls> | null = null

async function loadLibrary(): Promise<typeof Hls> {
  library ??= import('hls.js/light').then((module) => module.default)
  return library
}

/** One video element and what plays in it. */
export class Player {
  private hls: Hls | null = null
  private asked = 0
  private details: LevelDetails | null = null

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly onFault: (fault: PlayFault) => void,
  ) {}

  /** Plays a playlist from a moment on (ms since 1970 UTC), or, without one, as it grows. */
  async open(url: string, startMs: number | null): Promise<void> {
    this.close()
    const turn = this.asked
    const Library = await loadLibrary()
    if (turn !== this.asked) return
    if (!Library.isSupported()) {
      this.onFault('codec')
      return
    }
    const hls = new Library(startMs === null ? LIVE : PAST)
    this.hls = hls
    let begun = startMs === null
    hls.on(Library.Events.LEVEL_LOADED, (_event, { details }) => {
      this.details = details
      if (begun) return
      begun = true
      hls.startLoad(mediaTimeOf(piecesOf(details), startMs ?? 0) ?? 0)
    })
    hls.on(Library.Events.ERROR, (_event, data) => {
      if (data.fatal) this.onFault(faultOf(data))
    })
    hls.loadSource(url)
    hls.attachMedia(this.video)
  }

  close(): void {
    this.asked++
    this.details = null
    this.hls?.destroy()
    this.hls = null
    this.video.removeAttribute('src')
  }

  /** What the playlist holds; empty while it is not loaded. */
  get pieces(): readonly Piece[] {
    return this.details === null ? [] : piecesOf(this.details)
  }

  /** The moment of the picture on screen, ms since 1970 UTC; NaN where there is none. */
  get momentMs(): number {
    return this.video.readyState < 2 ? Number.NaN : momentOf(this.pieces, this.video.currentTime)
  }

  /** Whether a picture stands on the element, and no other one is on its way. */
  get hasPicture(): boolean {
    return this.hls !== null && this.video.readyState >= 2 && !this.video.seeking
  }

  /** Goes to a moment; false where the playlist does not hold it. */
  seek(timeMs: number): boolean {
    const mediaS = mediaTimeOf(this.pieces, timeMs)
    if (mediaS === null) return false
    this.video.currentTime = mediaS
    return true
  }

  /** Plays on, film seconds in a real one. */
  play(rate: number): void {
    if (this.video.playbackRate !== rate) this.video.playbackRate = rate
    this.run()
  }

  /** Plays as it comes, at the pace that keeps it live. */
  run(): void {
    // Refused while the page is hidden, or with little power: then stills stand in.
    if (this.video.paused) this.video.play().catch(() => undefined)
  }

  pause(): void {
    this.video.pause()
  }
}

// Without a worker: what comes is fragmented MP4 already, there is little to do for one.
const COMMON = { enableWorker: false, backBufferLength: 20, maxBufferLength: AHEAD_S }
const PAST = { ...COMMON, autoStartLoad: false }
const LIVE = { ...COMMON, liveSyncDuration: LIVE_BEHIND_S, liveMaxLatencyDuration: LIVE_MOST_BEHIND_S, maxLiveSyncPlaybackRate: LIVE_CATCH_UP }

function piecesOf(details: LevelDetails): Piece[] {
  return details.fragments
    .filter((fragment) => fragment.programDateTime !== null)
    .map((fragment) => ({ fromMs: fragment.programDateTime ?? 0, startS: fragment.start, durationS: fragment.duration }))
}

function faultOf(data: ErrorData): PlayFault {
  if (data.response?.code === 404) return 'empty'
  return /codec|addSourceBuffer/i.test(data.details) ? 'codec' : 'other'
}
