import { DepthTexture, HalfFloatType, LinearFilter, NearestFilter, UnsignedByteType, UnsignedIntType, WebGLRenderTarget } from 'three'
import type { IUniform, PerspectiveCamera, Scene, Texture, WebGLRenderer } from 'three'
import type { Composite } from './composite'
import { FINISHING } from './finishing'
import { FullscreenPass } from './fullscreen'
import { LAYER_EXTRA, LAYER_GLASS, LAYER_SOLID, LAYER_SPACE } from './materials'
import type { SharedUniforms, TileMaterials } from './materials'

/** Which element a pixel shows, and how it is painted: `weight` 0 where it is not. */
const PAINT = /* glsl */ `
  in vec2 vUv;
  layout(location = 0) out highp vec4 outColour;
  uniform sampler2D uBare;
  uniform sampler2D uWhite;
  uniform sampler2D uIds;
  uniform highp sampler2D uState;
  uniform int uStateWidthLog2;

  vec3 linearFromSrgb(vec3 c) {
    return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c));
  }

  float weightAt(ivec2 at, out vec3 paint) {
    ivec4 digits = ivec4(texelFetch(uIds, at, 0) * 255.0 + 0.5);
    int id = digits.r + (digits.g << 8) + (digits.b << 16) - 1;
    if (id < 0) return 0.0;
    vec4 texel = texelFetch(uState, ivec2(id & ((1 << uStateWidthLog2) - 1), id >> uStateWidthLog2), 0);
    paint = texel.rgb;
    return float(int(texel.a * 255.0 + 0.5) & 15) / 15.0;
  }

  // What is unpainted, and of what is white as much as the paint has of white.
  vec3 lightAt(ivec2 at, vec3 paint, float weight) {
    return mix(texelFetch(uBare, at, 0).rgb, texelFetch(uWhite, at, 0).rgb * linearFromSrgb(paint), weight);
  }
`

/** The light of the kept view in other colours. */
const REPAINT = /* glsl */ `
  ${PAINT}
  void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    vec3 paint = vec3(0.0);
    float weight = weightAt(at, paint);
    outColour = vec4(weight > 0.0 ? lightAt(at, paint, weight) : texelFetch(uBare, at, 0).rgb, 1.0);
  }
`

/** The kept view in other colours, as it goes on the canvas: only what is painted is more than one look-up. */
const RETOUCH = /* glsl */ `
  ${PAINT}
  ${FINISHING}
  uniform sampler2D uFinished;
  void main() {
    ivec2 at = ivec2(vUv * vec2(textureSize(uIds, 0)));
    vec4 unpainted = texelFetch(uFinished, at, 0);
    outColour = vec4(unpainted.rgb, 1.0);
    vec3 paint = vec3(0.0);
    float weight = weightAt(at, paint);
    if (weight > 0.0) outColour.rgb = finished(lightAt(at, paint, weight) * unpainted.a);
  }
`

/** What of the scene is to be kept. */
export interface KeptView {
  /** Pixels. */
  readonly width: number
  readonly height: number
  readonly showSpaces: boolean
  readonly hasGhosts: boolean
}

/** How the kept view's light becomes a picture: as `CompositeInput`, and the view's size, CSS pixels. */
export interface Finish {
  readonly open: Texture | null
  readonly mask: Texture | null
  readonly reach: number
  readonly edges: number
  readonly cssWidth: number
  readonly cssHeight: number
}

/** What is drawn by shaders that know `LIGHT_OUT`. */
export interface Kept {
  setKeep(keep: boolean): void
}

/**
 * A view that is kept so as to be drawn in other colours at the cost of one pass over its pixels, however many
 * triangles it has: while colours follow each other quickly, a slow GPU would show few of them.
 *
 * The model is drawn once, into three pictures: unpainted, all white, and as element ids. Shading is linear in the paint,
 * so that what lies between is a mixture; but for glints it is the same picture. Glass and ghosts
 * keep the colours they had.
 */
export class Repaint {
  private readonly repaint: FullscreenPass
  private readonly retouch: FullscreenPass
  private readonly kept = keptPictures()
  private readonly painted = pictureOfLight()
  private readonly unpainted = new WebGLRenderTarget(1, 1, { depthBuffer: false, minFilter: NearestFilter, magFilter: NearestFilter })
  private readonly state: IUniform<Texture | null> = { value: null }
  /** Whether there is a view to be painted. */
  isKept = false
  private isFinished = false

