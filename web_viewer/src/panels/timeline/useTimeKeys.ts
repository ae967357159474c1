import { onMounted, onUnmounted } from 'vue'

import { useLiveStore } from '@/stores/live'

import { useTimelineStore } from './store'
import { keyMoment, keyZoom } from './view'

const FIELDS = /^(INPUT|TEXTAREA|SELECT)$/

/**
 * Space, the arrows and L move through time while the past is on screen, or while the slider has the focus; else
 * they mean what they mean on the page. The slider that has the focus also moves by Shift and the arrows, Page Up and
 * Page Down, Home and End, and zooms by + and -. `more` are keys of other things to do with time. The arrows stay the scene's while it has the focus.
 */
export function useTimeKeys(isSlider: (target: EventTarget | null) => boolean, more: Readonly<Record<string, () => void>> = {}): void {
  const live = useLiveStore()
  const timeline = useTimelineStore()
  const actions: Readonly<Record<string, () => void>> = {
    ...more,
    ' ': timeline.togglePlay,
    l: timeline.goLive,
    ArrowLeft: () => void timeline.step(-1),
    ArrowRight: () => void timeline.step(1),
  }

  function isMine(event: KeyboardEvent): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) return false
    if (isSlider(event.target)) return true
    const target = event.target instanceof HTMLElement ? event.target : null
    if (!live.isPast || target === null || target.isContentEditable || FIELDS.test(target.tagName)) return false
    if (event.key === ' ') return target.closest('button, a, [role=tab]') === null
    return !event.key.startsWith('Arrow') || target === document.body
  }

  /** Keys that only the slider itself knows; whether this was one. */
  function onSlider(event: KeyboardEvent): boolean {
    const factor = keyZoom(event.key)
    const moment = keyMoment(event.key, event.shiftKey, timeline.view, timeline.cursorMs)
    if (factor !== null) timeline.zoom(factor, timeline.cursorMs)
    else if (moment === null || Number.isNaN(moment)) return false
    else if (moment >= live.presentMs) timeline.goLive()
    else timeline.goTo(moment)
    return true
  }

  function onKey(event: KeyboardEvent): void {
    if (isSlider(event.target) && !event.ctrlKey && !event.metaKey && !event.altKey && onSlider(event)) {
      event.preventDefault()
      event.stopImmediatePropagation()
      return
    }
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key] as (() => void) | undefined
    if (action === undefined || !isMine(event)) return
    event.preventDefault()
    // The page has a meaning of its own for some of these keys.
    event.stopImmediatePropagation()
    action()
  }

  onMounted(() => {
    window.addEventListener('keydown', onKey, { capture: true })
  })
  onUnmounted(() => {
    window.removeEventListener('keydown', onKey, { capture: true })
  })
}
