import type { Component } from 'vue'
import { createRouter, createWebHistory, type RouteLocationNormalized } from 'vue-router'

import { panelRoutes, PANELS } from '@/panels/registry'
import { loadTexts } from '@/panels/texts'

import { guardPages } from './access'

declare module 'vue-router' {
  interface RouteMeta {
    /** The panel whose page it is; a page of nobody's shows all panels. */
    panel?: string
  }
}

/** In a chunk of its own: the guide's visitors never need it. */
const TwinPage = (): Promise<Component> => import('./TwinPage.vue')

/** The desk, and the wall of a control room: the same twin in larger type and without controls. */
export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', name: 'desk', component: TwinPage, props: { wall: false }, meta: { role: 'operator' } },
    { path: '/wall', name: 'wall', component: TwinPage, props: { wall: true }, meta: { role: 'operator' } },
    ...panelRoutes(PANELS),
    { path: '/:rest(.*)*', redirect: '/' },
  ],
})

guardPages(router)
// Asked for beside the page itself, awaited before it is shown.
router.beforeEach((to) => {
  void textsOf(to).catch(() => undefined)
})
router.beforeResolve(textsOf)

async function textsOf({ meta }: RouteLocationNormalized): Promise<void> {
  await loadTexts(meta.panel === undefined ? PANELS : PANELS.filter((panel) => panel.id === meta.panel))
}
