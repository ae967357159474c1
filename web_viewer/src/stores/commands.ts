import { defineStore } from 'pinia'
import { shallowRef, watch } from 'vue'

import { byPoint, type Command } from '@/logic/commands'
import { NewestOnly } from '@/logic/newest'
import { getJson, type Page } from '@/net/http'

import { useLiveStore } from './live'
import { useSelectionStore } from './selection'
import { useSessionStore } from './session'

const REST_MS = 250

/** The last command of each point of what is picked, kept fresh. */
export const useCommandStore = defineStore('commands', () => {
  const live = useLiveStore()
  const selection = useSelectionStore()
  const session = useSessionStore()
  const shown = shallowRef<ReadonlyMap<string, Command>>(new Map())

  const load = new NewestOnly<readonly string[]>(async (devices) => {
    // Without an answer what is known stays: the next event asks again.
    const answers = await Promise.all(devices.map((device) => getJson<Page<Command>>('/api/commands', { device }).catch(() => null)))
    if (answers.every((answer) => answer !== null)) shown.value = byPoint(answers.flatMap((answer) => answer.items))
  }, REST_MS)

  function devices(): readonly string[] {
    return selection.detail?.devices.map((device) => device.id) ?? []
  }

  function reload(): void {
    const wanted = devices()
    if (wanted.length > 0 && session.can('operator')) load.ask(wanted)
    else shown.value = new Map()
  }

  live.onEvent((event) => {
    if (typeof event.type !== 'string' || !event.type.startsWith('command.')) return
    if (devices().some((device) => event.subject === `device:${device}`)) reload()
  })
  // Each hello may follow a break in which events were missed.
  watch([() => selection.detail, () => live.hello], reload, { immediate: true })

  return { shown }
})
