import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'

import { mayDo, type RoleName } from '@/logic/roles'
import { fetchSession, signIn, signOut, type Credentials, type Session } from '@/net/session'

/** Who uses this page. */
export const useSessionStore = defineStore('session', () => {
  const session = shallowRef<Session | null>(null)
  const asked = ref(false)

  const person = computed(() => session.value?.person ?? null)
  const role = computed(() => session.value?.role ?? 'public')

  /** Whether they may do what needs a role. What the page hides, the server refuses too. */
  function can(needed: RoleName): boolean {
    return mayDo(role.value, needed)
  }

  /** Ask the server; false: it does not answer, and nothing is known. */
  async function load(): Promise<boolean> {
    try {
      session.value = await fetchSession()
      asked.value = true
    } catch {
      session.value = null
    }
    return session.value !== null
  }

  /** Asks once. */
  async function known(): Promise<boolean> {
    return asked.value || load()
  }

  async function enter(credentials: Credentials): Promise<void> {
    session.value = await signIn(credentials)
    asked.value = true
  }

  /** Sign out and leave everything that this page knows behind. */
  async function leave(): Promise<void> {
    await signOut().catch(() => undefined)
    window.location.assign('/login')
  }

  return { session, person, role, can, load, known, enter, leave }
})
