import { SEES_PAST } from '@/logic/roles'

import type { TwinPanel } from '../registry'

/** Reports on what happened in a stretch of time; and, where an archive of one is shown, what says so. */
export const incidents: TwinPanel = {
  id: 'incidents',
  icon: 'flag',
  role: SEES_PAST,
  messages: async () => (await import('./messages')).messages,
  desk: async () => (await import('./IncidentsPanel.vue')).default,
  overlay: async () => (await import('./ArchiveBanner.vue')).default,
  element: async () => (await import('./ElementReport.vue')).default,
  alarm: async () => (await import('./AlarmReport.vue')).default,
}
