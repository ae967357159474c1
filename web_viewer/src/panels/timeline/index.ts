import type { TwinPanel } from '../registry'

import { messages } from './messages'

/** The time slider: the venue's film along the bottom of the scene. */
export const timeline: TwinPanel = {
  id: 'timeline',
  icon: 'history',
  // The server shows the past to managers and above.
  role: 'manager',
  messages,
  overlay: async () => (await import('./TimelineOverlay.vue')).default,
}
