import type { components } from '@/generated/api'
import { getAll, sendJson } from '@/net/http'

type Raw = components['schemas']['NoteOut']

/** What somebody noted at a moment (`toMs` null) or an interval, ms since 1970 UTC; '' is a bare marker. */
export interface Note {
  readonly id: string
  readonly text: string
  readonly fromMs: number
  readonly toMs: number | null
  /** Guid of the element that it is about. */
  readonly element: string | null
  /** -1: of none, or of one that the model has no more. */
  readonly elementIndex: number
  readonly author: string
  readonly changedMs: number
  readonly revision: number
  readonly mayChange: boolean
}

/** What a note says. */
export type NoteContent = Pick<Note, 'text' | 'fromMs' | 'toMs' | 'element'>

/** The band and the list show so many. */
const MOST = 1000

function noteOf(raw: Raw): Note {
  return {
    id: raw.id,
    text: raw.text,
    fromMs: Date.parse(raw.from),
    toMs: raw.to === null ? null : Date.parse(raw.to),
    element: raw.element,
    elementIndex: raw.element_index ?? -1,
    author: raw.author,
    changedMs: Date.parse(raw.changed),
    revision: raw.revision,
    mayChange: raw.may_change,
  }
}

function bodyOf({ text, fromMs, toMs, element }: NoteContent): Record<string, unknown> {
  return { text, element, from: new Date(fromMs).toISOString(), to: toMs === null ? null : new Date(toMs).toISOString() }
}

function pathOf({ id }: Pick<Note, 'id'>): string {
  return `/api/notes/${encodeURIComponent(id)}`
}

/** Notes that touch a time. */
export async function fetchNotes(fromMs: number, toMs: number): Promise<Note[]> {
  const query = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), limit: MOST }
  return (await getAll<Raw>('/api/notes', query, MOST)).map(noteOf)
}

/** Notes about an element, by its guid. */
export async function fetchNotesOf(element: string): Promise<Note[]> {
  return (await getAll<Raw>('/api/notes', { element, limit: MOST }, MOST)).map(noteOf)
}

export async function addNote(content: NoteContent): Promise<Note> {
  return noteOf(await sendJson<Raw>('POST', '/api/notes', bodyOf(content)))
}

/** @throws ApiError with status 409 where somebody changed it meanwhile. */
export async function changeNote(note: Note, content: NoteContent): Promise<Note> {
  return noteOf(await sendJson<Raw>('PUT', pathOf(note), { ...bodyOf(content), revision: note.revision }))
}

/** @throws ApiError with status 409 where somebody changed it meanwhile. */
export async function removeNote(note: Note): Promise<void> {
  await sendJson('DELETE', `${pathOf(note)}?revision=${String(note.revision)}`)
}
