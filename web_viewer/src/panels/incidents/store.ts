import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { problemText } from '@/i18n/problem'
import { useUiStore } from '@/stores/ui'

import * as api from './api'

/** What a new report is to be about; times in ms since 1970 UTC, null: as the time slider stands. */
export interface Subject {
  readonly title: string
  readonly alarm: string | null
  /** An element's guid, and what people call it. */
  readonly element: { readonly guid: string; readonly name: string } | null
  readonly fromMs: number | null
  readonly toMs: number | null
}

export const ANYTHING: Subject = { title: '', alarm: null, element: null, fromMs: null, toMs: null }

/** The incident reports: the list, the one that is open, and what log and film say to it. */
export const useIncidentStore = defineStore('incidents', () => {
  const ui = useUiStore()
  const listed = shallowRef<readonly api.ListedIncident[] | null>(null)
  const subject = shallowRef<Subject | null>(null)
  const archive = shallowRef<api.ArchiveNote | null>(null)
  const { doing, ...work } = oneAtATime()
  const report = openReport(doing)

  async function list(text = ''): Promise<void> {
    try {
      listed.value = (await api.fetchIncidents(text)).items
      work.problem.value = ''
    } catch (error) {
      work.problem.value = problemText(error)
    }
  }

  function begin(about: Subject = ANYTHING): void {
    report.forget()
    work.problem.value = ''
    subject.value = about
    ui.openPanel('incidents')
  }

  function close(): void {
    report.forget()
    subject.value = null
    void list()
  }

  async function learnArchive(): Promise<void> {
    // Without an answer it is an ordinary server: an archive is on this very machine.
    archive.value = await api.fetchArchive().catch(() => null)
  }

  const create = (said: api.NewIncident): Promise<boolean> =>
    doing(async () => {
      const incident = await api.createIncident(said)
      subject.value = null
      await report.take(incident)
    })

  return {
    listed,
    subject,
    archive,
    ...work,
    ...report,
    /** Whether nothing can be written. */
    readOnly: computed(() => archive.value !== null),
    list,
    begin,
    close,
    create,
    learnArchive,
  }
})

type Doing = (work: () => Promise<void>) => Promise<boolean>

/** Work with the server, one piece at a time, and why the last one failed. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function oneAtATime() {
  const problem = ref('')
  const busy = ref(false)

  /** Does something; false: it did not work, and `problem` says why. */
  async function doing(work: () => Promise<void>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    problem.value = ''
    try {
      await work()
      return true
    } catch (error) {
      problem.value = problemText(error)
      return false
    } finally {
      busy.value = false
    }
  }

  return { problem, busy, doing }
}

/** The report that is open, and what is done to it. */
// eslint-disable-next-line @typescript-eslint/explicit-function-return-type -- a part of the store, seen by it alone
function openReport(doing: Doing) {
  const open = shallowRef<api.Incident | null>(null)
  const dossier = shallowRef<api.Dossier | null>(null)

  function forget(): void {
    open.value = dossier.value = null
  }

  async function take(incident: api.Incident): Promise<void> {
    if (open.value?.id !== incident.id) dossier.value = null
    open.value = incident
    const found = await api.fetchDossier(incident.id)
    if (open.value.id === incident.id) dossier.value = found
  }

  async function choose(id: string): Promise<void> {
    await doing(async () => {
      await take(await api.fetchIncident(id))
    })
  }

  /** Works on the open report. */
  function onOpen(work: (incident: api.Incident) => Promise<void>): Promise<boolean> {
    const incident = open.value
    return incident === null ? Promise.resolve(false) : doing(() => work(incident))
  }

  const change = (said: Omit<api.IncidentChange, 'version'>): Promise<boolean> =>
    onOpen(async ({ id, version }) => {
      await take(await api.changeIncident(id, { ...said, version }))
    })

  const pictured = (work: (id: string) => Promise<api.Incident>): Promise<boolean> =>
    onOpen(async ({ id }) => {
      open.value = await work(id)
    })

  return {
    open,
    dossier,
    forget,
    take,
    choose,
    onOpen,
    change,
    addPicture: (png: Blob, atMs: number) => pictured((id) => api.addPicture(id, png, atMs)),
    caption: (picture: string, text: string) => pictured((id) => api.captionPicture(id, picture, text)),
    removePicture: (picture: string) => pictured((id) => api.deletePicture(id, picture)),
  }
}
