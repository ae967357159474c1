import type { Gap } from './spans'

/** A single picture that is asked for. */
export interface StillWish {
  readonly camera: string
  /** ms since 1970 UTC. */
  readonly atMs: number
  /** The newest picture there is: whoever may not see the past sees that. */
  readonly newest: boolean
  /** Any picture near the moment that comes quickly, instead of the very one. */
  readonly quick: boolean
  /** Pixels across, at most. */
  readonly width: number
}

/** What comes of a wish: a picture and the moment that it shows, or that nothing was recorded, or neither. */
export type Still =
  | { readonly kind: 'picture'; readonly picture: Blob; readonly atMs: number }
  | { readonly kind: 'gap'; readonly gap: Gap | null }
  | { readonly kind: 'failed'; readonly error: unknown }

/** Quick pictures that lie this near to each other are the same. */
const SAME_MS = 40

/**
 * Single pictures as the moment moves: one request is under way at a time, and of those that were asked for meanwhile
 * the newest goes next, so that a moving slider never runs ahead of the pictures.
 */
export class Stills {
  private running = false
  private stopped = false
  private next: StillWish | null = null
  private last: StillWish | null = null

  constructor(
    private readonly fetchStill: (wish: StillWish) => Promise<Still>,
    private readonly show: (still: Still, wish: StillWish) => void,
  ) {}

  ask(wish: StillWish): void {
    if (isSame(this.next ?? this.last, wish)) return
    this.next = wish
    if (!this.running) void this.run()
  }

  /** What was shown counts no more: the same moment may be asked for again. */
  forget(): void {
    this.last = this.next = null
  }

  /** Shows nothing from here on. */
  stop(): void {
    this.stopped = true
    this.next = null
  }

  private async run(): Promise<void> {
    this.running = true
    while (this.next !== null) {
      const wish: StillWish = this.next
      this.next = null
      this.last = wish
      const still = await this.fetchStill(wish).catch((error: unknown): Still => ({ kind: 'failed', error }))
      if (this.isStopped()) break
      // Of another camera, or of a moment that was left for good: it would be a lie.
      if (this.newest(wish).camera === wish.camera) this.show(still, wish)
    }
    this.running = false
  }

  private newest(wish: StillWish): StillWish {
    return this.next ?? wish
  }

  private isStopped(): boolean {
    return this.stopped
  }
}

function isSame(one: StillWish | null, other: StillWish): boolean {
  if (one?.camera !== other.camera || one.width !== other.width || one.quick !== other.quick || one.newest !== other.newest) return false
  return Math.abs(one.atMs - other.atMs) < (other.quick ? SAME_MS : 1)
}
