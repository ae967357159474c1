import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { clipChoices, LONGEST_CLIP_MS } from './clip'
import { codecName, isPlayable } from './codec'
import { Moving, type PlayerApi } from './moving'
import { endOf, holds, mediaTimeOf, momentOf, type Piece } from './pieces'
import type { PlayFault } from './player'
import { gapAt, isWithin, type Stretch } from './spans'
import { FASTEST, modeOf, SLOWEST, steer, type Standing } from './step'
import { Stills, type Still, type StillWish } from './stills'

const T = Date.UTC(2026, 2, 10, 11, 40)

describe('how a picture is shown', () => {
  const standing: Standing = { isPast: true, held: false, playing: true, speed: 1, plays: true, pictures: true, pace: 1 }

  it.each<[string, Partial<Standing>, string]>([
    ['now', { isPast: false }, 'live'],
    ['now, in a codec that the browser has not', { isPast: false, plays: false }, 'stills'],
    ['now, in a simulated time that runs ahead', { isPast: false, pace: 10 }, 'stills'],
    ['played', {}, 'video'],
    ['played slowly', { speed: SLOWEST }, 'video'],
    ['played as fast as videos go', { speed: FASTEST }, 'video'],
    ['played faster', { speed: 60 }, 'stills'],
    ['played backwards', { speed: -1 }, 'stills'],
    ['played in a codec that the browser has not', { plays: false }, 'stills'],
    ['dragged', { held: true }, 'stills'],
    ['dragged while it stands', { held: true, playing: false }, 'stills'],
    ['standing', { playing: false, speed: 60 }, 'frame'],
    ['standing, on a server without single pictures', { playing: false, pictures: false }, 'video'],
    ['now, on a server without single pictures', { isPast: false, pictures: false }, 'live'],
  ])('%s', (_when, change, mode) => {
    expect(modeOf({ ...standing, ...change })).toBe(mode)
  })
})

describe('steering', () => {
  it('leaves a video alone that is in step', () => {
    expect(steer(20, 1)).toEqual({ seek: false, rate: 1 })
  })

  it('goes slower where it is ahead, faster where it is behind, and jumps where it is far off', () => {
    expect(steer(200, 1).rate).toBeLessThan(1)
    expect(steer(-200, 1).rate).toBeGreaterThan(1)
    expect(steer(1600, 1).seek).toBe(true)
    expect(steer(-1600, 1).seek).toBe(true)
    expect(steer(1600, 4).seek).toBe(false)
  })

  it('brings any video within 0.3 s of real time in a few seconds, and never asks for a rate that browsers refuse', () => {
    fc.assert(
      fc.property(fc.double({ min: -5000, max: 5000, noNaN: true }), fc.double({ min: SLOWEST, max: FASTEST, noNaN: true }), (startMs, speed) => {
        let aheadMs = startMs
        for (let tick = 0; tick < 60; tick++) {
          const { seek, rate } = steer(aheadMs, speed)
          expect(rate).toBeGreaterThanOrEqual(SLOWEST)
          expect(rate).toBeLessThanOrEqual(FASTEST)
          aheadMs = seek ? 0 : aheadMs + (rate - speed) * 100
        }
        // At the ends a rate has but one way to go: what is behind there waits for a jump.
        const isHeldBack = (speed === SLOWEST && aheadMs > 0) || (speed > FASTEST * 0.9 && aheadMs < 0) || (speed < SLOWEST * 1.3 && aheadMs > 0)
        if (!isHeldBack) expect(Math.abs(aheadMs)).toBeLessThan(300 * Math.max(1, speed))
      }),
    )
  })
})

/** Pieces of some seconds each, one after the other in the video, with gaps between their moments. */
const PIECES = fc
  .array(fc.record({ durationS: fc.integer({ min: 1, max: 60 }), gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 2000, max: 600_000 })) }), { minLength: 1, maxLength: 20 })
  .map((parts) => {
    let fromMs = T
    let startS = 0
    return parts.map(({ durationS, gapMs }): Piece => {
      const piece = { fromMs: fromMs + gapMs, startS, durationS }
      fromMs = piece.fromMs + durationS * 1000
      startS += durationS
      return piece
    })
  })

