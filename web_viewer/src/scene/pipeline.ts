import { DepthTexture, HalfFloatType, LinearFilter, NearestFilter, UnsignedByteType, UnsignedIntType, Vector2, Vector4, WebGLRenderTarget } from 'three'
import type { DataTexture, PerspectiveCamera, Scene, Texture, WebGLRenderer } from 'three'
import { Composite } from './composite'
import { LAYER_EXTRA, LAYER_GLASS, LAYER_SOLID, LAYER_SPACE } from './materials'
import type { TileMaterials } from './materials'
import type { Dots } from './dots'
import type { SharedUniforms } from './materials'
import { Occlusion } from './occlusion'
import type { FrameProfile } from './quality'
import { Repaint } from './repaint'
import type { Kept } from './repaint'

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
  /** Moments follow each other quickly: a view that is repainted is to be drawn fast rather than smooth. */
  readonly isHasty: boolean
}

/** A picture of the kept view: in the colours of a state texture, from `x` on, CSS pixels. */
export interface PaintedView {
  readonly state: DataTexture
  readonly x: number
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
  private readonly repaint: Repaint
  private keptMask: Texture | null = null
  private keptOpen: Texture | null = null
  private occlusionIsCurrent = false
  /** Drawn over the finished picture; null until the boxes of elements are known. */
  dots: Dots | null = null

  constructor(
    private readonly renderer: WebGLRenderer,
    private readonly scene: Scene,
    private readonly camera: PerspectiveCamera,
    private readonly materials: TileMaterials,
    private readonly uniforms: SharedUniforms,
    others: readonly Kept[],
  ) {
    this.repaint = new Repaint(renderer, scene, camera, materials, uniforms, this.composite, [materials, ...others])
    renderer.autoClear = false
    renderer.info.autoReset = false
  }

  /** Draws a frame onto a canvas of `(cssWidth, cssHeight)` CSS pixels; tells what the model's part of it cost. */
  render(request: FrameRequest, cssWidth: number, cssHeight: number): FrameCost {
    const { width, height } = this.pixelsOf(request, cssWidth, cssHeight)
    const frame = this.frameTarget(request.profile.samples, width, height)
    this.renderer.info.reset()
    this.drawModel(frame, request)
    const { calls, triangles } = this.renderer.info.render
    const open = this.drawOcclusion(frame.depthTexture!, width, height, request)
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

  /** Whether a view is kept for `repainted`. */
  get isViewKept(): boolean {
    return this.repaint.isKept
  }

  /** The view that is kept for `repainted` is no more what the scene shows. */
  forgetView(): void {
    this.repaint.forget()
  }

  /** Draws the view in other colours than it was kept in; keeps it first where none is kept. Sizes as in `render`. */
  repainted(request: FrameRequest, views: readonly PaintedView[], cssWidth: number, cssHeight: number): FrameCost {
    const { width, height } = this.pixelsOf(request, cssWidth, cssHeight)
    this.renderer.info.reset()
    if (!this.repaint.isKept) this.keep(request, views[0]!.state, width, height)
    const { calls, triangles } = this.renderer.info.render
    for (const view of views) this.drawView(request, view, width, height, cssWidth, cssHeight)
    this.uniforms.uState.value = views[0]!.state
    this.renderer.setViewport(new Vector4(0, 0, ...this.renderer.getSize(new Vector2())))
    return { drawCalls: calls, triangles }
  }

  private keep(request: FrameRequest, state: DataTexture, width: number, height: number): void {
    this.repaint.keep({ width, height, showSpaces: request.showSpaces, hasGhosts: request.hasGhosts }, state)
    this.keptMask = request.hasOutline ? this.drawMask(width, height) : null
    this.occlusionIsCurrent = false
    this.keptOpen = this.drawOcclusion(this.repaint.depth, width, height, request)
    this.occlusionIsCurrent = false
  }

  private drawView(request: FrameRequest, view: PaintedView, width: number, height: number, cssWidth: number, cssHeight: number): void {
    const { reach, edges } = request
    const { depth } = this.repaint
    const finish = { open: this.keptOpen, mask: this.keptMask, reach, edges, cssWidth, cssHeight }
    if (request.isHasty) {
      this.repaint.show(view.state, finish, view.x)
    } else {
      const colour = this.repaint.paint(view.state)
      this.renderer.setViewport(view.x, 0, cssWidth, cssHeight)
      this.composite.render(this.renderer, { ...finish, colour, depth, width, height, camera: this.camera }, cssWidth, cssHeight)
    }
    this.uniforms.uState.value = view.state
    this.dots?.render(this.renderer, this.camera, depth, cssHeight)
  }

  private pixelsOf(request: FrameRequest, cssWidth: number, cssHeight: number): { width: number; height: number } {
    const ratio = Math.min(request.profile.pixelRatio, window.devicePixelRatio)
    return { width: Math.max(1, Math.round(cssWidth * ratio)), height: Math.max(1, Math.round(cssHeight * ratio)) }
  }

  dispose(): void {
    for (const frame of this.frames.values()) disposeTarget(frame)
    for (const part of [this.mask, this.occlusion, this.composite, this.dots, this.repaint]) part?.dispose()
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

  private drawOcclusion(depth: DepthTexture, width: number, height: number, request: FrameRequest): Texture | null {
    if (request.depthChanged) this.occlusionIsCurrent = false
    if (request.profile.occlusion === null) return null
    this.occlusion.setEffort(...request.profile.occlusion)
    if (!this.occlusionIsCurrent) {
      this.occlusion.render(this.renderer, this.camera, depth, width, height)
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
