import { SUBPROTOCOL } from '@/generated/wire'

import { backoffMs } from './backoff'
import { noteClose } from './refusal'

/** The part of WebSocket that a link uses, so that tests can stand in for the network. */
export interface SocketLike {
  binaryType: string
  onopen: ((event: Event) => void) | null
  onmessage: ((event: MessageEvent) => void) | null
  onclose: ((event: CloseEvent) => void) | null
  onerror: ((event: Event) => void) | null
  close(code?: number, reason?: string): void
  send(data: string): void
}

/** `connecting` before the first connection, `live`, `lost` from a break until it is mended. */
export type LinkState = 'connecting' | 'live' | 'lost'

/** Where a link gets its sockets, its timers and its chance from. */
export interface LinkEnvironment {
  readonly open: (url: string, protocol: string) => SocketLike
  /** Call `run` after `ms`; gives what cancels it. */
  readonly after: (ms: number, run: () => void) => () => void
  readonly random: () => number
}

/** The browser's own sockets and timers. */
export function browserEnvironment(): LinkEnvironment {
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

/** What a link tells the stream that it carries. */
export interface LinkEvents {
  /** Asked before each connection. */
  readonly url: () => string
  readonly onState: (state: LinkState) => void
  readonly onConnecting?: () => void
  readonly onOpen?: () => void
  readonly onFrame: (data: ArrayBuffer) => void
  readonly onText: (message: Record<string, unknown>) => void
  /** A message could not be used, in that a listener threw: the link breaks, and comes back. */
  readonly onFault: (error: unknown) => void
  /** The socket is gone, for now or for good; `code` is the server's, where it said one. */
  readonly onGone?: (code: number | undefined) => void
}

/** A WebSocket of the server that comes back by itself, for as long as it is not stopped. */
export class Link {
  private socket: SocketLike | null = null
  private opened = false
  private attempt = 0
  private cancelRetry: (() => void) | null = null
  private stopped = true

  constructor(
    private readonly events: LinkEvents,
    readonly environment: LinkEnvironment,
  ) {}

  get isOpen(): boolean {
    return this.opened
  }

  get isStopped(): boolean {
    return this.stopped
  }

  start(): void {
    if (!this.stopped) return
    this.stopped = false
    this.events.onState('connecting')
    this.connect()
  }

  stop(): void {
    this.stopped = true
    this.cancelRetry?.()
    this.cancelRetry = null
    this.drop()
  }

  /** Do not wait out the pause. */
  retryNow(): void {
    if (this.stopped || this.socket !== null) return
    this.cancelRetry?.()
    this.attempt = 0
    this.connect()
  }

  /** It is of use: the next break begins with a short pause again. */
  settle(): void {
    this.attempt = 0
    this.events.onState('live')
  }

  /** Says nothing where it is not open: what must be said over breaks is said again in `onOpen`. */
  send(message: object): void {
    if (this.opened) this.socket?.send(JSON.stringify(message))
  }

  /** Break it, and come back after a pause. */
  lose(code?: number): void {
    if (this.socket === null) return
    this.drop(code)
    if (this.stopped) return
    this.events.onState('lost')
    const pauseMs = backoffMs(this.attempt++, this.environment.random)
    this.cancelRetry = this.environment.after(pauseMs, () => {
      this.connect()
    })
  }

  private connect(): void {
    this.cancelRetry = null
    const socket = this.environment.open(this.events.url(), SUBPROTOCOL)
    this.socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => {
      this.opened = true
      this.events.onOpen?.()
    }
    socket.onmessage = (event) => {
      this.receive(event.data)
    }
    socket.onerror = () => undefined
    socket.onclose = (event) => {
      noteClose(event.code)
      this.lose(event.code)
    }
    this.events.onConnecting?.()
  }

  private receive(data: unknown): void {
    try {
      if (data instanceof ArrayBuffer) this.events.onFrame(data)
      else if (typeof data === 'string') this.events.onText(readObject(data))
    } catch (error) {
      this.events.onFault(error)
      this.lose()
    }
  }

  private drop(code?: number): void {
    const socket = this.socket
    this.socket = null
    this.opened = false
    if (socket === null) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
    this.events.onGone?.(code)
  }
}

function readObject(text: string): Record<string, unknown> {
  const message: unknown = JSON.parse(text)
  if (typeof message !== 'object' || message === null) throw new TypeError('not a JSON object')
  return message as Record<string, unknown>
}
