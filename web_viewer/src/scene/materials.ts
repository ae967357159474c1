import { AdditiveBlending, Color, CustomBlending, DoubleSide, GLSL3, Matrix4, NormalBlending, OneFactor, OneMinusSrcAlphaFactor, ShaderMaterial, Vector3 } from 'three'
import type { IUniform, Texture } from 'three'
import {
  DRAW_GHOST, DRAW_SOLID, DRAW_TARGET, GHOST_FRAGMENT, GLASS_FRAGMENT, ID_FRAGMENT, MASK_FRAGMENT, SHADOW_FRAGMENT,
  SOLID_FRAGMENT, SPACE_FRAGMENT, TILE_VERTEX,
} from './shaders'

/** Camera layers: what a mesh is, so that each pass takes what it needs. */
export const LAYER_SOLID = 0
export const LAYER_GLASS = 1
export const LAYER_SPACE = 2
/** Ground, sky and figures: drawn, never picked, casting no shadow. */
export const LAYER_EXTRA = 3

/** Values that every material shares by reference: setting one here sets it everywhere. */
export interface SharedUniforms {
  readonly uState: IUniform<Texture | null>
  readonly uStateWidthLog2: IUniform<number>
  readonly uTargets: IUniform<[number, number]>
  readonly uClipHeight: IUniform<number>
  /** Whether the cut takes devices and furniture too. */
  readonly uClipContents: IUniform<boolean>
  readonly uCutColour: IUniform<Color>
  readonly uSunDirection: IUniform<Vector3>
  readonly uSunColour: IUniform<Color>
  readonly uSkyZenith: IUniform<Color>
  readonly uSkyHorizon: IUniform<Color>
  readonly uGroundBounce: IUniform<Color>
  readonly uShadowMap: IUniform<Texture | null>
  readonly uShadowMatrix: IUniform<Matrix4>
  readonly uShadowTexel: IUniform<number>
  readonly uShadowBias: IUniform<number>
  readonly uGhostColour: IUniform<Color>
  readonly uGhostStrength: IUniform<number>
  /** How grey the model's own colours are, 0..1, so that a layer's stand out. */
  readonly uMuted: IUniform<number>
  readonly uSpaceOpacity: IUniform<number>
  /** Whether of rooms the floors alone are drawn. */
  readonly uFloorsOnly: IUniform<boolean>
}

/** A cut so high that nothing is cut. */
export const NO_CLIP = 1e9

/** The shared values at the beginning; the lights are a clear day's. */
export function createUniforms(): SharedUniforms {
  return {
    uState: { value: null },
    uStateWidthLog2: { value: 6 },
    uTargets: { value: [-9, -9] },
    uClipHeight: { value: NO_CLIP },
    uClipContents: { value: false },
    uCutColour: { value: new Color(0x59636e) },
    uSunDirection: { value: new Vector3(0.4, 0.8, 0.45).normalize() },
    uSunColour: { value: new Color() },
    uSkyZenith: { value: new Color() },
    uSkyHorizon: { value: new Color() },
    uGroundBounce: { value: new Color() },
    uShadowMap: { value: null },
    uShadowMatrix: { value: new Matrix4() },
    uShadowTexel: { value: 1 / 2048 },
    uShadowBias: { value: 0.05 },
    uGhostColour: { value: new Color(0x9fb6c9) },
    uGhostStrength: { value: 1 },
    uMuted: { value: 0 },
    uSpaceOpacity: { value: 0.5 },
    uFloorsOnly: { value: false },
  }
}

type TileMaterialName = 'opaque' | 'metal' | 'glass' | 'space'

/** The materials of the tiles and of the passes over them; one of each, shared by every tile. */
export class TileMaterials {
  readonly ghost: ShaderMaterial
  readonly id: ShaderMaterial
  readonly mask: ShaderMaterial
  readonly shadow: ShaderMaterial
  private readonly surfaces: Record<TileMaterialName, ShaderMaterial>

