import type { components } from '@/generated/api'

import { awayError, getJson, problemError } from './http'

/** Who uses this page, as the server knows them. */
export type Session = components['schemas']['Session']

/** Either a name and a password, or the token of a link. */
export type Credentials = { readonly name: string; readonly password: string } | { readonly link: string }

const PATH = '/api/session'

export async function fetchSession(): Promise<Session> {
  return getJson<Session>(PATH)
}

/**
 * Sign in.
 * @throws ApiError 401 wrong, used or expired; 429 too many tries; the message is the server's.
 */
export async function signIn(credentials: Credentials): Promise<Session> {
  const response = await send('POST', credentials)
  const answer: unknown = await response.json().catch(() => null)
  if (!response.ok) throw problemError(answer, response.status)
  return answer as Session
}

/** Sign out; harmless where nobody has signed in. */
export async function signOut(): Promise<void> {
  await send('DELETE')
}

/** Not by way of `sendJson`: a wrong password is no sign that the session has ended. */
async function send(method: string, body?: Credentials): Promise<Response> {
  const headers = { Accept: 'application/json', 'Content-Type': 'application/json' }
  try {
    return await fetch(PATH, { method, headers, body: body && JSON.stringify(body) })
  } catch {
    throw awayError()
  }
}
