import type { TwinPanel } from '../registry'

import { en, zhCN } from './messages'

/** Visitors' guide: a page of its own, public, in a chunk of its own. */
export const guide: TwinPanel = {
  id: 'guide',
  icon: 'target',
  messages: { 'zh-CN': zhCN, en },
  routes: [{ path: '/guide', name: 'guide', component: () => import('./GuidePage.vue') }],
}
