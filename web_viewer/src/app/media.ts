import { ref, type Ref } from 'vue'

/** Whether a media query holds, followed as the window changes. */
export function useMediaQuery(query: string): Readonly<Ref<boolean>> {
  const list = window.matchMedia(query)
  const matches = ref(list.matches)
  list.addEventListener('change', () => {
    matches.value = list.matches
  })
  return matches
}
