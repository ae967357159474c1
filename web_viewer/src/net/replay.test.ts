import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'

import { Kind, Quality, decodeFrame } from '@/generated/wire'
import { deltaFrame } from '@/stores/fixture'

import { emptyColumns } from './columns'
import { FakeNetwork } from './fixture'
import type { LinkState } from './link'
import { CLOSE_NO_SESSION, ReplayConnection, ReplayStream, replayUrl, SEEK_PATIENCE_MS, type ReplayStatus } from './replay'
import type { SessionEnd, SharedSession, SharedView } from './replaySession'

const T0 = Date.UTC(2026, 2, 1)

/** A frame of a replay; `jump` makes it a snapshot. */
function frame(timeMs: number, jump: boolean, ...samples: [number, number][]): ArrayBuffer {
  const data = deltaFrame(timeMs, ...samples)
  const view = new DataView(data)
  if (jump) view.setUint8(1, Kind.Snapshot)
  view.setUint16(2, 1, true)
  return data
}

class Harness extends FakeNetwork {
  states: LinkState[] = []
  shown: number[] = []
  statuses: ReplayStatus[] = []
  faults: string[] = []
  sessions: (SharedSession | null)[] = []
  views: SharedView[] = []
  ends: SessionEnd[] = []
  stepped: unknown[] = []
  connection = new ReplayConnection(
    'ws://x/ws/replay',
    {
      onState: (state) => this.states.push(state),
      onFrame: (each) => this.shown.push(each.time),
      onStatus: (status) => this.statuses.push(status),
      onEvent: () => undefined,
      onFault: (message) => this.faults.push(message),
      onStepped: (event) => this.stepped.push(event),
      onSession: (session) => this.sessions.push(session),
      onDriver: (view) => this.views.push(view),
      onSessionEnd: (why) => this.ends.push(why),
    },
    this.environment,
  )

  open(atMs: number): void {
    this.connection.seek(atMs)
    this.socket.open()
  }
}

/** What the server says of a session in which this viewer is `p2`. */
function session(driver: string, following = true): string {
  const participants = ['p1', 'p2'].map((id) => ({ id, name: id, here: true, following: true }))
  return JSON.stringify({ type: 'session', id: 'mark.secret', you: 'p2', ticket: 't 2', driver, following, participants })
}

let harness: Harness

beforeEach(() => {
  harness = new Harness()
})

describe('ReplayConnection', () => {
  it('asks for its moment once it is connected, and acknowledges what it shows', () => {
    harness.open(T0)
    harness.socket.say(frame(T0, true, [0, 1]))
    expect(harness.socket.seeks()).toEqual([T0])
    expect(harness.socket.sent.at(-1)).toEqual({ type: 'ack', seq: 0, ahead: 2 })
    expect(harness.shown).toEqual([T0])
    expect(harness.states).toEqual(['connecting', 'live'])
  })

  it('has one seek under way, and of those that wait sends the newest', () => {
    harness.open(T0)
    for (const ms of [1, 2, 3]) harness.connection.seek(T0 + ms)
    expect(harness.socket.seeks()).toEqual([T0])
    expect(harness.connection.isSeeking).toBe(true)
    harness.socket.say(frame(T0, true))
    expect(harness.socket.seeks()).toEqual([T0, T0 + 3])
    harness.socket.say(frame(T0 + 3, true))
    expect(harness.connection.isSeeking).toBe(false)
  })

  it('always arrives where it was last told to go', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(1000), fc.constant('answer' as const)), { minLength: 1 }), (steps) => {
        const each = new Harness()
        each.open(T0)
        const told = [T0]
        for (const step of steps) {
          if (step === 'answer') each.socket.say(frame(each.socket.seeks().at(-1) ?? T0, true))
          else each.connection.seek(told[told.push(T0 + step) - 1])
        }
        while (each.connection.isSeeking) each.socket.say(frame(each.socket.seeks().at(-1) ?? T0, true))
        expect(each.shown.at(-1)).toBe(told.at(-1))
      }),
    )
  })

  it('does not wait for ever for an answer', () => {
    harness.open(T0)
    harness.connection.seek(T0 + 5)
    harness.fire(SEEK_PATIENCE_MS)
    expect(harness.socket.seeks()).toEqual([T0, T0 + 5])
  })

  it('comes back to its moment, and plays on', () => {
    harness.open(T0)
    harness.socket.say(frame(T0, true))
    harness.connection.play(60)
    harness.socket.say(frame(T0 + 6000, false))
    harness.socket.die()
    expect(harness.states.at(-1)).toBe('lost')
    harness.fire(400)
    harness.socket.open()
    expect(harness.socket.seeks()).toEqual([T0 + 6000])
    expect(harness.socket.sent.at(-1)).toEqual({ type: 'play', speed: 60 })
  })

  it('tells what the server says of itself', () => {
    harness.open(T0)
    const time = new Date(T0).toISOString()
    harness.socket.say(JSON.stringify({ type: 'replay', time, playing: true, speed: 2, span: { from: time, to: null }, gap: null, scene: { since: time, revision: 'r', bindings: 'b' } }))
    harness.socket.say(JSON.stringify({ type: 'error', message: 'nothing was recorded' }))
    const scene = { sinceMs: T0, revision: 'r', bindings: 'b' }
    expect(harness.statuses).toEqual([{ timeMs: T0, playing: true, speed: 2, span: { fromMs: T0, toMs: null }, gap: null, scene }])
    expect(harness.faults).toEqual(['nothing was recorded'])
    expect(harness.connection.isSeeking).toBe(false)
  })

  it('is gone once it is stopped', () => {
    harness.open(T0)
    harness.connection.stop()
    expect(harness.timers.size).toBe(0)
    expect(harness.socket.onmessage).toBeNull()
  })
})

