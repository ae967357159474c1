import type { TwinPanel } from '../registry'

import { messages } from './messages'

/** The ledger of devices and the work orders. */
export const ops: TwinPanel = {
  id: 'ops',
  icon: 'wrench',
  messages,
  desk: async () => (await import('./OpsPanel.vue')).default,
  overlay: async () => (await import('./OpsWide.vue')).default,
  element: async () => (await import('./ElementOps.vue')).default,
}
