import { BackSide, CircleGeometry, Color, GLSL3, Mesh, ShaderMaterial, SphereGeometry } from 'three'
import type { IUniform , Vector3 } from 'three'
import { blended, define, LAYER_EXTRA } from './materials'
import type { SharedUniforms } from './materials'
import { LIGHTING } from './shaders'
import type { Theme } from './types'

interface Palette {
  readonly zenith: number
  readonly horizon: number
  readonly ground: number
}

const PALETTES: Record<Theme, Palette> = {
  dark: { zenith: 0x0a0f17, horizon: 0x2a3644, ground: 0x3a4249 },
  light: { zenith: 0xa9c6e6, horizon: 0xeef3f7, ground: 0x9da3a4 },
}

const SKY_VERTEX = /* glsl */ `
  out vec3 vDirection;
  void main() {
    vDirection = position;
    gl_Position = (projectionMatrix * mat4(mat3(viewMatrix)) * vec4(position, 1.0)).xyww;
  }
`
const SKY_FRAGMENT = /* glsl */ `
  in vec3 vDirection;
  layout(location = 0) out highp vec4 outColour;
  uniform vec3 uZenith;
  uniform vec3 uHorizon;
  void main() {
    float up = normalize(vDirection).y;
    outColour = vec4(mix(uHorizon, uZenith, pow(clamp(up * 1.15 + 0.02, 0.0, 1.0), 0.6)), 1.0);
  }
`

const GROUND_VERTEX = /* glsl */ `
  out vec3 vWorld;
  void main() {
    vec4 world = modelMatrix * vec4(position, 1.0);
    vWorld = world.xyz;
    gl_Position = projectionMatrix * viewMatrix * world;
  }
`
const GROUND_FRAGMENT = /* glsl */ `
  in vec3 vWorld;
  layout(location = 0) out highp vec4 outColour;
  uniform vec3 uGround;
  uniform vec3 uCentre;
  uniform float uFadeRadius;
  ${LIGHTING}
  void main() {
    float lit = sunlight(vWorld, vec3(0.0, 1.0, 0.0));
    vec3 light = (skyIrradiance(vec3(0.0, 1.0, 0.0)) + uSunColour * lit * max(uSunDirection.y, 0.0));
    float r = length(vWorld.xz - uCentre.xz) / uFadeRadius;
    float alpha = 1.0 - smoothstep(0.25, 1.0, r);
    outColour = vec4(uGround * light * alpha, alpha);
  }
`

/** The ground fades out at the first and ends, unseen, at the second: in radii of the building. */
const FADE_RADII = 6
const GROUND_RADII = 12
/** Below the model's own ground, so that paving at the same height wins. */
const GROUND_DROP_M = 0.06

/** What is around the building: a sky that darkens or lightens with the theme, and ground that fades into it. */
export class Backdrop {
  readonly sky: Mesh
  readonly ground: Mesh
  private readonly zenith: IUniform<Color> = { value: new Color() }
  private readonly horizon: IUniform<Color> = { value: new Color() }
  private readonly groundColour: IUniform<Color> = { value: new Color() }

  /**
   * @param centre of the building, world frame. @param radius of it, m. @param groundY height of the ground, m.
   */
  constructor(uniforms: SharedUniforms, centre: Vector3, radius: number, groundY: number) {
    this.sky = this.createSky()
    this.ground = this.createGround(uniforms, centre, radius, groundY)
    this.setTheme('dark')
  }

  setTheme(theme: Theme): void {
    const palette = PALETTES[theme]
    this.zenith.value.set(palette.zenith)
    this.horizon.value.set(palette.horizon)
    this.groundColour.value.set(palette.ground)
  }

  /** Shades by cheaper formulas, for drawing in software. */
  setFast(fast: boolean): void {
    define(this.ground.material as ShaderMaterial, 'FAST', fast)
  }

  dispose(): void {
    for (const mesh of [this.sky, this.ground]) {
      mesh.geometry.dispose()
      ;(mesh.material as ShaderMaterial).dispose()
    }
  }

  private createSky(): Mesh {
    const material = new ShaderMaterial({
      glslVersion: GLSL3, vertexShader: SKY_VERTEX, fragmentShader: SKY_FRAGMENT, side: BackSide, depthWrite: false,
      uniforms: { uZenith: this.zenith, uHorizon: this.horizon },
    })
    const sky = new Mesh(new SphereGeometry(1, 32, 16), material)
    sky.frustumCulled = false
    // Last of the opaque things: drawn only where nothing else is.
    sky.renderOrder = 10
    sky.layers.set(LAYER_EXTRA)
    return sky
  }

  private createGround(uniforms: SharedUniforms, centre: Vector3, radius: number, groundY: number): Mesh {
    const fadeRadius = radius * FADE_RADII
    const material = blended(
      new ShaderMaterial({
        glslVersion: GLSL3, vertexShader: GROUND_VERTEX, fragmentShader: GROUND_FRAGMENT,
        uniforms: {
          ...uniforms, uGround: this.groundColour, uCentre: { value: centre.clone() }, uFadeRadius: { value: fadeRadius },
        },
      }),
    )
    material.depthWrite = true
    const ground = new Mesh(new CircleGeometry(radius * GROUND_RADII, 64), material)
    ground.rotation.x = -Math.PI / 2
    ground.position.set(centre.x, groundY - GROUND_DROP_M, centre.z)
    // Before glass, so that it is seen through it.
    ground.renderOrder = -1
    ground.layers.set(LAYER_EXTRA)
    return ground
  }
}
