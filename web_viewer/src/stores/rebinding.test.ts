import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { shallowRef } from 'vue'

import type { PointInfo } from '@/net/types'

import { followBindings } from './rebinding'

const CHANGED = { type: 'bindings.changed' }

function points(element: number): readonly PointInfo[] {
  return [{ device: 'L-01', elementIndex: element }] as unknown as readonly PointInfo[]
}

describe('bindings that change', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('move the points to their new elements', async () => {
    const shown = shallowRef(points(1))
    const hear = followBindings(shown, { fetch: () => Promise.resolve(points(2)), registry: () => 'r', onFault: vi.fn() })
    hear({ type: 'alarm.raised' })
    await vi.runAllTimersAsync()
    expect(shown.value).toEqual(points(1))
    hear(CHANGED)
    await vi.runAllTimersAsync()
    expect(shown.value).toEqual(points(2))
  })

  it('are asked for once where many come at once, and once more for the last', async () => {
    const fetch = vi.fn(() => Promise.resolve(points(2)))
    const hear = followBindings(shallowRef(points(1)), { fetch, registry: () => 'r', onFault: vi.fn() })
    for (let time = 0; time < 20; time++) hear(CHANGED)
    await vi.runAllTimersAsync()
    expect(fetch).toHaveBeenCalledTimes(2)
  })

  it('do not count for a stream of other points, and tell where they could not be fetched', async () => {
    const shown = shallowRef(points(1))
    let registry = 'r'
    const onFault = vi.fn()
    const fetch = vi.fn(() => {
      registry = 'other'
      return Promise.resolve(points(2))
    })
    const hear = followBindings(shown, { fetch, registry: () => registry, onFault })
    hear(CHANGED)
    await vi.runAllTimersAsync()
    expect(shown.value).toEqual(points(1))
    fetch.mockRejectedValueOnce(new Error('away'))
    hear(CHANGED)
    await vi.runAllTimersAsync()
    expect(onFault).toHaveBeenCalledOnce()
  })
})
