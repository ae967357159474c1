import type { TwinPanel } from '../registry'

import { messages } from './messages'

/** What flows, what the day took, and whose it is. */
export const energy: TwinPanel = {
  id: 'energy',
  icon: 'power',
  messages,
  desk: async () => (await import('./EnergyPanel.vue')).default,
}