  constructor(
    private readonly renderer: WebGLRenderer,
    private readonly scene: Scene,
    private readonly camera: PerspectiveCamera,
    private readonly materials: TileMaterials,
    private readonly uniforms: SharedUniforms,
    private readonly composite: Composite,
    private readonly parts: readonly Kept[],
  ) {
    const [bare, white, ids] = this.kept.textures
    const shared = {
      uBare: { value: bare }, uWhite: { value: white }, uIds: { value: ids }, uState: this.state, uStateWidthLog2: uniforms.uStateWidthLog2,
    }
    this.repaint = new FullscreenPass(REPAINT, shared)
    this.retouch = new FullscreenPass(RETOUCH, { ...shared, ...composite.finishing, uFinished: { value: this.unpainted.texture } })
  }

  /** The depth of the kept view. */
  get depth(): DepthTexture {
    return this.kept.depthTexture!
  }

  /** What is kept is no more what the scene shows. */
  forget(): void {
    this.isKept = false
  }

  /** Keeps what the camera sees, with what the state texture hides and ghosts. */
  keep(view: KeptView, state: Texture): void {
    const { renderer, scene, camera } = this
    this.kept.setSize(view.width, view.height)
    this.uniforms.uState.value = state
    for (const part of this.parts) part.setKeep(true)
    renderer.setRenderTarget(this.kept)
    renderer.clear()
    camera.layers.set(LAYER_SOLID)
    camera.layers.enable(LAYER_GLASS)
    camera.layers.enable(LAYER_EXTRA)
    if (view.showSpaces) camera.layers.enable(LAYER_SPACE)
    renderer.render(scene, camera)
    if (view.hasGhosts) this.drawGhosts()
    renderer.setRenderTarget(null)
    for (const part of this.parts) part.setKeep(false)
    this.isKept = true
    this.isFinished = false
  }

  /** The light of the kept view as a state texture paints it. */
  paint(state: Texture): Texture {
    this.state.value = state
    this.painted.setSize(this.kept.width, this.kept.height)
    this.repaint.render(this.renderer, this.painted)
    return this.painted.texture
  }

  /**
   * Draws the kept view as a state texture paints it onto the canvas, from `x` CSS pixels on. All that does not hang on the paint is drawn once
   * a view; what is painted is not smoothed.
   */
  show(state: Texture, finish: Finish, x: number): void {
    if (!this.isFinished) this.finish(finish)
    this.composite.outline(finish.mask, finish.cssWidth, finish.cssHeight)
    this.state.value = state
    this.renderer.setViewport(x, 0, finish.cssWidth, finish.cssHeight)
    this.retouch.render(this.renderer, null)
  }

  dispose(): void {
    for (const target of [this.kept, this.painted, this.unpainted]) {
      target.depthTexture?.dispose()
      target.dispose()
    }
    this.repaint.dispose()
    this.retouch.dispose()
  }

  private finish(finish: Finish): void {
    const { width, height, textures } = this.kept
    this.unpainted.setSize(width, height)
    const input = { ...finish, colour: textures[0]!, depth: this.depth, width, height, camera: this.camera }
    this.composite.render(this.renderer, input, finish.cssWidth, finish.cssHeight, this.unpainted)
    this.isFinished = true
  }

  private drawGhosts(): void {
    this.camera.layers.set(LAYER_SOLID)
    this.camera.layers.enable(LAYER_GLASS)
    this.scene.overrideMaterial = this.materials.ghost
    this.renderer.render(this.scene, this.camera)
    this.scene.overrideMaterial = null
  }
}

function pictureOfLight(): WebGLRenderTarget {
  return new WebGLRenderTarget(1, 1, { depthBuffer: false, type: HalfFloatType, minFilter: LinearFilter, magFilter: LinearFilter })
}

/** Light unpainted, light in white, elements' ids; and the depth. */
function keptPictures(): WebGLRenderTarget {
  const depthTexture = new DepthTexture(1, 1, UnsignedIntType)
  depthTexture.minFilter = NearestFilter
  depthTexture.magFilter = NearestFilter
  const kept = new WebGLRenderTarget(1, 1, { count: 3, depthTexture, type: HalfFloatType, minFilter: LinearFilter, magFilter: LinearFilter })
  const ids = kept.textures[2]!
  ids.type = UnsignedByteType
  ids.minFilter = ids.magFilter = NearestFilter
  return kept
}
