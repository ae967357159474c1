/** Beyond this much real time the estimate is taken for wrong (a restart, a changed speed), not for network delay. */
const RESYNC_MS = 1500

/**
 * The server's clock, estimated from the times in its frames.
 *
 * The network only ever makes a frame look older, so the newest estimate wins. A simulated clock may run
 * faster than real time: `speed` server milliseconds pass in one of ours.
 */
export class ServerClock {
  private serverMs = Number.NaN
  private localMs = 0
  private rate = 1

  /** Server milliseconds per real millisecond. */
  get speed(): number {
    return this.rate
  }

  /** Whether any frame has been seen. */
  get known(): boolean {
    return !Number.isNaN(this.serverMs)
  }

  /** Forget what was learnt; the stream begins anew at `speed`. */
  reset(speed: number): void {
    this.rate = Number.isFinite(speed) && speed > 0 ? speed : 1
    this.serverMs = Number.NaN
  }

  /** A frame carrying `serverMs` (since 1970 UTC) arrived at `localMs` of a monotonic local clock. */
  observe(serverMs: number, localMs: number): void {
    const lateMs = (this.now(localMs) - serverMs) / this.rate
    if (!this.known || lateMs < 0 || lateMs > RESYNC_MS) {
      this.serverMs = serverMs
      this.localMs = localMs
    }
  }

  /** The server's time at `localMs`, ms since 1970 UTC; NaN before the first frame. */
  now(localMs: number): number {
    return this.serverMs + (localMs - this.localMs) * this.rate
  }

  /** How old a server time is at `localMs`, in real milliseconds, never negative; NaN where unknown. */
  ageMs(serverMs: number, localMs: number): number {
    return Math.max(0, (this.now(localMs) - serverMs) / this.rate)
  }
}
