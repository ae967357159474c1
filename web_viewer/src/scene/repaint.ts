import { DataTexture, DepthTexture, HalfFloatType, LinearFilter, NearestFilter, UnsignedByteType, UnsignedIntType, WebGLRenderTarget } from 'three'
import type { PerspectiveCamera, Scene, Texture, WebGLRenderer } from 'three'
import { FullscreenPass } from './fullscreen'
import { LAYER_EXTRA, LAYER_GLASS, LAYER_SOLID, LAYER_SPACE } from './materials'
import type { SharedUniforms, TileMaterials } from './materials'
import { bareTexels, whiteTexels } from './stateTexture'

/** The kept view in other colours: what is unpainted, and of what is white as much as the paint has of white. */
const REPAINT = /* glsl */ `
  layout(location = 0) out highp vec4 outColour;
  uniform sampler2D uBare;
  uniform sampler2D uWhite;
  uniform sampler2D uIds;
  uniform highp sampler2D uState;
  uniform int uStateWidthLog2;

  vec3 linearFromSrgb(vec3 c) {
    return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c));
  }

  void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    vec3 bare = texelFetch(uBare, at, 0).rgb;
    outColour = vec4(bare, 1.0);
    ivec4 digits = ivec4(texelFetch(uIds, at, 0) * 255.0 + 0.5);
    int id = digits.r + (digits.g << 8) + (digits.b << 16) - 1;
    if (id < 0) return;
    vec4 texel = texelFetch(uState, ivec2(id & ((1 << uStateWidthLog2) - 1), id >> uStateWidthLog2), 0);
    float weight = float(int(texel.a * 255.0 + 0.5) & 15) / 15.0;
    if (weight > 0.0) outColour.rgb = mix(bare, texelFetch(uWhite, at, 0).rgb * linearFromSrgb(texel.rgb), weight);
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

/**
 * A view that is kept so as to be drawn in other colours at the cost of one pass over its pixels, however many
 * triangles it has: while colours follow each other quickly, a slow GPU would show few of them.
 *
 * The model is drawn three times: unpainted, all white, and as element ids. Shading is linear in the paint, so that
 * what lies between is a mixture; but for glints it is the same picture. Glass and ghosts keep the colours they had.
 */
export class Repaint {
  private readonly pass: FullscreenPass
  private bare = picture(1, 1)
  private white = picture(1, 1)
  private ids = idPicture(1, 1)
  private painted = picture(1, 1)
  private kept = false

  constructor(
    private readonly renderer: WebGLRenderer,
    private readonly scene: Scene,
    private readonly camera: PerspectiveCamera,
    private readonly materials: TileMaterials,
    private readonly uniforms: SharedUniforms,
  ) {
    const { uStateWidthLog2 } = uniforms
    this.pass = new FullscreenPass(REPAINT, { uBare: { value: null }, uWhite: { value: null }, uIds: { value: null }, uState: { value: null }, uStateWidthLog2 })
  }

  /** Whether there is a view to be painted. */
  get isKept(): boolean {
    return this.kept
  }

  /** The depth of the kept view. */
  get depth(): DepthTexture {
    return this.bare.depthTexture!
  }

  /** What is kept is no more what the scene shows. */
  forget(): void {
    this.kept = false
  }

  /** Keeps what the camera sees; `state` is the state texture with today's paint, `spaces` its rooms, `(n,)` 1 for one. */
  keep(view: KeptView, state: DataTexture, spaces: Uint8Array): void {
    this.resize(view.width, view.height)
    const texels = state.image.data as Uint8Array
    const { width, height } = state.image
    const bare = stateOf(bareTexels(texels, spaces), width, height)
    const white = stateOf(whiteTexels(texels, spaces), width, height)
    this.drawModel(this.bare, view, bare, bare, state)
    this.drawModel(this.white, view, white, bare, state)
    this.uniforms.uState.value = state
    this.drawIds(view)
    bare.dispose()
    white.dispose()
    this.kept = true
  }

  /** The kept view as a state texture paints it. */
  paint(state: Texture): Texture {
    const u = this.pass.material.uniforms
    u.uBare!.value = this.bare.texture
    u.uWhite!.value = this.white.texture
    u.uIds!.value = this.ids.texture
    u.uState!.value = state
    this.pass.render(this.renderer, this.painted)
    return this.painted.texture
  }

  dispose(): void {
    for (const target of [this.bare, this.white, this.ids, this.painted]) {
      target.depthTexture?.dispose()
      target.dispose()
    }
    this.pass.dispose()
  }

  private drawModel(target: WebGLRenderTarget, view: KeptView, solid: Texture, glass: Texture, ghosts: Texture): void {
    const { renderer, camera, uniforms } = this
    renderer.setRenderTarget(target)
    renderer.clear()
    uniforms.uState.value = solid
    camera.layers.set(LAYER_SOLID)
    camera.layers.enable(LAYER_EXTRA)
    if (view.showSpaces) camera.layers.enable(LAYER_SPACE)
    renderer.render(this.scene, camera)
    uniforms.uState.value = glass
    camera.layers.set(LAYER_GLASS)
    renderer.render(this.scene, camera)
    if (view.hasGhosts) this.drawGhosts(ghosts)
    renderer.setRenderTarget(null)
  }

  private drawGhosts(state: Texture): void {
    this.uniforms.uState.value = state
    this.camera.layers.set(LAYER_SOLID)
    this.camera.layers.enable(LAYER_GLASS)
    this.scene.overrideMaterial = this.materials.ghost
    this.renderer.render(this.scene, this.camera)
    this.scene.overrideMaterial = null
  }

  private drawIds(view: KeptView): void {
    const { renderer, camera, scene, materials } = this
    renderer.setRenderTarget(this.ids)
    renderer.clear()
    camera.layers.set(LAYER_SOLID)
    scene.overrideMaterial = materials.id
    renderer.render(scene, camera)
    if (view.showSpaces) {
      camera.layers.set(LAYER_SPACE)
      scene.overrideMaterial = materials.roomId
      renderer.render(scene, camera)
    }
    renderer.setRenderTarget(null)
    scene.overrideMaterial = null
  }

  private resize(width: number, height: number): void {
    if (this.bare.width === width && this.bare.height === height) return
    for (const target of [this.bare, this.white, this.ids, this.painted]) target.setSize(width, height)
  }
}

function stateOf(texels: Uint8Array, width: number, height: number): DataTexture {
  const texture = new DataTexture(texels, width, height)
  texture.needsUpdate = true
  return texture
}

function picture(width: number, height: number): WebGLRenderTarget {
  const depthTexture = new DepthTexture(width, height, UnsignedIntType)
  depthTexture.minFilter = NearestFilter
  depthTexture.magFilter = NearestFilter
  return new WebGLRenderTarget(width, height, { depthTexture, type: HalfFloatType, minFilter: LinearFilter, magFilter: LinearFilter })
}

/** As the picker's: ids, depths and normals, of which the ids are looked at. */
function idPicture(width: number, height: number): WebGLRenderTarget {
  return new WebGLRenderTarget(width, height, { count: 3, type: UnsignedByteType, minFilter: NearestFilter, magFilter: NearestFilter })
}
