import type { TwinPanel } from '../registry'

/** What wants attention now, and what wanted it then. */
export const alarms: TwinPanel = {
  id: 'alarms',
  icon: 'bell',
  messages: async () => (await import('./messages')).messages,
  desk: async () => (await import('./AlarmPanel.vue')).default,
  overlay: async () => (await import('./AlarmOverlay.vue')).default,
  wall: async () => (await import('./AlarmWall.vue')).default,
}
