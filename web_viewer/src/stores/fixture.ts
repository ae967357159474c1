import { vi, type Mock } from 'vitest'

import { frameBytes, Kind, Quality, type Hello } from '@/generated/wire'
import type { TwinSceneApi } from '@/scene/types'

/** A scene that draws nothing and remembers what it was told. */
export function fakeScene(): TwinSceneApi & Record<'setColours' | 'clearColours' | 'setHidden' | 'isolateStorey' | 'select', Mock> {
  const told = ['setColours', 'hurry', 'compare', 'clearColours', 'setHidden', 'showAll', 'isolateStorey', 'xray', 'showSpaces', 'select'] as const
  return {
    ...Object.fromEntries(told.map((name) => [name, vi.fn()])),
    setView: vi.fn(() => Promise.resolve()),
    flyTo: vi.fn(() => Promise.resolve()),
    elementBox: () => null,
  } as unknown as ReturnType<typeof fakeScene>
}

/** Stands in for the browser's WebSocket; `FakeSocket.last` is the one that the page opened last. */
export class FakeSocket {
  static last: FakeSocket
  binaryType = ''
  onmessage: ((event: MessageEvent) => void) | null = null
  onclose: ((event: Event) => void) | null = null

  constructor(readonly url: string) {
    FakeSocket.last = this
  }

  close(): void {
    this.onmessage = null
  }

  say(data: string | ArrayBuffer): void {
    this.onmessage?.(new MessageEvent('message', { data }))
  }
}

/** First message of a stream. */
export function hello(registry: string): Hello {
  const time = new Date(Date.UTC(2026, 2, 1)).toISOString()
  const events = { event_epoch: 'e', event_seq: 0, recovered: false }
  const points = { selection: 'all', points: 3, resumed: false }
  return { type: 'hello', epoch: 'e', seq: 0, time, registry, simulated: false, speed: 1, ...events, ...points }
}

/** A delta frame of good samples, `[point_index, value]`. */
export function deltaFrame(timeMs: number, ...samples: [number, number][]): ArrayBuffer {
  const n = samples.length
  const data = new ArrayBuffer(frameBytes(n))
  const view = new DataView(data)
  view.setUint8(0, 1)
  view.setUint8(1, Kind.Delta)
  view.setUint32(4, n, true)
  view.setFloat64(16, timeMs, true)
  const valueAt = frameBytes(n) - 9 * n
  for (const [position, [point, value]] of samples.entries()) {
    view.setUint32(24 + position * 4, point, true)
    view.setFloat64(valueAt + position * 8, value, true)
    view.setUint8(valueAt + n * 8 + position, Quality.Good)
  }
  return data
}
