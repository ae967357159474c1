import { DepthTexture, LessEqualCompare, LinearFilter, Matrix4, NearestFilter, OrthographicCamera, UnsignedIntType, Vector3, WebGLRenderTarget } from 'three'
import type { Scene, WebGLRenderer } from 'three'
import { LAYER_SOLID } from './materials'
import type { SharedUniforms, TileMaterials } from './materials'

/** From clip space (-1..1) to texture space (0..1). */
const TEXTURE_FROM_CLIP = new Matrix4().set(0.5, 0, 0, 0.5, 0, 0.5, 0, 0.5, 0, 0, 0.5, 0.5, 0, 0, 0, 1)
const UP = new Vector3(0, 1, 0)

/** The sun's shadow map: one picture of the whole building, drawn anew only when what is visible changes. */
export class SunShadow {
  private readonly camera = new OrthographicCamera()
  private target: WebGLRenderTarget

  constructor(
    private readonly renderer: WebGLRenderer,
    private readonly uniforms: SharedUniforms,
    size: number,
  ) {
    this.target = createTarget(size)
    this.camera.layers.set(LAYER_SOLID)
    this.publish()
  }

  /** Sets the map's side in texels; until the next `render` nothing is in shadow. */
  resize(size: number): void {
    if (this.target.width === size) return
    this.release()
    this.target = createTarget(size)
    this.publish()
  }

  /**
   * Draws the map.
   * @param centre of what casts shadows, world frame. @param radius of it, m.
   */
  render(scene: Scene, materials: TileMaterials, centre: Vector3, radius: number): void {
    this.aim(centre, radius)
    const { renderer } = this
    scene.overrideMaterial = materials.shadow
    renderer.setRenderTarget(this.target)
    renderer.clear()
    renderer.render(scene, this.camera)
    renderer.setRenderTarget(null)
    scene.overrideMaterial = null
  }

  dispose(): void {
    this.release()
  }

  private aim(centre: Vector3, radius: number): void {
    const camera = this.camera
    const sun = this.uniforms.uSunDirection.value
    camera.left = camera.bottom = -radius
    camera.right = camera.top = radius
    camera.near = 0
    camera.far = radius * 4
    camera.up.copy(Math.abs(sun.y) > 0.99 ? new Vector3(0, 0, -1) : UP)
    camera.position.copy(centre).addScaledVector(sun, radius * 2)
    camera.lookAt(centre)
    camera.updateProjectionMatrix()
    camera.updateMatrixWorld()
    const matrix = this.uniforms.uShadowMatrix.value
    matrix.multiplyMatrices(TEXTURE_FROM_CLIP, camera.projectionMatrix).multiply(camera.matrixWorldInverse)
    this.uniforms.uShadowBias.value = (radius * 2 * 1.6) / this.target.width
  }

  /** Empties the map: a depth picture must have been drawn to before a shader may read it. */
  clear(): void {
    this.renderer.setRenderTarget(this.target)
    this.renderer.clear()
    this.renderer.setRenderTarget(null)
  }

  private publish(): void {
    this.clear()
    this.uniforms.uShadowMap.value = this.target.depthTexture
    this.uniforms.uShadowTexel.value = 1 / this.target.width
  }

  private release(): void {
    this.target.depthTexture?.dispose()
    this.target.dispose()
  }
}

function createTarget(size: number): WebGLRenderTarget {
  const depthTexture = new DepthTexture(size, size, UnsignedIntType)
  depthTexture.compareFunction = LessEqualCompare
  depthTexture.minFilter = LinearFilter
  depthTexture.magFilter = LinearFilter
  const target = new WebGLRenderTarget(size, size, { depthTexture, minFilter: NearestFilter, magFilter: NearestFilter })
  target.texture.generateMipmaps = false
  return target
}