  constructor(readonly uniforms: SharedUniforms) {
    this.surfaces = {
      opaque: this.surface(SOLID_FRAGMENT, 0.82, 0),
      metal: this.surface(SOLID_FRAGMENT, 0.38, 0.85),
      glass: blended(this.surface(GLASS_FRAGMENT, 0.08, 0)),
      space: blended(this.surface(SPACE_FRAGMENT, 1, 0)),
    }
    this.surfaces.space.depthWrite = true
    define(this.surfaces.space, 'LIFT', true)
    this.ghost = blended(this.pass(GHOST_FRAGMENT, DRAW_GHOST))
    this.id = this.pass(ID_FRAGMENT, DRAW_SOLID)
    this.mask = this.pass(MASK_FRAGMENT, DRAW_TARGET)
    this.mask.depthTest = false
    this.mask.depthWrite = false
    this.mask.blending = AdditiveBlending
    this.shadow = this.pass(SHADOW_FRAGMENT, DRAW_SOLID)
    this.shadow.polygonOffset = true
    this.shadow.polygonOffsetFactor = 1.5
    this.shadow.polygonOffsetUnits = 2
  }

  /** The material for a name in a GLB, and the camera layer that goes with it. Unknown names are opaque. */
  forName(name: string, transparent: boolean): { readonly material: ShaderMaterial; readonly layer: number } {
    if (name === 'space') return { material: this.surfaces.space, layer: LAYER_SPACE }
    if (name === 'glass' || transparent) return { material: this.surfaces.glass, layer: LAYER_GLASS }
    return { material: name === 'metal' ? this.surfaces.metal : this.surfaces.opaque, layer: LAYER_SOLID }
  }

  /** Cuts away what lies above a height, m in the world frame; `NO_CLIP` for no cut. */
  setClip(height: number, contents: boolean): void {
    this.uniforms.uClipHeight.value = height
    this.uniforms.uClipContents.value = contents
    for (const material of this.all) define(material, 'CLIP', height < NO_CLIP)
  }

  /** Shades by cheaper formulas, for drawing in software. */
  setFast(fast: boolean): void {
    for (const material of Object.values(this.surfaces)) define(material, 'FAST', fast)
  }

  /** Gives what a kept view is made of; see `LIGHT_OUT`. */
  setKeep(keep: boolean): void {
    for (const material of [...Object.values(this.surfaces), this.ghost]) define(material, 'KEEP', keep)
  }

  dispose(): void {
    for (const material of this.all) material.dispose()
  }

  private get all(): ShaderMaterial[] {
    return [...Object.values(this.surfaces), this.ghost, this.id, this.mask, this.shadow]
  }

  private surface(fragmentShader: string, roughness: number, metalness: number): ShaderMaterial {
    const material = this.pass(fragmentShader, DRAW_SOLID)
    material.uniforms.uRoughness = { value: roughness }
    material.uniforms.uMetalness = { value: metalness }
    return material
  }

  private pass(fragmentShader: string, draw: number): ShaderMaterial {
    const material = new ShaderMaterial({
      glslVersion: GLSL3,
      vertexShader: TILE_VERTEX,
      fragmentShader,
      uniforms: { ...this.uniforms, uDraw: { value: draw } },
      side: DoubleSide,
      blending: NormalBlending,
    })
    // Where a mesh has no normals the shaders must see zeros, not what another mesh left in that place.
    Object.assign(material.defaultAttributeValues, { normal: [0, 0, 0] })
    return material
  }
}

/** Compiles a material anew with or without a define, where that changes anything. */
export function define(material: ShaderMaterial, name: string, on: boolean): void {
  if (on === name in material.defines) return
  if (on) material.defines[name] = 1
  else Reflect.deleteProperty(material.defines, name)
  material.needsUpdate = true
}

/** Draws a material over what is there, premultiplied, without hiding what lies behind. */
export function blended(material: ShaderMaterial): ShaderMaterial {
  material.transparent = true
  material.depthWrite = false
  material.blending = CustomBlending
  material.blendSrc = OneFactor
  material.blendDst = OneMinusSrcAlphaFactor
  material.premultipliedAlpha = true
  return material
}
