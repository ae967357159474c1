/** A part of a playlist: where it lies in the video's own time, and when it was recorded. */
export interface Piece {
  /** ms since 1970 UTC of its first picture. */
  readonly fromMs: number
  /** Where it begins in the video, s. */
  readonly startS: number
  readonly durationS: number
}

/** So much may be missing between two pieces before it is a gap, ms. */
const JOINT_MS = 1000

/** The piece that tells of a moment; pieces are in order. */
function pieceAt(pieces: readonly Piece[], isAfter: (piece: Piece) => boolean): Piece | undefined {
  let low = 0
  let high = pieces.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isAfter(pieces[middle])) high = middle
    else low = middle + 1
  }
  return pieces[low - 1]
}

/** The video's time, s, at which a moment is seen; null where the pieces do not hold it. */
export function mediaTimeOf(pieces: readonly Piece[], timeMs: number): number | null {
  const piece = pieceAt(pieces, (each) => each.fromMs > timeMs)
  if (piece === undefined) return null
  const within = (timeMs - piece.fromMs) / 1000
  if (within > piece.durationS + JOINT_MS / 1000) return null
  return piece.startS + Math.min(within, piece.durationS)
}

/** The moment, ms since 1970 UTC, that is seen at a time of the video, s; NaN where nothing is. */
export function momentOf(pieces: readonly Piece[], mediaS: number): number {
  const piece = pieceAt(pieces, (each) => each.startS > mediaS) ?? pieces.at(0)
  return piece === undefined ? Number.NaN : piece.fromMs + (mediaS - piece.startS) * 1000
}

/** When the last piece ends; NaN where there are none. */
export function endOf(pieces: readonly Piece[]): number {
  const last = pieces.at(-1)
  return last === undefined ? Number.NaN : last.fromMs + last.durationS * 1000
}

/** Playlists begin with every five minutes, so that one who looks on asks for the same ones again, and is noted once. */
const GRID_MS = 300_000
const GRIDS = 2

/** The stretch of recording to ask for where a moment is played on from, ms since 1970 UTC. */
export function windowFor(timeMs: number): { readonly fromMs: number; readonly toMs: number } {
  const fromMs = Math.floor(timeMs / GRID_MS) * GRID_MS
  return { fromMs, toMs: fromMs + GRIDS * GRID_MS }
}

/** A playlist that was asked for, and what it turned out to hold. */
export interface Loaded {
  readonly fromMs: number
  readonly toMs: number
  /** The present when it was asked for: what was recorded since is not in it. */
  readonly askedMs: number
  readonly pieces: readonly Piece[]
}

/** Whether a playlist still tells of a moment; one that reached to the present ends where its pieces do. */
export function holds({ fromMs, toMs, askedMs, pieces }: Loaded, timeMs: number): boolean {
  const end = toMs <= askedMs ? toMs : Math.min(toMs, Number.isNaN(endOf(pieces)) ? askedMs : endOf(pieces))
  return timeMs >= fromMs && timeMs < end
}
