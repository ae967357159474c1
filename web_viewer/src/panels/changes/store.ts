import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { problemText } from '@/i18n/problem'

import { fetchDifferences, type Differences, type Kind, KINDS } from './api'

/** What the newest revision of the model changed, asked for once. */
export const useChangesStore = defineStore('changes', () => {
  const content = shallowRef<Differences | null>(null)
  const problem = ref('')
  let asked = false

  const byKind = computed(() => {
    const listed = content.value?.differences ?? []
    return KINDS.map((kind: Kind) => ({ kind, rows: listed.filter((row) => row.kind === kind) }))
  })

  async function load(): Promise<void> {
    if (asked) return
    asked = true
    problem.value = ''
    try {
      content.value = await fetchDifferences()
    } catch (error) {
      problem.value = problemText(error)
      asked = false
    }
  }

  return { content, problem, byKind, load }
})
