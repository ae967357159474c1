import type { QualityLevel } from './types'

/** What one quality level means; `moving` holds while the camera moves, `rest` once it stands. */
export interface QualityProfile {
  readonly moving: FrameProfile
  readonly rest: FrameProfile
  /** Side of the square shadow map, texels. */
  readonly shadowSize: number
  /** Most figures that are drawn. */
  readonly peopleLimit: number
  /** Pictures a second of walking figures; 0 stands still. */
  readonly peopleFps: number
}

export interface FrameProfile {
  /** Upper bound of device pixels per CSS pixel. */
  readonly pixelRatio: number
  /** Multisampling; 0 is none. */
  readonly samples: number
  /** Directions and steps of the ambient occlusion; null is none. */
  readonly occlusion: readonly [number, number] | null
}

export const PROFILES: Record<QualityLevel, QualityProfile> = {
  high: {
    moving: { pixelRatio: 2, samples: 4, occlusion: [6, 5] },
    rest: { pixelRatio: 2, samples: 4, occlusion: [6, 5] },
    shadowSize: 4096,
    peopleLimit: 1500,
    peopleFps: 30,
  },
  medium: {
    moving: { pixelRatio: 1.25, samples: 4, occlusion: null },
    rest: { pixelRatio: 2, samples: 4, occlusion: [6, 5] },
    shadowSize: 2048,
    peopleLimit: 900,
    peopleFps: 15,
  },
  low: {
    moving: { pixelRatio: 0.6, samples: 0, occlusion: null },
    rest: { pixelRatio: 1, samples: 4, occlusion: [4, 4] },
    shadowSize: 2048,
    peopleLimit: 300,
    peopleFps: 0,
  },
}

const LEVELS: readonly QualityLevel[] = ['low', 'medium', 'high']
const TOO_SLOW_MS = 40
const FAST_MS = 11
const FRAMES_TO_JUDGE = 12
const FRAMES_TO_CLIMB = 90

/** The level to begin with, by the GPU's name as WebGL gives it: software drawing begins low. */
export function initialLevel(gpuName: string): QualityLevel {
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(gpuName) ? 'low' : 'high'
}

/**
 * Judges the level by measured frame times: a window of moving frames that is too slow steps down; a long run of
 * fast ones steps up, at most as far as where it once was too slow.
 */
export class QualityGovernor {
  private slow = 0
  private fast = 0
  private ceiling = LEVELS.length - 1

  constructor(private current: QualityLevel) {}

  /** The level now. */
  get level(): QualityLevel {
    return this.current
  }

  /** Takes the time of one moving frame, ms; tells whether the level changed. */
  observe(frameMs: number): boolean {
    this.slow = frameMs > TOO_SLOW_MS ? this.slow + 1 : 0
    this.fast = frameMs < FAST_MS ? this.fast + 1 : 0
    const at = LEVELS.indexOf(this.current)
    if (this.slow >= FRAMES_TO_JUDGE && at > 0) {
      this.ceiling = at - 1
      return this.step(at - 1)
    }
    return this.fast >= FRAMES_TO_CLIMB && at < this.ceiling ? this.step(at + 1) : false
  }

  private step(to: number): boolean {
    this.current = LEVELS[to]!
    this.slow = 0
    this.fast = 0
    return true
  }
}
