import type { TwinPanel } from '../registry'

/** What flows, what the day took, and whose it is. */
export const energy: TwinPanel = {
  id: 'energy',
  icon: 'power',
  messages: async () => (await import('./messages')).messages,
  desk: async () => (await import('./EnergyPanel.vue')).default,
}