describe('ReplayConnection, stepping and choosing', () => {
  it('steps, and stands still by that', () => {
    harness.open(T0)
    harness.connection.play(2)
    harness.connection.step({ to: 'event', back: true, events: 'alarm.*' })
    expect(harness.socket.sent.at(-1)).toEqual({ type: 'step', to: 'event', back: true, events: 'alarm.*' })
    harness.socket.say(JSON.stringify({ type: 'stepped', event_seq: 7, event: { seq: 7 } }))
    expect(harness.stepped).toEqual([{ seq: 7 }])
    harness.socket.die()
    harness.fire(400)
    harness.socket.open()
    expect(harness.socket.sent.map((each) => each.type)).toEqual(['seek'])
  })

  it('asks for its points and rate again after a break, with more frames under way at a high rate', () => {
    harness.connection.subscribe({ rate: 30, select: [] })
    harness.open(T0)
    expect(harness.socket.sent[0]).toEqual({ type: 'subscribe', rate: 30, select: [] })
    harness.socket.say(frame(T0, true))
    expect(harness.socket.sent.at(-1)).toEqual({ type: 'ack', seq: 0, ahead: 6 })
    harness.socket.die()
    harness.fire(400)
    harness.socket.open()
    expect(harness.socket.sent[0].type).toBe('subscribe')
  })
})

