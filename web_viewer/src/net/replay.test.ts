import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'

import { Kind, Quality, decodeFrame } from '@/generated/wire'
import { deltaFrame } from '@/stores/fixture'

import { emptyColumns } from './columns'
import { FakeNetwork } from './fixture'
import type { LinkState } from './live'
import { ReplayConnection, ReplayStream, replayUrl, SEEK_PATIENCE_MS, type ReplayStatus } from './replay'

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
  connection = new ReplayConnection(
    'ws://x/ws/replay',
    {
      onState: (state) => this.states.push(state),
      onFrame: (each) => this.shown.push(each.time),
      onStatus: (status) => this.statuses.push(status),
      onEvent: () => undefined,
      onFault: (message) => this.faults.push(message),
    },
    this.environment,
  )

  open(atMs: number): void {
    this.connection.seek(atMs)
    this.socket.onopen?.(new Event('open'))
  }
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
    expect(harness.socket.sent.at(-1)).toEqual({ type: 'ack', seq: 0 })
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
    harness.socket.onopen?.(new Event('open'))
    expect(harness.socket.seeks()).toEqual([T0 + 6000])
    expect(harness.socket.sent.at(-1)).toEqual({ type: 'play', speed: 60 })
  })

  it('tells what the server says of itself', () => {
    harness.open(T0)
    const time = new Date(T0).toISOString()
    harness.socket.say(JSON.stringify({ type: 'replay', time, playing: true, speed: 2, span: { from: time, to: null }, gap: null }))
    harness.socket.say(JSON.stringify({ type: 'error', message: 'nothing was recorded' }))
    expect(harness.statuses).toEqual([{ timeMs: T0, playing: true, speed: 2, span: { fromMs: T0, toMs: null }, gap: null }])
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
