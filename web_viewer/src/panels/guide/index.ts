import type { TwinPanel } from '../registry'

/** Visitors' guide: a page of its own, public, in a chunk of its own. */
export const guide: TwinPanel = {
  id: 'guide',
  icon: 'target',
  messages: async () => (await import('./messages')).messages,
  routes: [{ path: '/guide', name: 'guide', component: () => import('./GuidePage.vue') }],
}
