import type { TwinPanel } from '../registry'

/** What the model's newest revision added, changed and removed: a layer and a list. */
export const changes: TwinPanel = {
  id: 'changes',
  icon: 'history',
  messages: async () => (await import('./messages')).messages,
  overlay: async () => (await import('./changeLayer')).ChangeLayer,
  desk: async () => (await import('./ChangesPanel.vue')).default,
}