describe('ReplayConnection in a session', () => {
  it('hosts without a break, and shows where it looks only while it drives', () => {
    harness.open(T0)
    harness.connection.host()
    harness.connection.look({ zoom: 1 })
    expect(harness.socket.sent.at(-1)).toEqual({ type: 'host' })
    harness.socket.say(session('p2'))
    harness.connection.look({ zoom: 2 })
    expect(harness.socket.sent.at(-1)).toEqual({ type: 'view', view: { zoom: 2 } })
    harness.connection.hand('p1')
    expect(harness.socket.sent.at(-1)).toEqual({ type: 'hand', to: 'p1' })
    expect(harness.sockets).toHaveLength(1)
  })

  it('follows: it moves nothing, and sees where the driver looks', () => {
    harness.connection.join('mark.secret')
    expect(harness.socket.url).toBe('ws://x/ws/replay?session=mark.secret')
    harness.socket.open()
    harness.socket.say(session('p1'))
    expect(harness.connection.canMove).toBe(false)
    harness.connection.seek(T0)
    harness.connection.play(1)
    harness.connection.step({ to: 'second' })
    expect(harness.socket.sent).toEqual([])
    harness.socket.say(JSON.stringify({ type: 'view', driver: 'p1', view: { zoom: 3 } }))
    expect(harness.views).toEqual([{ zoom: 3 }])
    expect(harness.connection.session?.participants).toHaveLength(2)
    harness.socket.say(session('p2'))
    harness.connection.play(1)
    expect(harness.socket.sent).toEqual([{ type: 'play', speed: 1 }])
  })

  it('looks around alone and comes back, over a break too', () => {
    harness.connection.join('mark.secret')
    harness.socket.open()
    harness.socket.say(session('p1'))
    harness.socket.say(frame(T0, true))
    harness.connection.leave()
    harness.connection.seek(T0 + 9000)
    harness.socket.say(frame(T0 + 9000, true))
    harness.socket.die()
    harness.fire(400)
    expect(harness.socket.url).toBe('ws://x/ws/replay?session=mark.secret&ticket=t%202')
    harness.socket.open()
    expect(harness.socket.sent[0]).toEqual({ type: 'leave' })
    expect(harness.socket.seeks()).toEqual([T0 + 9000])
    harness.connection.comeBack()
    expect(harness.socket.sent.at(-1)).toEqual({ type: 'return' })
    expect(harness.connection.canMove).toBe(false)
  })

  it('says why a session is not to be had, and is away where it was nowhere before', () => {
    harness.connection.join('other.secret')
    harness.socket.open()
    harness.socket.say(JSON.stringify({ type: 'error', code: 'session_elsewhere', message: 'on another server' }))
    harness.socket.die(CLOSE_NO_SESSION)
    expect(harness.ends).toEqual(['elsewhere'])
    expect(harness.sessions).toEqual([null])
    expect(harness.timers.size).toBe(0)
  })

  it('goes on alone where it was, when its session has ended meanwhile', () => {
    harness.open(T0)
    harness.socket.say(frame(T0, true))
    harness.connection.join('mark.secret')
    harness.socket.open()
    harness.socket.die(CLOSE_NO_SESSION)
    harness.fire(400)
    expect(harness.socket.url).toBe('ws://x/ws/replay')
    harness.socket.open()
    expect(harness.socket.seeks()).toEqual([T0])
  })

  it('quits, and quits by stopping', () => {
    harness.connection.join('mark.secret')
    harness.socket.open()
    harness.socket.say(session('p1'))
    harness.connection.quit()
    harness.socket.say('{"type":"session","id":null}')
    expect(harness.connection.session).toBeNull()
    expect(harness.connection.canMove).toBe(true)
    harness.connection.join('mark.secret')
    harness.socket.open()
    harness.socket.say(session('p1'))
    const { socket } = harness
    harness.connection.stop()
    expect(socket.sent).toEqual([{ type: 'quit' }])
    expect(socket.closed).toBe(true)
  })
})

describe('replayUrl', () => {
  it('follows the page', () => {
    expect(replayUrl({ protocol: 'https:', host: 'twin.example' })).toBe('wss://twin.example/ws/replay')
  })
})

describe('ReplayStream', () => {
  let localMs = 0
  let stream: ReplayStream

  beforeEach(() => {
    localMs = 0
    stream = new ReplayStream(() => localMs)
    const shown = emptyColumns(3)
    shown.value.set([7, 8, 9])
    stream.begin(shown)
  })

  it('shows what was on screen until the first moment comes', () => {
    expect([...stream.columns.value]).toEqual([7, 8, 9])
    expect(stream.nowMs()).toBeNaN()
  })

  it('forgets everything at a jump, so that nothing of another time remains', () => {
    const changed = stream.receive(decodeFrame(frame(T0, true, [1, 5])))
    expect([...changed]).toEqual([0, 1, 2])
    expect([...stream.columns.value]).toEqual([Number.NaN, 5, Number.NaN])
    expect([...stream.columns.quality]).toEqual([Quality.Stale, Quality.Good, Quality.Stale])
    expect([...stream.receive(decodeFrame(frame(T0 + 100, false, [2, 6])))]).toEqual([2])
  })

  it('goes on between frames at the speed of the player, and stands while it is paused', () => {
    stream.receive(decodeFrame(frame(T0, true)))
    stream.stand(T0, 60)
    localMs = 100
    expect(stream.nowMs()).toBe(T0 + 6000)
    stream.stand(T0 + 6000, 0)
    localMs = 5000
    expect(stream.nowMs()).toBe(T0 + 6000)
    expect(stream.ageOf(T0)).toBe(6000)
  })

  it('keeps a curve since the jump alone', () => {
    stream.receive(decodeFrame(frame(T0 + 9000, true, [0, 1])))
    stream.receive(decodeFrame(frame(T0, true, [0, 2])))
    stream.receive(decodeFrame(frame(T0 + 5000, false, [0, 3])))
    expect([...stream.series(0).value]).toEqual([2, 3])
  })
})
