import { createPinia, setActivePinia, type Pinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, nextTick, type App } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'

import { setLocale } from '@/i18n'
import { useSessionStore } from '@/stores/session'

import AccountMenu from './AccountMenu.vue'
import LoginPage from './LoginPage.vue'

interface Answer {
  readonly status: number
  readonly body: unknown
}

const NOBODY = { person: null, role: 'public', dev: false, accounts: true, demo: [] }
const LINK = { name: 'operator', display_name: '老吴', role: 'operator', link: 'secret-token' }

let pinia: Pinia
let app: App | null = null
let sent: unknown[] = []
let left: string[] = []

/** A server that knows nobody yet, and answers a sign-in with `entered`. */
function serve(session: object, entered: Answer = { status: 200, body: NOBODY }): void {
  vi.stubGlobal('fetch', (path: string, options: RequestInit = {}) => {
    if (!path.startsWith('/api/session')) return Promise.resolve(Response.json({ detail: 'no' }, { status: 404 }))
    if (options.method === undefined) return Promise.resolve(Response.json(session))
    sent.push([options.method, options.body === undefined ? null : JSON.parse(options.body as string)])
    return Promise.resolve(options.method === 'DELETE' ? new Response(null, { status: 204 }) : Response.json(entered.body, { status: entered.status }))
  })
}

async function open(path: string): Promise<HTMLElement> {
  const page = { template: '<p></p>' }
  const router = createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: page }] })
  await router.push(path)
  const place = document.createElement('div')
  app = createApp(LoginPage).use(pinia).use(router)
  app.mount(place)
  await settle()
  return place
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((done) => setTimeout(done))
  await nextTick()
}

async function fillIn(place: HTMLElement): Promise<void> {
  const [name, password] = place.querySelectorAll('input')
  if (name === undefined || password === undefined) throw new Error('no form')
  name.value = 'chen'
  password.value = 'correct horse battery'
  name.dispatchEvent(new Event('input'))
  password.dispatchEvent(new Event('input'))
  place.querySelector('form')?.dispatchEvent(new Event('submit', { cancelable: true }))
  await settle()
}

beforeEach(() => {
  pinia = createPinia()
  setActivePinia(pinia)
  setLocale('zh-CN')
  sent = []
  left = []
  vi.spyOn(window.location, 'assign').mockImplementation((url) => {
    left.push(String(url))
  })
})
afterEach(() => {
  app?.unmount()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe('the login page', () => {
  it('signs in with name and password, and leads back to where one was', async () => {
    serve(NOBODY)
    const place = await open('/login?next=/wall?storey=2')
    await fillIn(place)
    expect(sent).toEqual([['POST', { name: 'chen', password: 'correct horse battery' }]])
    expect(left).toEqual(['/wall?storey=2'])
  })

  it('never leads to another site', async () => {
    serve(NOBODY)
    await fillIn(await open('/login?next=//evil.example/'))
    expect(left).toEqual(['/'])
  })

  it('says in the reader\'s language what was wrong, and forgets the password', async () => {
    serve(NOBODY, { status: 401, body: { detail: 'the name or the password is wrong' } })
    const place = await open('/login')
    await fillIn(place)
    expect(place.querySelector('[data-test=problem]')?.textContent).toContain('用户名或密码不正确')
    expect(place.querySelectorAll('input')[1]?.value).toBe('')
    expect(left).toEqual([])
  })

  it('follows a link at once and takes it out of the address', async () => {
    const replaced = vi.spyOn(window.history, 'replaceState')
    serve(NOBODY)
    await open('/login?link=secret-token')
    expect(sent).toEqual([['POST', { link: 'secret-token' }]])
    expect(replaced.mock.calls.map((call) => call[2])).toEqual(['/login'])
  })

  it('tells of a used link', async () => {
    serve(NOBODY, { status: 401, body: {} })
    expect((await open('/login?link=old')).querySelector('[data-test=problem]')?.textContent).toContain('已使用或已过期')
  })

  it('has a button for each role of the demo, and none elsewhere', async () => {
    serve({ ...NOBODY, demo: [LINK] })
    const place = await open('/login')
    place.querySelector<HTMLButtonElement>('[data-role=operator]')?.click()
    await settle()
    expect(sent).toEqual([['POST', { link: 'secret-token' }]])
    app?.unmount()
    serve(NOBODY)
    expect((await open('/login')).querySelector('[data-role]')).toBeNull()
  })

  it('tells how the first account is made', async () => {
    serve({ ...NOBODY, accounts: false })
    const place = await open('/login')
    expect(place.querySelector('[data-test=first-run]')?.textContent).toContain('twin account add')
    expect(place.querySelector('form')).toBeNull()
  })
})

describe('the account menu', () => {
  it('shows who has signed in, and signs out', async () => {
    serve({ ...NOBODY, person: { name: 'wu', display_name: '老吴', role: 'operator' }, role: 'operator' })
    const session = useSessionStore()
    await session.load()
    const place = document.createElement('div')
    app = createApp(AccountMenu).use(pinia)
    app.mount(place)
    place.querySelector<HTMLButtonElement>('[data-test=account]')?.click()
    await nextTick()
    expect(place.textContent).toContain('老吴')
    expect(place.textContent).toContain('值班员')
    expect(place.querySelector('[data-test=accounts]')).toBeNull()
    place.querySelector<HTMLButtonElement>('[data-test=sign-out]')?.click()
    await settle()
    expect(sent).toEqual([['DELETE', null]])
    expect(left).toEqual(['/login'])
  })
})
