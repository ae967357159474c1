import { BackSide, CircleGeometry, Color, GLSL3, Group, Mesh, Path, PlaneGeometry, ShaderMaterial, Shape, ShapeGeometry, SphereGeometry } from 'three'
import type { BufferGeometry, IUniform, Vector3 } from 'three'
import { blended, define, LAYER_EXTRA } from './materials'
import type { SharedUniforms } from './materials'
import { LIGHT_OUT, LIGHTING } from './shaders'
import type { Box, Theme } from './types'

interface Palette {
  readonly zenith: number
  readonly horizon: number
  readonly ground: number
}

const PALETTES: Record<Theme, Palette> = {
  dark: { zenith: 0x0a0f17, horizon: 0x1f2a36, ground: 0x20272e },
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
  ${LIGHT_OUT}
  uniform vec3 uZenith;
  uniform vec3 uHorizon;
  void main() {
    float up = normalize(vDirection).y;
    giveLight(vec4(mix(uHorizon, uZenith, pow(clamp(up * 1.15 + 0.02, 0.0, 1.0), 0.6)), 1.0));
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
  ${LIGHT_OUT}
  uniform vec3 uGround;
  uniform vec3 uCentre;
  uniform float uFadeRadius;
  ${LIGHTING}
  void main() {
    float lit = sunlight(vWorld, vec3(0.0, 1.0, 0.0));
    vec3 light = (skyIrradiance(vec3(0.0, 1.0, 0.0)) + uSunColour * lit * max(uSunDirection.y, 0.0));
    float r = length(vWorld.xz - uCentre.xz) / uFadeRadius;
    float alpha = 1.0 - smoothstep(0.25, 1.0, r);
    giveLight(vec4(uGround * light * alpha, alpha));
  }
`

/** The ground fades out at the first and ends, unseen, at the second: in radii of the building. */
const FADE_RADII = 6
const GROUND_RADII = 12
/** Below the model's own ground, so that paving at the same height wins. */
const GROUND_DROP_M = 0.06
/** Under the terrain's rim the ground reaches so far in, so that no gap shows. */
const UNDER_RIM_M = 0.5
const RIM_STEPS = 64

/** What is around the building: a sky that darkens or lightens with the theme, and ground that fades into it. */
export class Backdrop {
  readonly sky: Mesh
  readonly ground = new Group()
  /** Fills the hole in the ground while the terrain that lies in it is not shown. */
  private readonly plug: Mesh | null
  private readonly groundMaterial: ShaderMaterial
  private readonly zenith: IUniform<Color> = { value: new Color() }
  private readonly horizon: IUniform<Color> = { value: new Color() }
  private readonly groundColour: IUniform<Color> = { value: new Color() }

  /**
   * @param centre of the building, world frame. @param radius of it, m. @param groundY height of the ground, m.
   * @param terrain local box of the ground that the model brings with it. The scene's own ground lies around it and
   * leaves it open, so that nothing of it (a ramp into a basement, a road below the lawns) is ever covered.
   */
  constructor(uniforms: SharedUniforms, centre: Vector3, radius: number, groundY: number, terrain: Box | null) {
    this.sky = this.createSky()
    this.groundMaterial = this.createGroundMaterial(uniforms, centre, radius * FADE_RADII)
    const lowest = Math.min(groundY, terrain ? terrain.min[2] : groundY) - GROUND_DROP_M
    this.addGround(terrain ? groundAround(terrain, centre, radius) : new CircleGeometry(radius * GROUND_RADII, RIM_STEPS), centre.x, lowest, centre.z)
    this.plug = terrain ? this.addPlug(terrain, lowest) : null
    this.setTheme('dark')
  }

  /** @param ground whether there is ground at all. @param terrain whether the model's own terrain is shown in it. */
  show(ground: boolean, terrain: boolean): void {
    this.ground.visible = ground
    if (this.plug) this.plug.visible = !terrain
  }

  /** The colour of the horizon, which ends the picture. */
  get edge(): Color {
    return this.horizon.value
  }

  setTheme(theme: Theme): void {
    const palette = PALETTES[theme]
    this.zenith.value.set(palette.zenith)
    this.horizon.value.set(palette.horizon)
    this.groundColour.value.set(palette.ground)
  }

  /** Shades by cheaper formulas, for drawing in software. */
  setFast(fast: boolean): void {
    define(this.groundMaterial, 'FAST', fast)
  }

  /** Gives what a kept view is made of; see `LIGHT_OUT`. */
  setKeep(keep: boolean): void {
    define(this.sky.material as ShaderMaterial, 'KEEP', keep)
    define(this.groundMaterial, 'KEEP', keep)
  }

  dispose(): void {
    for (const mesh of [this.sky, ...this.ground.children]) {
      ;(mesh as Mesh).geometry.dispose()
      ;((mesh as Mesh).material as ShaderMaterial).dispose()
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

  private createGroundMaterial(uniforms: SharedUniforms, centre: Vector3, fadeRadius: number): ShaderMaterial {
    const material = blended(
      new ShaderMaterial({
        glslVersion: GLSL3, vertexShader: GROUND_VERTEX, fragmentShader: GROUND_FRAGMENT,
        uniforms: {
          ...uniforms, uGround: this.groundColour, uCentre: { value: centre.clone() }, uFadeRadius: { value: fadeRadius },
        },
      }),
    )
    material.depthWrite = true
    return material
  }

  private addPlug(terrain: Box, y: number): Mesh {
    const { min, max } = terrain
    const geometry = new PlaneGeometry(max[0] - min[0] - 2 * UNDER_RIM_M, max[1] - min[1] - 2 * UNDER_RIM_M)
    const plug = this.addGround(geometry, (min[0] + max[0]) / 2, y, -(min[1] + max[1]) / 2)
    plug.visible = false
    return plug
  }

  private addGround(geometry: BufferGeometry, x: number, y: number, z: number): Mesh {
    const ground = new Mesh(geometry, this.groundMaterial)
    ground.rotation.x = -Math.PI / 2
    ground.position.set(x, y, z)
    // Before glass, so that it is seen through it.
    ground.renderOrder = -1
    ground.layers.set(LAYER_EXTRA)
    this.ground.add(ground)
    return ground
  }
}

/** A disc around `centre` with the terrain's rectangle left out; x to the east, y to the north of the centre. */
function groundAround(terrain: Box, centre: Vector3, radius: number): BufferGeometry {
  const west = terrain.min[0] - centre.x + UNDER_RIM_M
  const east = terrain.max[0] - centre.x - UNDER_RIM_M
  const south = terrain.min[1] + centre.z + UNDER_RIM_M
  const north = terrain.max[1] + centre.z - UNDER_RIM_M
  const disc = new Shape().absarc(0, 0, radius * GROUND_RADII, 0, Math.PI * 2, false)
  disc.holes.push(new Path().moveTo(west, south).lineTo(west, north).lineTo(east, north).lineTo(east, south))
  return new ShapeGeometry(disc, RIM_STEPS)
}
