import type { TwinPanel } from '../registry'

/** The lines to devices: which is down, and why. */
export const bridge: TwinPanel = {
  id: 'bridge',
  icon: 'plug',
  messages: async () => (await import('./messages')).messages,
  desk: async () => (await import('./BridgePanel.vue')).default,
}
