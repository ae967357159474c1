import { ref, type Ref } from 'vue'

import { problemText } from '@/i18n/problem'

/** What somebody asked the server to do: whether that is under way, and why the last time it was not done. */
export interface Sending {
  readonly busy: Readonly<Ref<boolean>>
  /** Fit for people; '' while nothing is wrong. A form may say here what it misses itself. */
  readonly problem: Ref<string>
  /** Runs `task`; what it throws becomes the problem. */
  readonly send: (task: () => Promise<void>) => Promise<void>
}

/** A form's way to the server. `textOf` words what went wrong. */
export function useSending(textOf: (error: unknown) => string = problemText): Sending {
  const busy = ref(false)
  const problem = ref('')

  async function send(task: () => Promise<void>): Promise<void> {
    busy.value = true
    problem.value = ''
    try {
      await task()
    } catch (error) {
      problem.value = textOf(error)
    }
    busy.value = false
  }

  return { busy, problem, send }
}