describe('a playlist', () => {
  it('tells of a moment what it tells of that time of the video', () => {
    fc.assert(
      fc.property(PIECES, fc.nat(), fc.double({ min: 0, max: 0.999, noNaN: true }), (pieces, which, share) => {
        const piece = pieces[which % pieces.length]
        const timeMs = piece.fromMs + piece.durationS * 1000 * share
        const mediaS = mediaTimeOf(pieces, timeMs)
        expect(mediaS).toBeCloseTo(piece.startS + piece.durationS * share, 5)
        expect(Math.abs(momentOf(pieces, mediaS ?? Number.NaN) - timeMs)).toBeLessThan(1)
      }),
    )
  })

  it('knows no time of the video for what was not recorded', () => {
    const pieces = [
      { fromMs: T, startS: 0, durationS: 10 },
      { fromMs: T + 60_000, startS: 10, durationS: 10 },
    ]
    expect(mediaTimeOf(pieces, T - 1)).toBeNull()
    expect(mediaTimeOf(pieces, T + 30_000)).toBeNull()
    expect(mediaTimeOf(pieces, T + 10_400)).toBe(10)
    expect(mediaTimeOf(pieces, T + 70_500)).toBe(20)
    expect(mediaTimeOf([], T)).toBeNull()
    expect(momentOf([], 1)).toBeNaN()
  })

  it('that reached to the present ends with what was recorded by then', () => {
    const pieces = [{ fromMs: T, startS: 0, durationS: 10 }]
    const old = { fromMs: T, toMs: T + 60_000, askedMs: T + 3_600_000, pieces }
    expect(holds(old, T + 30_000)).toBe(true)
    expect(holds({ ...old, askedMs: T + 12_000 }, T + 30_000)).toBe(false)
    expect(holds({ ...old, askedMs: T + 12_000 }, T + 9000)).toBe(true)
    expect(endOf(pieces)).toBe(T + 10_000)
  })
})

describe('gaps', () => {
  it('are what no span holds, to the neighbouring spans', () => {
    fc.assert(
      fc.property(PIECES, fc.integer({ min: -1000, max: 5_000_000 }), (pieces, offset) => {
        const spans: Stretch[] = pieces.map(({ fromMs, durationS }) => ({ fromMs, toMs: fromMs + durationS * 1000 }))
        const timeMs = T + offset
        const gap = gapAt(spans, timeMs)
        expect(gap === null).toBe(spans.some(({ fromMs, toMs }) => timeMs >= fromMs && timeMs < toMs))
        if (gap === null) return
        expect(isWithin(gap, timeMs)).toBe(true)
        expect(spans.some(({ fromMs, toMs }) => toMs > (gap.fromMs ?? -Infinity) && fromMs < (gap.toMs ?? Infinity))).toBe(false)
      }),
    )
  })
})

/** A server of single pictures that answers when it is told to. */
function slowServer(): { readonly asked: StillWish[]; readonly shown: number[]; readonly stills: Stills; answer: () => Promise<void> } {
  const asked: StillWish[] = []
  const shown: number[] = []
  const waiting: (() => void)[] = []
  const stills = new Stills(
    (wish) =>
      new Promise<Still>((resolve) => {
        asked.push(wish)
        waiting.push(() => {
          resolve({ kind: 'picture', picture: new Blob(), atMs: wish.atMs })
        })
      }),
    (still) => {
      if (still.kind === 'picture') shown.push(still.atMs)
    },
  )
  const answer = async (): Promise<void> => {
    waiting.shift()?.()
    await new Promise((resolve) => setTimeout(resolve))
  }
  return { asked, shown, stills, answer }
}

const wish = (atMs: number, more: Partial<StillWish> = {}): StillWish => ({ camera: 'C', atMs, newest: false, quick: true, width: 320, ...more })

describe('single pictures', () => {
  it('one is under way at a time, and the newest that was asked for goes next', async () => {
    const { asked, shown, stills, answer } = slowServer()
    for (const atMs of [1000, 2000, 3000, 4000]) stills.ask(wish(atMs))
    expect(asked.map(({ atMs }) => atMs)).toEqual([1000])
    await answer()
    expect(asked.map(({ atMs }) => atMs)).toEqual([1000, 4000])
    await answer()
    expect(shown).toEqual([1000, 4000])
  })

  it('the same one is not asked for twice, the exact one after the quick one is', async () => {
    const { asked, stills, answer } = slowServer()
    stills.ask(wish(1000))
    await answer()
    stills.ask(wish(1010))
    expect(asked).toHaveLength(1)
    stills.ask(wish(1000, { quick: false }))
    expect(asked).toHaveLength(2)
    await answer()
    stills.forget()
    stills.ask(wish(1000, { quick: false }))
    expect(asked).toHaveLength(3)
  })

  it('of another camera are not shown, nor any after the end', async () => {
    const { shown, stills, answer } = slowServer()
    stills.ask(wish(1000))
    stills.ask(wish(1000, { camera: 'D' }))
    await answer()
    expect(shown).toEqual([])
    stills.stop()
    await answer()
    expect(shown).toEqual([])
  })
})

/** A player whose video stands where it is put. */
class FakePlayer implements PlayerApi {
  opened: [string, number | null][] = []
  pieces: Piece[] = []
  momentMs = Number.NaN
  hasPicture = false
  rate = 0
  onFault: (fault: PlayFault) => void = () => undefined

  open(url: string, startMs: number | null): Promise<void> {
    this.opened.push([url, startMs])
    return Promise.resolve()
  }

