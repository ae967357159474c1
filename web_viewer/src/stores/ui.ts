import { defineStore } from 'pinia'
import { computed, ref, watch } from 'vue'

import { useMediaQuery } from '@/app/media'
import type { Theme } from '@/scene/types'

import { useLayerStore } from './layers'
import { useSceneStore } from './scene'
import { useSelectionStore } from './selection'

const THEME_KEY = 'venue-twin.theme'

/** What the bottom sheet of a phone shows. */
export type Sheet = 'overview' | 'panel' | 'storeys' | 'layers' | 'element'

/** How the page looks, and which parts of it are open. */
export const useUiStore = defineStore('ui', () => {
  const stage = useSceneStore()
  const layers = useLayerStore()
  const selection = useSelectionStore()
  const theme = ref<Theme>(rememberedTheme())
  const compact = useMediaQuery('(max-width: 760px)')
  const helpOpen = ref(false)
  const searchOpen = ref(false)
  const sheet = ref<Sheet>('overview')
  /** The panel that is open, by its id; null: the overview. */
  const panel = ref<string | null>(null)
  /** Counts wishes to see a panel: a phone's sheet comes up. */
  const panelAsked = ref(0)
  /** The user's own wish; null follows the layer. */
  const xrayWish = ref<boolean | null>(null)
  const spacesWish = ref<boolean | null>(null)

  const looksInside = computed(() => layers.active !== null && (layers.paintsSpaces || !layers.active.isDefault))
  /** What a layer paints is mostly inside, and an opened storey shows its inside as it is; the default one leaves the building as its architect drew it. */
  const xray = computed(() => xrayWish.value ?? (looksInside.value && selection.storey === null))
  const spaces = computed(() => spacesWish.value ?? layers.paintsSpaces)

  watch(
    theme,
    (next) => {
      document.documentElement.dataset.theme = next
      document.documentElement.classList.toggle('dark', next === 'dark')
      localStorage.setItem(THEME_KEY, next)
      stage.scene?.setTheme(next)
    },
    { immediate: true },
  )
  watch([xray, () => stage.scene], () => stage.scene?.xray(xray.value))
  watch([spaces, () => stage.scene], () => stage.scene?.showSpaces(spaces.value))
  watch(
    () => layers.active,
    () => {
      xrayWish.value = null
      spacesWish.value = null
    },
  )

  function toggleTheme(): void {
    theme.value = theme.value === 'dark' ? 'light' : 'dark'
  }

  function toggleXray(): void {
    xrayWish.value = !xray.value
  }

  function toggleSpaces(): void {
    spacesWish.value = !spaces.value
  }

  /** Shows a panel instead of what is picked, on a phone too. */
  function openPanel(id: string): void {
    void selection.select(null)
    panel.value = id
    sheet.value = 'panel'
    panelAsked.value++
  }

  /** Lets go of what is picked, so that the overview with its faults shows. */
  function showOverview(): void {
    sheet.value = 'overview'
    panel.value = null
    void selection.select(null)
  }

  return { showOverview, openPanel, panelAsked, theme, compact, helpOpen, searchOpen, sheet, panel, xray, spaces, toggleTheme, toggleXray, toggleSpaces }
})

/** Dark unless the user chose otherwise: control rooms are dark, and so is the desk page by default. */
function rememberedTheme(): Theme {
  return localStorage.getItem(THEME_KEY) === 'light' ? 'light' : 'dark'
}
