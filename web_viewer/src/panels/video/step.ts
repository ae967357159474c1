/** Where the venue's time stands, as far as pictures of cameras go. */
export interface Standing {
  readonly isPast: boolean
  /** Somebody drags the slider. */
  readonly held: boolean
  readonly playing: boolean
  /** Film seconds in a real one; negative backwards. */
  readonly speed: number
  /** Whether this browser can play the camera's video. */
  readonly plays: boolean
  /** Whether the server gives single pictures. */
  readonly pictures: boolean
  /** How fast the venue's own time goes; a simulated one may run ahead of what a video can. */
  readonly pace: number
}

/**
 * How a camera's picture is shown: `live` and `video` are moving pictures; `stills` single ones, several a second, the
 * nearest that comes quickly; `frame` is the very picture of the moment.
 */
export type Mode = 'live' | 'video' | 'stills' | 'frame'

/** What browsers play a video at. */
export const SLOWEST = 0.1
export const FASTEST = 16

export function modeOf({ isPast, held, playing, speed, plays, pictures, pace }: Standing): Mode {
  if (!isPast) return plays && pace <= 1 ? 'live' : 'stills'
  // Without single pictures the video is led from one moment to the next.
  if (plays && !pictures) return 'video'
  if (held) return 'stills'
  if (!playing) return 'frame'
  return plays && keepsUp(speed) ? 'video' : 'stills'
}

/** Whether a video can play at a speed; else it is led by the hand. */
export function keepsUp(speed: number): boolean {
  return speed >= SLOWEST && speed <= FASTEST
}

/** Farther off than this the video is brought to the moment at once. */
const FAR_MS = 1500
/** Nearer than this it is left alone. */
const NEAR_MS = 60
/** A drift is made good within about this long. */
const MEND_MS = 1000
/** More than this is seen as a jerk. */
const MOST_NUDGE = 0.25

/** What is to be done so that a video keeps with the clock. */
export interface Steering {
  readonly seek: boolean
  readonly rate: number
}

/** What counts as far off at a speed: a second of the film is shorter when it plays faster. */
export function farMs(speed: number): number {
  return FAR_MS * Math.max(1, speed)
}

/** Steers a video that is `aheadMs` of film time ahead of the clock (negative: behind), which goes at `speed`. */
export function steer(aheadMs: number, speed: number): Steering {
  if (Math.abs(aheadMs) > farMs(speed)) return { seek: true, rate: speed }
  const off = aheadMs / speed
  if (Math.abs(off) < NEAR_MS) return { seek: false, rate: speed }
  const nudge = Math.max(-MOST_NUDGE, Math.min(MOST_NUDGE, off / MEND_MS))
  return { seek: false, rate: Math.max(SLOWEST, Math.min(FASTEST, speed * (1 - nudge))) }
}
