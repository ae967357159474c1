import type { TwinPanel } from '../registry'

/** Signing in and out. */
export const account: TwinPanel = {
  id: 'account',
  icon: 'person',
  messages: async () => (await import('./messages')).messages,
  routes: [
    { path: '/login', name: 'login', component: () => import('./LoginPage.vue') },
    { path: '/accounts', name: 'accounts', component: () => import('./AccountsPage.vue'), meta: { role: 'admin' } },
  ],
}
