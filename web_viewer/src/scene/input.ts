/** What hands mean on the canvas, beside moving the camera (which camera-controls does). Client pixels. */
export interface InputHandlers {
  click(x: number, y: number): void
  doubleClick(x: number, y: number): void
  /** The pointer rested; never while a button is down. */
  rest(x: number, y: number): void
  leave(): void
  key(key: string): boolean
}

const CLICK_SLACK_PX = 5
const CLICK_LONGEST_MS = 600

/** Listens on a canvas; the returned function stops. `restMs` says how long the pointer must stand still. */
export function listenToInput(canvas: HTMLElement, handlers: InputHandlers, restMs: () => number): () => void {
  const stop = new AbortController()
  const options = { signal: stop.signal }
  let down: { x: number; y: number; at: number } | null = null
  let restTimer = 0

  canvas.addEventListener('pointerdown', (e) => {
    window.clearTimeout(restTimer)
    down = e.isPrimary && e.button === 0 ? { x: e.clientX, y: e.clientY, at: e.timeStamp } : null
  }, options)
  canvas.addEventListener('pointerup', (e) => {
    const began = down
    down = null
    if (!began || !e.isPrimary || e.timeStamp - began.at > CLICK_LONGEST_MS) return
    if (Math.hypot(e.clientX - began.x, e.clientY - began.y) <= CLICK_SLACK_PX) handlers.click(e.clientX, e.clientY)
  }, options)
  canvas.addEventListener('pointermove', (e) => {
    window.clearTimeout(restTimer)
    if (e.buttons !== 0 || e.pointerType === 'touch') return
    restTimer = window.setTimeout(() => handlers.rest(e.clientX, e.clientY), restMs())
  }, options)
  canvas.addEventListener('pointerleave', () => {
    window.clearTimeout(restTimer)
    handlers.leave()
  }, options)
  canvas.addEventListener('dblclick', (e) => handlers.doubleClick(e.clientX, e.clientY), options)
  canvas.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return
    if (handlers.key(e.key)) e.preventDefault()
  }, options)
  return () => {
    window.clearTimeout(restTimer)
    stop.abort()
  }
}
