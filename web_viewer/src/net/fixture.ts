import type { LinkEnvironment, SocketLike } from './link'

/** A socket that the test speaks through, in the server's place. */
export class FakeSocket implements SocketLike {
  binaryType = ''
  onopen: ((event: Event) => void) | null = null
  onmessage: ((event: MessageEvent) => void) | null = null
  onclose: ((event: CloseEvent) => void) | null = null
  onerror: ((event: Event) => void) | null = null
  closed = false
  readonly sent: { type: string; time?: string; [field: string]: unknown }[] = []

  constructor(
    readonly url: string,
    readonly protocol: string,
  ) {}

  send(data: string): void {
    this.sent.push(JSON.parse(data) as FakeSocket['sent'][number])
  }

  close(): void {
    this.closed = true
  }

  open(): void {
    this.onopen?.(new Event('open'))
  }

  say(data: unknown): void {
    this.onmessage?.(new MessageEvent('message', { data }))
  }

  die(code?: number): void {
    this.onclose?.(Object.assign(new Event('close'), { code }) as CloseEvent)
  }

  /** The moments that were asked for, ms since 1970 UTC. */
  seeks(): number[] {
    return this.sent.filter((message) => message.type === 'seek').map((message) => Date.parse(message.time ?? ''))
  }
}

interface Timer {
  readonly ms: number
  readonly run: () => void
}

/** The network and the clock of a connection, both moved by the test; chance always draws the longest pause. */
export class FakeNetwork {
  readonly sockets: FakeSocket[] = []
  readonly timers = new Set<Timer>()
  readonly environment = {
    open: (url, protocol) => {
      const socket = new FakeSocket(url, protocol)
      this.sockets.push(socket)
      return socket
    },
    after: (ms, run) => {
      const timer = { ms, run }
      this.timers.add(timer)
      return () => this.timers.delete(timer)
    },
    random: () => 1,
  } satisfies LinkEnvironment

  /** The socket that was opened last. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1)
    if (!socket) throw new Error('no socket was opened')
    return socket
  }

  /** Lets the time of a timer come. */
  fire(ms: number): void {
    const timer = [...this.timers].find((each) => each.ms === ms)
    if (!timer) throw new Error(`no timer of ${String(ms)} ms`)
    this.timers.delete(timer)
    timer.run()
  }
}
