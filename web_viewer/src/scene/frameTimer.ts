import type { WebGLRenderer } from 'three'

interface Frame {
  readonly began: number
  readonly fence: WebGLSync
}

/**
 * Times frames to their end on the GPU by a fence, and tells whether they are still being drawn: a slow GPU
 * (or software) must not be sent frames faster than it draws them.
 */
export class FrameTimer {
  private readonly gl: WebGL2RenderingContext
  private underWay: Frame[] = []
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
    const fence = this.gl.fenceSync(this.gl.SYNC_GPU_COMMANDS_COMPLETE, 0)
    if (fence !== null) this.underWay.push({ began: this.began, fence })
    this.gl.flush()
  }

  /** Forgets the frames under way: their fences died with the GPU context. */
  reset(): void {
    this.underWay = []
  }

  /** Whether more than `ahead` frames are still being drawn; takes the times of those that are done. */
  isBusy(ahead = 0): boolean {
    this.underWay = this.underWay.filter((frame) => !this.isDone(frame))
    return this.underWay.length > ahead
  }

  private isDone({ began, fence }: Frame): boolean {
    if (this.gl.getSyncParameter(fence, this.gl.SYNC_STATUS) !== this.gl.SIGNALED) return false
    this.gl.deleteSync(fence)
    this.lastMs = performance.now() - began
    return true
  }
}
