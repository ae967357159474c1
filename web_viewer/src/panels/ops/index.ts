import type { TwinPanel } from '../registry'

/** The ledger of devices and the work orders. */
export const ops: TwinPanel = {
  id: 'ops',
  icon: 'wrench',
  messages: async () => (await import('./messages')).messages,
  desk: async () => (await import('./OpsPanel.vue')).default,
  overlay: async () => (await import('./OpsWide.vue')).default,
  alarm: async () => (await import('./AlarmOrders.vue')).default,
  element: async () => (await import('./ElementOps.vue')).default,
}
