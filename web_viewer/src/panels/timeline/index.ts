import { SEES_PAST } from '@/logic/roles'

import type { TwinPanel } from '../registry'

/** The time slider: the venue's film along the bottom of the scene. */
export const timeline: TwinPanel = {
  id: 'timeline',
  icon: 'history',
  role: SEES_PAST,
  messages: async () => (await import('./messages')).messages,
  overlay: async () => (await import('./TimelineOverlay.vue')).default,
  element: async () => (await import('./ElementNotes.vue')).default,
}
