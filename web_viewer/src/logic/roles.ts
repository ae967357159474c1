/** What somebody may do, in rising order: each role has all that the one before may do. */
export const ROLES = ['public', 'visitor', 'member', 'operator', 'manager', 'admin'] as const
export type RoleName = (typeof ROLES)[number]

/** Who is shown the past: state at a moment, replay, the time slider. */
export const SEES_PAST: RoleName = 'manager'

/** Whether `role` may do what needs `needed`; a role that this page does not know may do nothing. */
export function mayDo(role: string, needed: RoleName): boolean {
  return ROLES.indexOf(role as RoleName) >= ROLES.indexOf(needed)
}

/** The path on this very site that `next` names; the start page for anything else. */
export function safeNext(next: unknown, origin: string): string {
  if (typeof next !== 'string' || !next.startsWith('/')) return '/'
  try {
    const url = new URL(next, origin)
    return url.origin === origin && !url.pathname.startsWith('/login') ? url.pathname + url.search + url.hash : '/'
  } catch {
    return '/'
  }
}
