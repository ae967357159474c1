import { beforeEach, describe, expect, it } from 'vitest'

import type { Hello } from '@/generated/wire'

import { GRACE_MS, LiveConnection, liveUrl, SILENCE_MS, type LinkState, type SocketLike } from './live'

class FakeSocket implements SocketLike {
  binaryType = ''
  onopen: ((event: Event) => void) | null = null
  onmessage: ((event: MessageEvent) => void) | null = null
  onclose: ((event: CloseEvent) => void) | null = null
  onerror: ((event: Event) => void) | null = null
  closed = false

  constructor(readonly protocol: string) {}

  close(): void {
    this.closed = true
  }

  say(data: unknown): void {
    this.onmessage?.(new MessageEvent('message', { data }))
  }

  die(): void {
    this.onclose?.(new Event('close') as CloseEvent)
  }
}

interface Timer {
  ms: number
  run: () => void
}

const hello: Hello = {
  type: 'hello',
  epoch: 'a',
  seq: 1,
  time: '2026-03-01T00:00:00.000Z',
  registry: 'r1',
  simulated: false,
  speed: 1,
  event_epoch: 'a',
  event_seq: 0,
  recovered: false,
}

class Harness {
  sockets: FakeSocket[] = []
  timers = new Set<Timer>()
  states: LinkState[] = []
  hellos: Hello[] = []
  frames: ArrayBuffer[] = []
  events: unknown[] = []
  faults: unknown[] = []
  refuseFrames = false
  connection = new LiveConnection(
    'ws://x/ws/live',
    {
      onState: (state) => this.states.push(state),
      onHello: (message) => this.hellos.push(message),
      onFrame: (data) => {
        if (this.refuseFrames) throw new RangeError('short frame')
        this.frames.push(data)
      },
      onEvent: (event) => this.events.push(event),
      onFault: (error) => this.faults.push(error),
    },
    {
      open: (_url, protocol) => {
        const socket = new FakeSocket(protocol)
        this.sockets.push(socket)
        return socket
      },
      after: (ms, run) => {
        const timer = { ms, run }
        this.timers.add(timer)
        return () => this.timers.delete(timer)
      },
      random: () => 1,
    },
  )

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1)
    if (!socket) throw new Error('no socket was opened')
    return socket
  }

  fire(ms: number): void {
    const timer = [...this.timers].find((each) => each.ms === ms)
    if (!timer) throw new Error(`no timer of ${String(ms)} ms`)
    this.timers.delete(timer)
    timer.run()
  }
}

describe('LiveConnection', () => {
  let harness: Harness

  beforeEach(() => {
    harness = new Harness()
    harness.connection.start()
  })

  it('asks for the protocol and is live from the hello on', () => {
    expect(harness.socket.protocol).toBe('twin.v1')
    expect(harness.states).toEqual(['connecting'])
    harness.socket.say(JSON.stringify(hello))
    expect(harness.states).toEqual(['connecting', 'live'])
    expect(harness.hellos).toEqual([hello])
  })

  it('hands on frames and events', () => {
    harness.socket.say(JSON.stringify(hello))
    harness.socket.say(new ArrayBuffer(24))
    harness.socket.say('{"type":"alarm.raised"}')
    expect(harness.frames).toHaveLength(1)
    expect(harness.events).toEqual([{ type: 'alarm.raised' }])
  })

  it('comes back with growing pauses, and starts over after a hello', () => {
    harness.socket.die()
    harness.fire(400)
    harness.socket.die()
    harness.fire(800)
    expect(harness.sockets).toHaveLength(3)
    expect(harness.states).toEqual(['connecting', 'lost', 'lost'])
    harness.socket.say(JSON.stringify(hello))
    harness.socket.die()
    harness.fire(400)
    expect(harness.sockets).toHaveLength(4)
  })

  it('takes silence for a loss', () => {
    harness.socket.say(JSON.stringify(hello))
    harness.fire(SILENCE_MS)
    harness.fire(GRACE_MS)
    expect(harness.socket.closed).toBe(true)
    expect(harness.states.at(-1)).toBe('lost')
  })

  it('does not take a busy page for silence: what waited to be read counts', () => {
    harness.socket.say(JSON.stringify(hello))
    harness.fire(SILENCE_MS)
    harness.socket.say(new ArrayBuffer(24))
    expect(() => {
      harness.fire(GRACE_MS)
    }).toThrow('no timer')
    expect(harness.states.at(-1)).toBe('live')
  })

  it('reconnects when the stream cannot be read', () => {
    harness.socket.say('{broken')
    expect(harness.states.at(-1)).toBe('lost')
    harness.fire(400)
    harness.refuseFrames = true
    harness.socket.say(new ArrayBuffer(3))
    expect(harness.sockets.map((socket) => socket.closed)).toEqual([true, true])
    expect(harness.faults).toHaveLength(2)
  })

  it('does not wait when told to retry, and not twice', () => {
    harness.socket.die()
    harness.connection.retryNow()
    harness.connection.retryNow()
    expect(harness.sockets).toHaveLength(2)
  })

  it('stays away once stopped', () => {
    const { socket } = harness
    harness.connection.stop()
    socket.die()
    expect(socket.closed).toBe(true)
    expect(harness.timers.size).toBe(0)
    harness.connection.retryNow()
    expect(harness.sockets).toHaveLength(1)
  })
})

describe('liveUrl', () => {
  it('follows the page', () => {
    expect(liveUrl({ protocol: 'https:', host: 'twin.example:8443' })).toBe('wss://twin.example:8443/ws/live')
    expect(liveUrl({ protocol: 'http:', host: 'localhost:8000' })).toBe('ws://localhost:8000/ws/live')
  })
})
