import { onMounted, onUnmounted } from 'vue'

import { locale, setLocale } from '@/i18n'
import { neighbourStorey } from '@/logic/storeys'
import { useLayerStore } from '@/stores/layers'
import { useModelStore } from '@/stores/model'
import { useSceneStore } from '@/stores/scene'
import { useSelectionStore } from '@/stores/selection'
import { useUiStore } from '@/stores/ui'

/** Keys by what they do; the names are those of the help list. */
export const SHORTCUTS = [
  { keys: ['/', 'Ctrl K'], does: 'search' },
  { keys: ['Esc'], does: 'clear' },
  { keys: ['H'], does: 'home' },
  { keys: ['T'], does: 'top' },
  { keys: ['F'], does: 'fly' },
  { keys: ['I'], does: 'isolate' },
  { keys: ['Delete'], does: 'hide' },
  { keys: ['A'], does: 'showAll' },
  { keys: ['X'], does: 'xray' },
  { keys: ['S'], does: 'spaces' },
  { keys: ['PageUp', 'PageDown'], does: 'storeys' },
  { keys: ['1', '…', '9'], does: 'layers' },
  { keys: ['D'], does: 'theme' },
  { keys: ['G'], does: 'language' },
  { keys: ['?'], does: 'help' },
  // These the time slider listens to.
  { keys: ['Space'], does: 'play' },
  { keys: ['L'], does: 'live' },
  // These the 3D scene itself listens to, while it has the focus.
  { keys: ['←', '↑', '→', '↓'], does: 'pan' },
  { keys: ['Q', 'E'], does: 'turn' },
  { keys: ['+', '-'], does: 'zoom' },
] as const

/** Other language of the two. */
export function toggleLocale(): void {
  setLocale(locale.value === 'en' ? 'zh-CN' : 'en')
}

/** Listens for the page's keys while the page is shown; keys typed into fields stay theirs. */
export function useShortcuts(): void {
  const actions = keyActions()

  function onKey(event: KeyboardEvent): void {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault()
      actions['/']()
      return
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
    const action = actions[key] as (() => void) | undefined
    if (action === undefined) return
    event.preventDefault()
    action()
  }

  onMounted(() => {
    window.addEventListener('keydown', onKey)
  })
  onUnmounted(() => {
    window.removeEventListener('keydown', onKey)
  })
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

function keyActions(): Record<string, () => void> {
  const ui = useUiStore()
  const stage = useSceneStore()
  const selection = useSelectionStore()
  const layers = useLayerStore()
  const model = useModelStore()
  const onSelected = (act: (index: number) => void) => () => {
    if (selection.index !== null) act(selection.index)
  }
  const stepStorey = (by: 1 | -1) => () => {
    const next = neighbourStorey(model.storeys, selection.storey, by)
    if (next !== null && next !== selection.storey) selection.isolate(next)
  }
  const byNumber = Object.fromEntries(
    Array.from({ length: 9 }, (_, position) => [
      String(position + 1),
      () => {
        const layer = layers.layers.at(position)
        if (layer) layers.choose(layer.id)
      },
    ]),
  )
  return {
    ...byNumber,
    '/': () => (ui.searchOpen = true),
    '?': () => (ui.helpOpen = !ui.helpOpen),
    Escape: () => void selection.select(null),
    h: () => void stage.scene?.setView('home'),
    t: () => void stage.scene?.setView('top'),
    f: onSelected((index) => {
      void selection.flyTo(index)
    }),
    i: onSelected((index) => {
      const storey = model.columns?.storey[index] ?? -1
      if (storey >= 0) selection.isolate(storey)
    }),
    Delete: onSelected(selection.hide),
    a: selection.showAll,
    x: ui.toggleXray,
    s: ui.toggleSpaces,
    d: ui.toggleTheme,
    g: toggleLocale,
    PageUp: stepStorey(1),
    PageDown: stepStorey(-1),
  }
}
