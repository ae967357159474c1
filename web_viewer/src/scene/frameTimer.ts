import type { WebGLRenderer } from 'three'

/**
 * Times frames to their end on the GPU by a fence, and tells whether the last one is still being drawn: a slow GPU
 * (or software) must not be sent frames faster than it draws them.
 */
export class FrameTimer {
  private readonly gl: WebGL2RenderingContext
  private fence: WebGLSync | null = null
  private began = 0
  private lastMs = 0

  constructor(renderer: WebGLRenderer) {
    this.gl = renderer.getContext() as WebGL2RenderingContext
  }

  /** The last finished frame's time from its first command to its end on the GPU, ms. */
  get ms(): number {
    return this.lastMs
  }

  begin(): void {
    this.began = performance.now()
  }

  end(): void {
    this.fence = this.gl.fenceSync(this.gl.SYNC_GPU_COMMANDS_COMPLETE, 0)
    this.gl.flush()
  }

  /** Forgets the frame under way: its fence died with the GPU context. */
  reset(): void {
    this.fence = null
  }

  /** Whether the last frame is still being drawn; takes its time when it is done. */
  isBusy(): boolean {
    if (!this.fence) return false
    const status = this.gl.getSyncParameter(this.fence, this.gl.SYNC_STATUS) as number
    if (status !== this.gl.SIGNALED) return true
    this.gl.deleteSync(this.fence)
    this.fence = null
    this.lastMs = performance.now() - this.began
    return false
  }
}
