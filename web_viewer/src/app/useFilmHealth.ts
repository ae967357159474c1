import { onMounted, onUnmounted, ref, type Ref } from 'vue'

import type { FilmHealth } from '@/logic/filmTrouble'
import { fetchHealth } from '@/net/api'

/** A disk that is full shall be known before the memory is. */
const EVERY_MS = 5000
/** For how long it is said that all is well again. */
const RECOVERED_MS = 30_000

/**
 * Whether the server can write the film: `trouble` while it cannot, `over` for a while after that.
 * A server that does not answer is the live stream's to tell.
 */
export function useFilmHealth(): { trouble: Ref<FilmHealth | null>; over: Ref<FilmHealth | null> } {
  const trouble = ref<FilmHealth | null>(null)
  const over = ref<FilmHealth | null>(null)
  let timer = 0
  let forget = 0

  function take(film: FilmHealth | null): void {
    if (film === null && trouble.value !== null) {
      over.value = trouble.value
      window.clearTimeout(forget)
      forget = window.setTimeout(() => (over.value = null), RECOVERED_MS)
    } else if (film !== null) {
      over.value = null
    }
    trouble.value = film
  }

  async function look(): Promise<void> {
    const health = await fetchHealth().catch(() => null)
    if (health !== null) take(health.film)
    timer = window.setTimeout(() => void look(), EVERY_MS)
  }

  onMounted(() => void look())
  onUnmounted(() => {
    window.clearTimeout(timer)
    window.clearTimeout(forget)
  })
  return { trouble, over }
}
