import { DepthTexture, HalfFloatType, LinearFilter, NearestFilter, UnsignedByteType, UnsignedIntType, WebGLRenderTarget } from 'three'
import type { PerspectiveCamera, Scene, Texture, WebGLRenderer } from 'three'
import { Composite } from './composite'
import { LAYER_EXTRA, LAYER_GLASS, LAYER_SOLID, LAYER_SPACE } from './materials'
import type { TileMaterials } from './materials'
import type { Dots } from './dots'
import { Occlusion } from './occlusion'
import type { FrameProfile } from './quality'

/** What changed since the last frame, and what the frame is to show. */
export interface FrameRequest {
  readonly profile: FrameProfile
  /** Depth may differ from the last frame's: the camera moved, tiles came, elements were hidden. */
  readonly depthChanged: boolean
  readonly showSpaces: boolean
  readonly hasGhosts: boolean
  readonly hasOutline: boolean
  /** Distance from the camera to the far side of the building, m. */
  readonly reach: number
  /** How strongly edges are drawn, 0..1. */
  readonly edges: number
}

export interface FrameCost {
  readonly drawCalls: number
  readonly triangles: number
}

/** Draws one frame: the scene into a picture of light, ghosts over it, occlusion, outlines, then the canvas. */
export class Pipeline {
  readonly composite = new Composite()
  private readonly occlusion = new Occlusion()
  private readonly mask = new WebGLRenderTarget(1, 1, { depthBuffer: false, minFilter: LinearFilter, magFilter: LinearFilter, type: UnsignedByteType })
  private readonly frames = new Map<number, WebGLRenderTarget>()
  private occlusionIsCurrent = false
  /** Drawn over the finished picture; null until the boxes of elements are known. */
  dots: Dots | null = null

  constructor(
    private readonly renderer: WebGLRenderer,
    private readonly scene: Scene,
    private readonly camera: PerspectiveCamera,
    private readonly materials: TileMaterials,
  ) {
    renderer.autoClear = false
    renderer.info.autoReset = false
  }

  /** Draws a frame onto a canvas of `(cssWidth, cssHeight)` CSS pixels; tells what the model's part of it cost. */
  render(request: FrameRequest, cssWidth: number, cssHeight: number): FrameCost {
    const ratio = Math.min(request.profile.pixelRatio, window.devicePixelRatio)
    const width = Math.max(1, Math.round(cssWidth * ratio))
    const height = Math.max(1, Math.round(cssHeight * ratio))
    const frame = this.frameTarget(request.profile.samples, width, height)
    this.renderer.info.reset()
    this.drawModel(frame, request)
    const { calls, triangles } = this.renderer.info.render
    const open = this.drawOcclusion(frame, request)
    const mask = request.hasOutline ? this.drawMask(width, height) : null
    this.composite.render(
      this.renderer,
      { colour: frame.texture, depth: frame.depthTexture!, width, height, open, mask, camera: this.camera, reach: request.reach, edges: request.edges },
      cssWidth,
      cssHeight,
    )
    this.dots?.render(this.renderer, this.camera, frame.depthTexture!, cssHeight)
    return { drawCalls: calls, triangles }
  }

  dispose(): void {
    for (const frame of this.frames.values()) disposeTarget(frame)
    for (const part of [this.mask, this.occlusion, this.composite, this.dots]) part?.dispose()
  }

  private drawModel(frame: WebGLRenderTarget, request: FrameRequest): void {
    const { renderer, scene, camera } = this
    camera.layers.set(LAYER_SOLID)
    camera.layers.enable(LAYER_GLASS)
    camera.layers.enable(LAYER_EXTRA)
    if (request.showSpaces) camera.layers.enable(LAYER_SPACE)
    renderer.setRenderTarget(frame)
    renderer.clear()
    renderer.render(scene, camera)
    if (request.hasGhosts) this.drawGhosts()
    renderer.setRenderTarget(null)
  }

  private drawGhosts(): void {
    this.camera.layers.set(LAYER_SOLID)
    this.camera.layers.enable(LAYER_GLASS)
    this.scene.overrideMaterial = this.materials.ghost
    this.renderer.render(this.scene, this.camera)
    this.scene.overrideMaterial = null
  }

  private drawOcclusion(frame: WebGLRenderTarget, request: FrameRequest): Texture | null {
    if (request.depthChanged) this.occlusionIsCurrent = false
    if (request.profile.occlusion === null) return null
    this.occlusion.setEffort(...request.profile.occlusion)
    if (!this.occlusionIsCurrent) {
      this.occlusion.render(this.renderer, this.camera, frame.depthTexture!, frame.width, frame.height)
      this.occlusionIsCurrent = true
    }
    return this.occlusion.texture
  }

  private drawMask(width: number, height: number): Texture {
    this.mask.setSize(width, height)
    this.camera.layers.set(LAYER_SOLID)
    this.camera.layers.enable(LAYER_GLASS)
    this.camera.layers.enable(LAYER_SPACE)
    this.scene.overrideMaterial = this.materials.mask
    this.renderer.setRenderTarget(this.mask)
    this.renderer.clear()
    this.renderer.render(this.scene, this.camera)
    this.renderer.setRenderTarget(null)
    this.scene.overrideMaterial = null
    return this.mask.texture
  }

  /** One picture for each kind of multisampling; its size follows the canvas. */
  private frameTarget(samples: number, width: number, height: number): WebGLRenderTarget {
    let frame = this.frames.get(samples)
    if (frame && (frame.width !== width || frame.height !== height)) {
      frame.setSize(width, height)
      this.occlusionIsCurrent = false
    }
    if (!frame) {
      frame = createFrame(samples, width, height)
      this.frames.set(samples, frame)
    }
    return frame
  }
}

function createFrame(samples: number, width: number, height: number): WebGLRenderTarget {
  const depthTexture = new DepthTexture(width, height, UnsignedIntType)
  depthTexture.minFilter = NearestFilter
  depthTexture.magFilter = NearestFilter
  return new WebGLRenderTarget(width, height, {
    samples, depthTexture, type: HalfFloatType, minFilter: LinearFilter, magFilter: LinearFilter,
  })
}

function disposeTarget(target: WebGLRenderTarget): void {
  target.depthTexture?.dispose()
  target.dispose()
}
