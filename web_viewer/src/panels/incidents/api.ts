import type { components } from '@/generated/api'
import type { Locale } from '@/logic/format'
import { awayError, getJson, problemError, sendJson, withQuery, type Page } from '@/net/http'

type Schemas = components['schemas']
export type Incident = Schemas['IncidentDetail']
export type ListedIncident = Schemas['IncidentOut']
export type Dossier = Schemas['Dossier']
export type Entry = Schemas['ReportEntry']
export type Response = Schemas['ResponseTimes']
export type PointReport = Schemas['PointReport']
export type Picture = Schemas['PictureOut']
export type ArchiveNote = Schemas['ArchiveNote']
export type NewIncident = Schemas['IncidentIn']
export type IncidentChange = Schemas['IncidentChange']

const ROOT = '/api/incidents'

export function fetchIncidents(text: string): Promise<Page<ListedIncident>> {
  return getJson<Page<ListedIncident>>(ROOT, { q: text, limit: 200 })
}

export function fetchIncident(id: string): Promise<Incident> {
  return getJson<Incident>(`${ROOT}/${id}`)
}

export function fetchDossier(id: string): Promise<Dossier> {
  return getJson<Dossier>(`${ROOT}/${id}/dossier`)
}

export async function fetchArchive(): Promise<ArchiveNote | null> {
  return (await getJson<Schemas['ArchiveInfo']>(`${ROOT}/archive`)).archive
}

export function createIncident(said: NewIncident): Promise<Incident> {
  return sendJson<Incident>('POST', ROOT, said)
}

export function changeIncident(id: string, said: IncidentChange): Promise<Incident> {
  return sendJson<Incident>('PATCH', `${ROOT}/${id}`, said)
}

export function captionPicture(id: string, picture: string, caption: string): Promise<Incident> {
  return sendJson<Incident>('PATCH', `${ROOT}/${id}/pictures/${picture}`, { caption })
}

export function deletePicture(id: string, picture: string): Promise<Incident> {
  return sendJson<Incident>('DELETE', `${ROOT}/${id}/pictures/${picture}`)
}

export function pictureUrl(id: string, picture: string): string {
  return `${ROOT}/${id}/pictures/${picture}.png`
}

/** Adds a picture (PNG) of a moment, ms since 1970 UTC. */
export async function addPicture(id: string, png: Blob, atMs: number): Promise<Incident> {
  const path = withQuery(`${ROOT}/${id}/pictures`, { at: new Date(Math.round(atMs)).toISOString() })
  const answer = await post(path, png, { 'Content-Type': 'image/png' })
  return (await answer.json()) as Incident
}

/** A file that the server makes. */
export interface MadeFile {
  readonly name: string
  readonly content: Blob
}

export function printIncident(id: string, locale: Locale): Promise<MadeFile> {
  return made(withQuery(`${ROOT}/${id}/report.pdf`, { lang: languageOf(locale) }))
}

export function archiveIncident(id: string, locale: Locale, withModel: boolean): Promise<MadeFile> {
  return made(withQuery(`${ROOT}/${id}/archive`, { lang: languageOf(locale), model: withModel }))
}

function languageOf(locale: Locale): string {
  return locale === 'en' ? 'en' : 'zh'
}

async function made(path: string): Promise<MadeFile> {
  const answer = await post(path, null, {})
  const name = /filename="([^"]+)"/.exec(answer.headers.get('content-disposition') ?? '')?.[1] ?? 'incident'
  return { name, content: await answer.blob() }
}

async function post(path: string, body: Blob | null, headers: Record<string, string>): Promise<globalThis.Response> {
  const answer = await fetch(path, { method: 'POST', body, headers }).catch(() => {
    throw awayError()
  })
  if (!answer.ok) throw problemError(await answer.json().catch(() => null), answer.status)
  return answer
}
