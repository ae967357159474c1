import { afterEach, describe, expect, it, vi } from 'vitest'
import { createApp, nextTick, type App, type Ref } from 'vue'

import { useFilmHealth } from '@/app/useFilmHealth'
import en from '@/i18n/en'
import zh from '@/i18n/zh-CN'
import * as api from '@/net/api'

import { filmRecovered, filmTrouble, type FilmHealth } from './filmTrouble'

function film(rest: Partial<FilmHealth> = {}): FilmHealth {
  return { since: '2026-11-21T11:40:00Z', fault: 'full', reason: 'disk is full', waiting: 1234, room: 6_000_000, lasts_s: null, lost: 0, ...rest }
}

const words = (health: FilmHealth): readonly string[] => filmTrouble(health, '19:40', String).map((each) => each.key)

describe('what is said while the film cannot be written', () => {
  it('is what to do first, and then for how long there is room', () => {
    expect(words(film())).toEqual(['film.full', 'film.waiting'])
    expect(words(film({ fault: 'away', lasts_s: 7199 }))).toEqual(['film.away', 'film.lastsMinutes'])
    expect(words(film({ lasts_s: 7201 }))).toEqual(['film.full', 'film.lastsHours'])
    expect(filmTrouble(film({ lasts_s: 7199 }), '19:40', String)[1].named).toEqual({ since: '19:40', count: '1234', left: '119' })
    expect(words(film({ lost: 5, lasts_s: 100 }))[1]).toBe('film.losing')
    expect(words(film({ waiting: 0 }))).toEqual(['film.full'])
  })

  it('has a text for every fault in both languages', () => {
    for (const fault of ['full', 'read_only', 'locked', 'away', 'other'] as const) {
      expect(zh.film[fault]).not.toBe(en.film[fault])
    }
  })

  it('tells of losses once it is over', () => {
    expect(filmRecovered(film(), String).key).toBe('film.again')
    expect(filmRecovered(film({ lost: 7 }), String)).toEqual({ key: 'film.againLost', named: { count: '7' } })
  })
})

describe('the watch on the film', () => {
  let app: App | null = null

  afterEach(() => {
    app?.unmount()
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  function watching(answers: (FilmHealth | null | Error)[]): { trouble: Ref<FilmHealth | null>; over: Ref<FilmHealth | null> } {
    vi.useFakeTimers()
    vi.spyOn(api, 'fetchHealth').mockImplementation(() => {
      const next = answers.length > 1 ? answers.shift() : answers[0]
      return next instanceof Error ? Promise.reject(next) : Promise.resolve({ film: next } as Awaited<ReturnType<typeof api.fetchHealth>>)
    })
    let found!: ReturnType<typeof useFilmHealth>
    app = createApp({
      setup() {
        found = useFilmHealth()
        return () => null
      },
    })
    app.mount(document.createElement('div'))
    return found
  }

  it('says for a while that it is over, and then nothing', async () => {
    const bad = film({ waiting: 9 })
    const { trouble, over } = watching([null, bad, new Error('away'), null])
    await vi.advanceTimersByTimeAsync(0)
    expect([trouble.value, over.value]).toEqual([null, null])
    await vi.advanceTimersByTimeAsync(5000)
    expect(trouble.value).toEqual(bad)
    await vi.advanceTimersByTimeAsync(5000)
    expect(trouble.value).toEqual(bad)
    await vi.advanceTimersByTimeAsync(5000)
    expect([trouble.value, over.value]).toEqual([null, bad])
    await vi.advanceTimersByTimeAsync(30_000)
    await nextTick()
    expect(over.value).toBeNull()
  })
})
