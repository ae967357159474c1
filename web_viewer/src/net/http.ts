import { noteStatus } from './refusal'

/** What a problem detail (RFC 9457) says beside its text. */
export interface ProblemKind {
  /** The last part of its type, such as `booking-rule`; '' where it has none. */
  readonly kind: string
  /** Which of the cases of its type it is, such as `too-early`; '' where there is but one. */
  readonly reason: string
  /** The values in its text, by name. */
  readonly named: Readonly<Record<string, unknown>>
}

const UNKNOWN: ProblemKind = { kind: '', reason: '', named: {} }

/** A request that did not give what was asked for; the message is fit for people, in the server's English. */
export class ApiError extends Error {
  readonly kind: string
  readonly reason: string
  readonly named: Readonly<Record<string, unknown>>

  constructor(
    message: string,
    /** HTTP status; 0 when there was no answer at all. */
    readonly status: number,
    problem: ProblemKind = UNKNOWN,
  ) {
    super(message)
    this.name = 'ApiError'
    this.kind = problem.kind
    this.reason = problem.reason
    this.named = problem.named
  }
}

/** Nobody answers. */
export function awayError(): ApiError {
  return new ApiError('the server does not answer', 0)
}

/** The error of an answer that is a problem detail, or is none at all. */
export function problemError(body: unknown, status: number): ApiError {
  const problem = (typeof body === 'object' ? body : null) as Readonly<Record<string, unknown>> | null
  const words = [problem?.detail, problem?.title].filter((each) => typeof each === 'string')
  const kind = typeof problem?.type === 'string' ? problem.type.slice(problem.type.lastIndexOf(':') + 1) : ''
  const reason = typeof problem?.reason === 'string' ? problem.reason : ''
  const named = (problem?.named ?? {}) as Readonly<Record<string, unknown>>
  return new ApiError(words.find((each) => each !== '') ?? `HTTP ${String(status)}`, status, { kind, reason, named })
}

/** A page of a list. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

type Query = Readonly<Record<string, string | number | boolean | null | undefined>>

/**
 * Get JSON from the server that this page came from.
 * @throws ApiError when the server is away, refuses (its problem details are the message) or sends no JSON.
 */
export async function getJson<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const response = await request(withQuery(path, query), 'application/json', signal)
  if (!response.ok) throw await problemOf(response)
  try {
    return (await response.json()) as T
  } catch {
    throw new ApiError(`${path}: the answer is not JSON`, response.status)
  }
}

/**
 * Get bytes from the server that this page came from.
 * @throws ApiError when the server is away or refuses.
 */
export async function getBytes(path: string): Promise<ArrayBuffer> {
  const response = await request(path, 'application/octet-stream')
  if (!response.ok) throw await problemOf(response)
  return response.arrayBuffer()
}

/**
 * Send JSON to the server that this page came from; gives what it answers, undefined where that is nothing.
 * @throws ApiError when the server is away or refuses.
 */
export async function sendJson<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body: unknown = {}): Promise<T> {
  const headers = { Accept: 'application/json', 'Content-Type': 'application/json' }
  const response = await fetch(path, { method, headers, body: JSON.stringify(body) }).catch(() => {
    throw awayError()
  })
  if (!response.ok) throw await problemOf(response)
  return (response.status === 204 ? undefined : await response.json()) as T
}

/** All pages of a list, one after the other, up to `most` items. */
export async function getAll<T>(path: string, query: Query = {}, most = 200_000): Promise<T[]> {
  const items: T[] = []
  let cursor: string | null = null
  do {
    const page: Page<T> = await getJson<Page<T>>(path, { ...query, cursor })
    items.push(...page.items)
    cursor = page.next
  } while (cursor !== null && items.length < most)
  return items
}

/** Path with the query's set fields. */
export function withQuery(path: string, query: Query): string {
  const fields = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '')
  if (fields.length === 0) return path
  return `${path}?${new URLSearchParams(fields.map(([key, value]) => [key, String(value)])).toString()}`
}

async function request(path: string, accept: string, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(path, { headers: { Accept: accept }, signal })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw awayError()
  }
}

async function problemOf(response: Response): Promise<ApiError> {
  noteStatus(response.status)
  return problemError(await response.json().catch(() => null), response.status)
}
