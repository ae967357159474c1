import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'

import { noteClose, noteStatus } from '@/net/refusal'
import { useSessionStore } from '@/stores/session'

import { guardPages } from './access'

const page = { template: '<p></p>' }
const left: string[] = []

function pages(guide = true): Router {
  const routes = [
    { path: '/', component: page, meta: { role: 'operator' as const } },
    { path: '/wall', component: page, meta: { role: 'operator' as const } },
    { path: '/login', component: page },
    ...(guide ? [{ path: '/guide', component: page }] : []),
    { path: '/:rest(.*)*', redirect: '/' },
  ]
  const router = createRouter({ history: createMemoryHistory(), routes })
  guardPages(router)
  return router
}

/** The server knows whoever asks as `role` from now on; null: it is away. */
function known(role: string | null): void {
  const person = role === 'public' ? null : { name: 'chen', display_name: 'Chen', role }
  const session = { person, role, dev: false, accounts: true, demo: [] }
  const answer = (): Promise<Response> => (role === null ? Promise.reject(new TypeError('away')) : Promise.resolve(Response.json(session)))
  vi.stubGlobal('fetch', vi.fn(answer))
}

async function goTo(router: Router, path: string): Promise<string> {
  await router.push(path)
  return router.currentRoute.value.fullPath
}

beforeEach(() => {
  setActivePinia(createPinia())
  left.length = 0
  vi.spyOn(window.location, 'assign').mockImplementation((url) => {
    left.push(String(url))
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe('the pages', () => {
  it('open for who may see them', async () => {
    known('operator')
    expect(await goTo(pages(), '/wall')).toBe('/wall')
  })

  it('lead whoever has not signed in to the login page, and remember where they wanted to go', async () => {
    known('public')
    expect(await goTo(pages(), '/wall?storey=2')).toBe('/login?next=/wall?storey=2')
  })

  it('need no account where they are for everyone', async () => {
    known('public')
    expect(await goTo(pages(), '/guide')).toBe('/guide')
  })

  it('give a member the guide in place of the desk, where there is one', async () => {
    known('member')
    expect(await goTo(pages(), '/')).toBe('/guide')
    setActivePinia(createPinia())
    expect(await goTo(pages(false), '/')).toBe('/login?next=/')
  })

  it('open while the server is away: they say so themselves', async () => {
    known(null)
    expect(await goTo(pages(), '/wall')).toBe('/wall')
  })
})

describe('a session that ends', () => {
  it.each([
    ['a refused request', () => { noteStatus(401) }],
    ['a closed stream', () => { noteClose(4401) }],
    ['a role that was taken away', () => { noteClose(4403) }],
  ])('leads to the login page and back, by %s', async (_name, happens) => {
    known('operator')
    await goTo(pages(), '/wall')
    known('public')
    happens()
    await vi.waitFor(() => {
      expect(left).toEqual(['/login?next=%2Fwall'])
    })
  })

  it('is not told by a refusal of one thing, nor by a stream that broke', async () => {
    known('operator')
    await goTo(pages(), '/wall')
    noteStatus(403)
    noteClose(1006)
    noteClose(undefined)
    noteStatus(401) // of something else: the session is still good
    await useSessionStore().load()
    expect(left).toEqual([])
  })
})
