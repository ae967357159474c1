import type { TwinPanel } from '../registry'

/** What the cameras see, now and at the moment on screen. */
export const video: TwinPanel = {
  id: 'video',
  icon: 'camera',
  messages: async () => (await import('./messages')).messages,
  overlay: async () => (await import('./CameraTray.vue')).default,
  element: async () => (await import('./ElementCameras.vue')).default,
  wall: async () => (await import('./WallCamera.vue')).default,
}
