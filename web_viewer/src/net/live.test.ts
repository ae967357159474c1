import { beforeEach, describe, expect, it } from 'vitest'

import type { Hello } from '@/generated/wire'

import { FakeNetwork } from './fixture'
import type { LinkState } from './link'
import { GRACE_MS, LiveConnection, liveUrl, SILENCE_MS } from './live'

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
  selection: 'all',
  points: 2,
  resumed: false,
}

class Harness extends FakeNetwork {
  states: LinkState[] = []
  hellos: Hello[] = []
  frames: ArrayBuffer[] = []
  events: unknown[] = []
  faults: unknown[] = []
  refuseFrames = false
  query = ''
  connection = new LiveConnection(
    () => `ws://x/ws/live${this.query}`,
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
    this.environment,
  )
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

describe('LiveConnection, asking', () => {
  it('asks anew where to go on before each connection', () => {
    const harness = new Harness()
    harness.connection.start()
    expect(harness.socket.url).toBe('ws://x/ws/live')
    harness.query = '?epoch=a&seq=7'
    harness.socket.die()
    harness.connection.retryNow()
    expect(harness.socket.url).toBe('ws://x/ws/live?epoch=a&seq=7')
  })

  it('limits its rate at once, and again after a break, and lets go of it', () => {
    const harness = new Harness()
    harness.connection.limit(1)
    harness.connection.start()
    harness.socket.open()
    expect(harness.socket.sent).toEqual([])
    harness.socket.say(JSON.stringify(hello))
    harness.connection.limit(1)
    expect(harness.socket.sent).toEqual([{ type: 'subscribe', rate: 1 }])
    harness.socket.die()
    harness.connection.limit(2)
    harness.connection.retryNow()
    harness.socket.open()
    harness.socket.say(JSON.stringify(hello))
    harness.connection.limit(null)
    expect(harness.socket.sent).toEqual([
      { type: 'subscribe', rate: 2 },
      { type: 'subscribe', rate: null },
    ])
  })
})

describe('liveUrl', () => {
  it('says where to go on', () => {
    const after = { epoch: 'a b', seq: 12 }
    expect(liveUrl({ protocol: 'http:', host: 'x' }, after)).toBe('ws://x/ws/live?epoch=a%20b&seq=12')
  })

  it('follows the page', () => {
    expect(liveUrl({ protocol: 'https:', host: 'twin.example:8443' })).toBe('wss://twin.example:8443/ws/live')
    expect(liveUrl({ protocol: 'http:', host: 'localhost:8000' })).toBe('ws://localhost:8000/ws/live')
  })
})
