import type { Hello, Subscribe } from '@/generated/wire'

import { browserEnvironment, Link, type LinkEnvironment, type LinkState } from './link'

/** What the connection tells its owner. */
export interface LiveHandlers {
  readonly onState: (state: LinkState) => void
  readonly onHello: (hello: Hello) => void
  /** One binary frame; throwing drops the connection, since a stream that cannot be read is no stream. */
  readonly onFrame: (data: ArrayBuffer) => void
  readonly onEvent: (event: Readonly<Record<string, unknown>>) => void
  /** The stream sent what this page cannot read; it reconnects by itself. */
  readonly onFault: (error: unknown) => void
}

/** The server sends a heartbeat each second; this much silence means that it is gone though no close was seen. */
export const SILENCE_MS = 4000
/**
 * After the silence, what already arrived is given this long to be read: where drawing kept the page busy for
 * seconds, the timer runs before the messages that would have stopped it.
 */
export const GRACE_MS = 600

/** Up to where a page was told of a stream. */
export interface StreamPlace {
  readonly epoch: string
  readonly seq: number
}

/** The address of the live stream of the server that this page came from, to go on after a place in it. */
export function liveUrl(location: Pick<Location, 'protocol' | 'host'>, after: StreamPlace | null = null): string {
  const query = after === null ? '' : `?epoch=${encodeURIComponent(after.epoch)}&seq=${String(after.seq)}`
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/live${query}`
}

/** A live stream that comes back by itself, for as long as it is not stopped. */
export class LiveConnection {
  private readonly link: Link
  private rate: number | null = null
  private isHeard = false
  private cancelWatch: (() => void) | null = null

  constructor(
    /** Asked before each connection, so that it can go on where the last one ended. */
    url: () => string,
    private readonly handlers: LiveHandlers,
    private readonly environment: LinkEnvironment = browserEnvironment(),
  ) {
    const watch = (): void => {
      this.watch()
    }
    this.link = new Link(
      {
        url,
        onState: handlers.onState,
        onConnecting: watch,
        onOpen: watch,
        onFrame: (data) => {
          this.watch()
          handlers.onFrame(data)
        },
        onText: (message) => {
          this.watch()
          this.receive(message)
        },
        onFault: handlers.onFault,
        onGone: () => {
          this.gone()
        },
      },
      environment,
    )
  }

  start(): void {
    this.link.start()
  }

  stop(): void {
    this.link.stop()
  }

  /** Do not wait out the pause: the network is back, or the page is looked at again. */
  retryNow(): void {
    this.link.retryNow()
  }

  /** Drop the stream and come back after a pause: what it told could not be used. */
  restart(): void {
    this.link.lose()
  }

  /** Take so many frames a second at most, over breaks too; null: all. No change gets lost. */
  limit(rate: number | null): void {
    if (rate === this.rate) return
    this.rate = rate
    if (this.isHeard) this.tellRate()
  }

  private tellRate(): void {
    const wish: Subscribe = { type: 'subscribe', rate: this.rate }
    this.link.send(wish)
  }

  private receive(message: Record<string, unknown>): void {
    if (!isHello(message)) {
      this.handlers.onEvent(message)
      return
    }
    this.isHeard = true
    if (this.rate !== null) this.tellRate()
    this.handlers.onHello(message)
    this.link.settle()
  }

  private watch(): void {
    this.cancelWatch?.()
    this.cancelWatch = this.environment.after(SILENCE_MS, () => {
      this.cancelWatch = this.environment.after(GRACE_MS, () => {
        this.link.lose()
      })
    })
  }

  private gone(): void {
    this.cancelWatch?.()
    this.cancelWatch = null
    this.isHeard = false
  }
}

function isHello(message: object): message is Hello {
  return 'type' in message && message.type === 'hello' && 'epoch' in message
}
