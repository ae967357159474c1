import type { TwinPanel } from '../registry'

/** Which element each device stands for: what is open, guessed or gone, to confirm on the model. */
export const devices: TwinPanel = {
  id: 'devices',
  icon: 'link',
  role: 'manager',
  messages: async () => (await import('./messages')).messages,
  desk: async () => (await import('./DevicesPanel.vue')).default,
  element: async () => (await import('./ElementDevices.vue')).default,
}
