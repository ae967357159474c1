import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { shallowRef } from 'vue'

import type { PastBindings, PastScene } from '@/net/pastBindings'

import { followScene } from './pastScene'

function scene(bindings: string): PastScene {
  return { sinceMs: 0, revision: 'r', bindings }
}

function bindings(hash: string): PastBindings {
  return { hash, elements: new Map() }
}

describe('the bindings of the moment on screen', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('are asked for once, kept, and given up on the way back to the present', async () => {
    const then = shallowRef<PastBindings | null>(null)
    const fetch = vi.fn((timeMs: number) => Promise.resolve(bindings(timeMs < 100 ? 'early' : 'late')))
    const follower = followScene(then, fetch, vi.fn())
    for (const timeMs of [50, 150, 60, 160]) {
      follower.see(scene(timeMs < 100 ? 'early' : 'late'), timeMs)
      await vi.runAllTimersAsync()
      expect(then.value?.hash).toBe(timeMs < 100 ? 'early' : 'late')
    }
    expect(fetch).toHaveBeenCalledTimes(2)
    follower.see(null, 10)
    expect(then.value).toBeNull()
    follower.see(scene('early'), 50)
    expect(then.value?.hash).toBe('early')
    follower.leave()
    expect(then.value).toBeNull()
  })

  it('do not come too late: those of a moment that was left are not shown', async () => {
    const then = shallowRef<PastBindings | null>(null)
    const answers: ((found: PastBindings) => void)[] = []
    const follower = followScene(then, () => new Promise((resolve) => answers.push(resolve)), vi.fn())
    follower.see(scene('early'), 50)
    follower.leave()
    answers[0](bindings('early'))
    await vi.runAllTimersAsync()
    expect(then.value).toBeNull()
  })

  it('that cannot be had leave those before, and are asked for again', async () => {
    const then = shallowRef<PastBindings | null>(null)
    const onFault = vi.fn()
    const fetch = vi.fn(() => Promise.resolve(bindings('early')))
    fetch.mockRejectedValueOnce(new Error('away'))
    const follower = followScene(then, fetch, onFault)
    follower.see(scene('early'), 50)
    await vi.runAllTimersAsync()
    expect(onFault).toHaveBeenCalledOnce()
    expect(then.value).toBeNull()
    follower.see(scene('early'), 51)
    await vi.runAllTimersAsync()
    expect(then.value?.hash).toBe('early')
  })
})
