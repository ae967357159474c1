import { beforeEach, describe, expect, it } from 'vitest'

import { Kind, Quality } from '@/generated/wire'
import { pointInfo } from '@/logic/fixture'
import { deltaFrame as frame, hello } from '@/stores/fixture'

import { LiveStream } from './stream'
import type { PointInfo } from './types'

const T0 = Date.UTC(2026, 2, 1)

/** The same samples as the whole state. */
function snapshotOf(data: ArrayBuffer): ArrayBuffer {
  new DataView(data).setUint8(1, Kind.Snapshot)
  return data
}

class Harness {
  localMs = 0
  fetched: { resolve: (points: PointInfo[]) => void; reject: (error: Error) => void }[] = []
  sizes: number[] = []
  samples: number[][] = []
  faults: unknown[] = []
  stream = new LiveStream(
    {
      onSamples: (changed) => this.samples.push([...changed]),
      onPoints: (points) => this.sizes.push(points.length),
      onFault: (error) => this.faults.push(error),
    },
    () => new Promise((resolve, reject) => this.fetched.push({ resolve, reject })),
    () => this.localMs,
  )
}

function points(count: number): PointInfo[] {
  return Array.from({ length: count }, (_, pointIndex) => pointInfo({ pointIndex }))
}

describe('LiveStream', () => {
  let harness: Harness

  beforeEach(() => {
    harness = new Harness()
  })

  it('lets frames wait until their points are known', async () => {
    const begun = harness.stream.begin(hello('r1'))
    harness.stream.receive(frame(T0, [1, 42]))
    expect(harness.samples).toEqual([])
    harness.fetched[0].resolve(points(2))
    await begun
    expect(harness.sizes).toEqual([2])
    expect(harness.samples).toEqual([[1]])
    expect(harness.stream.columns.value[1]).toBe(42)
  })

  it('keeps its columns over a break when the points are the same', async () => {
    const begun = harness.stream.begin(hello('r1'))
    harness.fetched[0].resolve(points(1))
    await begun
    harness.stream.receive(frame(T0, [0, 5]))
    await harness.stream.begin(hello('r1'))
    expect(harness.fetched).toHaveLength(1)
    expect(harness.stream.columns.value[0]).toBe(5)
  })

  it('forgets the answer to an older hello', async () => {
    const first = harness.stream.begin(hello('r1'))
    const second = harness.stream.begin(hello('r2'))
    harness.fetched[1].resolve(points(3))
    harness.fetched[0].resolve(points(7))
    await Promise.all([first, second])
    expect(harness.sizes).toEqual([3])
  })

  it('asks again for points that it could not get', async () => {
    const begun = harness.stream.begin(hello('r1'))
    harness.fetched[0].reject(new Error('away'))
    await begun
    expect(harness.faults).toEqual([new Error('away')])
    void harness.stream.begin(hello('r1'))
    expect(harness.fetched).toHaveLength(2)
  })

  it('counts the age of data from the last sample, not from heartbeats', async () => {
    const begun = harness.stream.begin({ ...hello('r1'), speed: 10 })
    harness.fetched[0].resolve(points(1))
    await begun
    expect(harness.stream.ageMs()).toBeNaN()
    harness.stream.receive(frame(T0, [0, 1]))
    harness.localMs = 3000
    harness.stream.receive(frame(T0 + 30_000))
    expect(harness.stream.ageMs()).toBe(3000)
    expect(harness.stream.nowMs()).toBe(T0 + 30_000)
    expect([...harness.stream.series(0).value]).toEqual([1])
  })

  it('knows where it is in the stream once its columns hold it, and forgets it for another one', async () => {
    expect(harness.stream.place()).toBeNull()
    const begun = harness.stream.begin(hello('r1'))
    harness.stream.receive(frame(T0, [0, 5]))
    expect(harness.stream.place()).toBeNull()
    harness.fetched[0].resolve(points(1))
    await begun
    const place = harness.stream.place()
    expect(place?.epoch).toBe('e')
    await harness.stream.begin({ ...hello('r1'), resumed: true })
    expect(harness.stream.place()).toEqual(place)
    await harness.stream.begin({ ...hello('r1'), epoch: 'f' })
    expect(harness.stream.place()).toBeNull()
  })

  it('forgets what a snapshot does not hold, and says so', async () => {
    const begun = harness.stream.begin(hello('r1'))
    harness.fetched[0].resolve(points(3))
    await begun
    harness.stream.receive(frame(T0, [0, 5], [2, 6]))
    harness.samples.length = 0
    harness.stream.receive(snapshotOf(frame(T0 + 1000, [0, 7])))
    expect(harness.samples).toEqual([[2], [0]])
    expect([...harness.stream.columns.value]).toEqual([7, Number.NaN, Number.NaN])
    expect(harness.stream.columns.quality[2]).toBe(Quality.Stale)
  })

  it('refuses bytes that are no frame', () => {
    expect(() => {
      harness.stream.receive(new ArrayBuffer(8))
    }).toThrow('a frame of 8 bytes')
  })
})
