import { SUBPROTOCOL, type Hello, type Subscribe } from '@/generated/wire'

import { backoffMs } from './backoff'
import { noteClose } from './refusal'

/** The part of WebSocket that the connection uses, so that tests can stand in for the network. */
export interface SocketLike {
  binaryType: string
  onopen: ((event: Event) => void) | null
  onmessage: ((event: MessageEvent) => void) | null
  onclose: ((event: CloseEvent) => void) | null
  onerror: ((event: Event) => void) | null
  close(code?: number, reason?: string): void
}

/** A socket that one can also speak into. */
export interface TalkingSocket extends SocketLike {
  send(data: string): void
}

/** `connecting` before the first connection, `live`, `lost` from a break to the next hello. */
export type LinkState = 'connecting' | 'live' | 'lost'

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

/** Where the connection gets its socket, its timers and its chance from. */
export interface LiveEnvironment {
  readonly open: (url: string, protocol: string) => TalkingSocket
  /** Call `run` after `ms`; gives what cancels it. */
  readonly after: (ms: number, run: () => void) => () => void
  readonly random: () => number
}

/** The server sends a heartbeat each second; this much silence means that it is gone though no close was seen. */
export const SILENCE_MS = 4000
/**
 * After the silence, what already arrived is given this long to be read: where drawing kept the page busy for
 * seconds, the timer runs before the messages that would have stopped it.
 */
export const GRACE_MS = 600

/** The browser's own sockets and timers. */
export function browserEnvironment(): LiveEnvironment {
  return {
    open: (url, protocol) => new WebSocket(url, protocol),
    after: (ms, run) => {
      const id = window.setTimeout(run, ms)
      return () => {
        window.clearTimeout(id)
      }
    },
    random: Math.random,
  }
}

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
  private socket: TalkingSocket | null = null
  private attempt = 0
  private rate: number | null = null
  private isHeard = false
  private cancelRetry: (() => void) | null = null
  private cancelWatch: (() => void) | null = null
  private stopped = true

  constructor(
    /** Asked before each connection, so that it can go on where the last one ended. */
    private readonly url: () => string,
    private readonly handlers: LiveHandlers,
    private readonly environment: LiveEnvironment = browserEnvironment(),
  ) {}

  start(): void {
    if (!this.stopped) return
    this.stopped = false
    this.handlers.onState('connecting')
    this.connect()
  }

  stop(): void {
    this.stopped = true
    this.cancelRetry?.()
    this.cancelRetry = null
    this.drop()
  }

  /** Do not wait out the pause: the network is back, or the page is looked at again. */
  retryNow(): void {
    if (this.stopped || this.socket !== null) return
    this.cancelRetry?.()
    this.attempt = 0
    this.connect()
  }

  /** Drop the stream and come back after a pause: what it told could not be used. */
  restart(): void {
    this.lose()
  }

  /** Take so many frames a second at most, over breaks too; null: all. No change gets lost. */
  limit(rate: number | null): void {
    if (rate === this.rate) return
    this.rate = rate
    if (this.isHeard) this.tellRate()
  }

  private tellRate(): void {
    const wish: Subscribe = { type: 'subscribe', rate: this.rate }
    this.socket?.send(JSON.stringify(wish))
  }

  private connect(): void {
    this.cancelRetry = null
    const socket = this.environment.open(this.url(), SUBPROTOCOL)
    this.socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      this.watch()
    }
    socket.onmessage = (event) => {
      this.receive(event.data)
    }
    socket.onerror = () => undefined
    socket.onclose = (event) => {
      noteClose(event.code)
      this.lose()
    }
    this.watch()
  }

  private receive(data: unknown): void {
    this.watch()
    try {
      if (data instanceof ArrayBuffer) this.handlers.onFrame(data)
      else if (typeof data === 'string') this.receiveText(JSON.parse(data))
    } catch (error) {
      this.handlers.onFault(error)
      this.lose()
    }
  }

  private receiveText(message: unknown): void {
    if (typeof message !== 'object' || message === null) throw new TypeError('not a JSON object')
    if (!isHello(message)) {
      this.handlers.onEvent(message as Record<string, unknown>)
      return
    }
    this.attempt = 0
    this.isHeard = true
    if (this.rate !== null) this.tellRate()
    this.handlers.onHello(message)
    this.handlers.onState('live')
  }

  private watch(): void {
    this.cancelWatch?.()
    this.cancelWatch = this.environment.after(SILENCE_MS, () => {
      this.cancelWatch = this.environment.after(GRACE_MS, () => {
        this.lose()
      })
    })
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
    this.cancelWatch?.()
    this.cancelWatch = null
    const socket = this.socket
    this.socket = null
    this.isHeard = false
    if (socket === null) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }
}

function isHello(message: object): message is Hello {
  return 'type' in message && message.type === 'hello' && 'epoch' in message
}
