import type { TwinPanel } from '../registry'

import { en, zhCN } from './messages'

/** Signing in and out. */
export const account: TwinPanel = {
  id: 'account',
  icon: 'person',
  messages: { 'zh-CN': zhCN, en },
  routes: [
    { path: '/login', name: 'login', component: () => import('./LoginPage.vue') },
    { path: '/accounts', name: 'accounts', component: () => import('./AccountsPage.vue'), meta: { role: 'admin' } },
  ],
}