  close(): void {
    this.hasPicture = false
  }

  seek(timeMs: number): boolean {
    this.momentMs = timeMs
    return true
  }

  play(rate: number): void {
    this.rate = rate
  }

  run(): void {
    this.rate = 1
  }

  pause(): void {
    this.rate = 0
  }
}

function moving(): { player: FakePlayer; moving: Moving; clock: { ms: number }; unplayable: () => number } {
  const player = new FakePlayer()
  const clock = { ms: 0 }
  let times = 0
  const made = new Moving(
    (onFault) => {
      player.onFault = onFault
      return player
    },
    () => times++,
    () => clock.ms,
  )
  return { player, moving: made, clock, unplayable: () => times }
}

describe('a moving picture', () => {
  it('is loaded once for a stretch, seen when it is in step, and loaded anew beyond it', () => {
    const { player, moving: picture, clock } = moving()
    const present = T + 7_200_000
    picture.past('C/1', T, 2, present)
    expect(player.opened).toHaveLength(1)
    expect(player.opened[0][0]).toContain('/api/video/C%2F1/playlist.m3u8?from=2026-03-10T11%3A40%3A00.000Z&to=2026-03-10T11%3A50%3A00.000Z')
    expect(player.opened[0][1]).toBe(T)
    expect(picture.isSeen).toBe(false)
    player.pieces = [{ fromMs: T - 1000, startS: 0, durationS: 600 }]
    player.hasPicture = true
    player.momentMs = T + 5000
    clock.ms = 100
    picture.past('C/1', T + 200, 2, present)
    expect(player.momentMs).toBe(T + 200)
    picture.past('C/1', T + 300, 2, present)
    expect(picture.isSeen).toBe(true)
    expect(player.opened).toHaveLength(1)
    clock.ms = 5000
    picture.past('C/1', T + 600_000, 2, present)
    expect(player.opened).toHaveLength(2)
    expect(picture.isSeen).toBe(false)
  })

  it('is led by the hand where no video plays at its speed', () => {
    const { player, moving: picture } = moving()
    picture.past('C', T, 0, T + 60_000)
    player.pieces = [{ fromMs: T - 1000, startS: 0, durationS: 60 }]
    player.hasPicture = true
    player.momentMs = T + 400
    picture.past('C', T, 0, T + 60_000)
    expect([player.momentMs, player.rate]).toEqual([T, 0])
    picture.past('C', T, 0, T + 60_000)
    expect(picture.isSeen).toBe(true)
  })

  it('goes from live to the past at once, and says when the browser cannot', () => {
    const { player, moving: picture, unplayable } = moving()
    picture.live('C', T)
    picture.past('C', T - 60_000, 1, T)
    expect(player.opened.map(([url]) => url.split('?')[0])).toEqual(['/api/video/C/live.m3u8', '/api/video/C/playlist.m3u8'])
    player.onFault('codec')
    expect(unplayable()).toBe(1)
  })

  it('that broke is tried again, but not at every tick', () => {
    const { player, moving: picture, clock } = moving()
    picture.live('C', T)
    player.onFault('other')
    for (clock.ms = 100; clock.ms < 6000; clock.ms += 100) {
      picture.live('C', T)
      player.onFault('other')
    }
    expect(player.opened).toHaveLength(3)
  })
})

describe('a codec', () => {
  it('is asked of the browser as the server names it', () => {
    const has = (type: string): boolean => type.includes('avc1')
    expect(isPlayable('avc1.64001f', has)).toBe(true)
    expect(isPlayable('hvc1.1.6.L93.B0', has)).toBe(false)
    expect(isPlayable(null, has)).toBe(true)
  })

  it('has the name that people know', () => {
    expect(['avc1.64001f', 'hvc1.1.6.L93.B0', 'hev1.1', 'xyz'].map(codecName)).toEqual(['H.264', 'H.265', 'H.265', 'xyz'])
  })
})

describe('clips', () => {
  const slider = { cursorMs: T, markMs: Number.NaN, fromMs: T - 600_000, toMs: T + 600_000, presentMs: T + 60_000 }

  it('end with the present and are no longer than the server gives', () => {
    const found = clipChoices(slider)
    expect(found.map(({ key }) => key)).toEqual(['view', 'around', 'minutes'])
    expect(found.every(({ fromMs, toMs }) => toMs <= slider.presentMs && toMs - fromMs <= LONGEST_CLIP_MS)).toBe(true)
    expect(clipChoices({ ...slider, fromMs: T - 2 * LONGEST_CLIP_MS }).map(({ key }) => key)).toEqual(['around', 'minutes'])
  })

  it('between two moments go from the earlier one to the later', () => {
    const [marked] = clipChoices({ ...slider, markMs: T - 90_000 })
    expect(marked).toEqual({ key: 'marked', fromMs: T - 90_000, toMs: T })
  })
})
