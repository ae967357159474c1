import type { TwinPanel } from '../registry'

/** Halls and courts by the slot: the day's timeline at the desk, a page of its own on the phone. */
export const booking: TwinPanel = {
  id: 'booking',
  icon: 'clock',
  messages: async () => (await import('./messages')).messages,
  overlay: async () => (await import('./hallLayer')).HallLayer,
  desk: () => import('./BookingDesk.vue'),
  routes: [{ path: '/book', name: 'book', component: () => import('./BookPage.vue') }],
}
