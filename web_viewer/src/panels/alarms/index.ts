import type { TwinPanel } from '../registry'

import { messages } from './messages'

/** What wants attention now, and what wanted it then. */
export const alarms: TwinPanel = {
  id: 'alarms',
  icon: 'bell',
  messages,
  desk: async () => (await import('./AlarmPanel.vue')).default,
  overlay: async () => (await import('./AlarmOverlay.vue')).default,
  wall: async () => (await import('./AlarmWall.vue')).default,
}
