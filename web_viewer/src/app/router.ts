import type { Component } from 'vue'
import { createRouter, createWebHistory } from 'vue-router'

import { panelRoutes, PANELS } from '@/panels/registry'

import { guardPages } from './access'
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
