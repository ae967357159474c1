import type { Router, RouteLocationNormalized, RouteLocationRaw } from 'vue-router'

import type { RoleName } from '@/logic/roles'
import { onSignedOut } from '@/net/refusal'
import { useSessionStore } from '@/stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** The least role that the page is of use to; everyone when left out. */
    role?: RoleName
  }
}

const GUIDE = '/guide'
const LOGIN = '/login'

/** Leads whoever may not see a page to the login page, and back to where they were once they have signed in. */
export function guardPages(router: Router): void {
  router.beforeEach((to) => gate(router, to))
  let asking = false
  onSignedOut(() => {
    if (asking) return
    asking = true
    void leaveForLogin(router).then((left) => {
      asking = left
    })
  })
}

async function gate(router: Router, to: RouteLocationNormalized): Promise<RouteLocationRaw | true> {
  const needed = to.meta.role
  if (needed === undefined) return true
  const session = useSessionStore()
  // Where the server is away, the page says so itself and waits for it.
  if (!(await session.known()) || session.can(needed)) return true
  const hasGuide = router.resolve(GUIDE).matched.some((each) => each.path === GUIDE)
  if (session.person !== null && to.path === '/' && hasGuide) return GUIDE
  return { path: LOGIN, query: { next: to.fullPath } }
}

/**
 * Where the session has ended while the page was open, load the login page anew, so that nothing stays behind;
 * whether it has.
 */
async function leaveForLogin(router: Router): Promise<boolean> {
  const here = router.currentRoute.value
  const session = useSessionStore()
  if (here.meta.role === undefined || !(await session.load()) || session.can(here.meta.role)) return false
  window.location.assign(`${LOGIN}?next=${encodeURIComponent(here.fullPath)}`)
  return true
}
