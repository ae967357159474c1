import { NearestFilter, UnsignedByteType, Vector3, Vector4, WebGLRenderTarget } from 'three'
import type { PerspectiveCamera, Scene, WebGLRenderer } from 'three'
import { decodeDepth, decodeId, decodeNormal, findIdArea, nearestHit, preferHit } from './ids'
import type { IdArea, IdHit } from './ids'
import { LAYER_GLASS, LAYER_SOLID, LAYER_SPACE } from './materials'
import type { TileMaterials } from './materials'

/** Side of the patch drawn around the pointer: thin things near it can be hit. */
const PATCH = 5
const PICTURES = 3

/** A hit in three's world frame. */
export interface WorldHit {
  readonly elementIndex: number
  readonly point: Vector3
  readonly normal: Vector3
}

interface PatchHit extends IdHit {
  readonly normal: readonly [number, number, number]
}

/** Picks by drawing element ids into a patch of a few pixels; what is hidden or ghosted is never hit. */
export class Picker {
  private readonly patch = idTarget(PATCH, PATCH)
  /** A camera of its own: the readback is awaited while the scene's camera moves on. */
  private readonly camera: PerspectiveCamera

  constructor(
    private readonly renderer: WebGLRenderer,
    private readonly scene: Scene,
    private readonly viewCamera: PerspectiveCamera,
    private readonly materials: TileMaterials,
  ) {
    this.camera = viewCamera.clone()
  }

  /**
   * What is drawn at a pixel.
   * @param x CSS pixels from the left. @param y from the top. @param spaces whether space volumes may be hit.
   */
  async pick(x: number, y: number, width: number, height: number, spaces: boolean): Promise<WorldHit | null> {
    this.follow()
    const camera = this.camera
    const half = (PATCH - 1) / 2
    const [shiftX, shiftY] = camera.view ? [camera.view.offsetX, camera.view.offsetY] : [0, 0]
    camera.setViewOffset(width, height, Math.floor(x) - half + shiftX, Math.floor(y) - half + shiftY, PATCH, PATCH)
    const unproject = camera.matrixWorld.clone().multiply(camera.projectionMatrixInverse)
    const solid = await this.drawPatch([LAYER_SOLID, LAYER_GLASS])
    const space = spaces ? await this.drawPatch([LAYER_SPACE]) : null
    const hit = preferHit(solid, space) as (PatchHit & { pixel: number }) | null
    if (hit === null) return null
    const clip = new Vector3(
      (((hit.pixel % PATCH) + 0.5) / PATCH) * 2 - 1,
      ((Math.floor(hit.pixel / PATCH) + 0.5) / PATCH) * 2 - 1,
      hit.depth * 2 - 1,
    )
    const p = new Vector4(clip.x, clip.y, clip.z, 1).applyMatrix4(unproject)
    return {
      elementIndex: hit.elementIndex,
      point: new Vector3(p.x / p.w, p.y / p.w, p.z / p.w),
      normal: new Vector3(...hit.normal),
    }
  }

  /** Where an element is seen in the whole picture, drawn at `(width, height)`; null when it is not. */
  async find(elementIndex: number, width: number, height: number, spaces: boolean): Promise<IdArea | null> {
    this.follow()
    const target = idTarget(width, height)
    try {
      this.draw(target, spaces ? [LAYER_SPACE] : [LAYER_SOLID, LAYER_GLASS])
      const ids = new Uint8Array(width * height * 4)
      await this.renderer.readRenderTargetPixelsAsync(target, 0, 0, width, height, ids, undefined, 0)
      return findIdArea(ids, width, height, elementIndex)
    } finally {
      target.dispose()
    }
  }

  dispose(): void {
    this.patch.dispose()
  }

  private follow(): void {
    this.viewCamera.updateMatrixWorld()
    this.camera.copy(this.viewCamera, false)
    this.camera.updateMatrixWorld()
  }

  private async drawPatch(layers: readonly number[]): Promise<(PatchHit & { pixel: number }) | null> {
    this.draw(this.patch, layers)
    const pictures = await Promise.all(
      Array.from({ length: PICTURES }, async (_, i) => {
        const bytes = new Uint8Array(PATCH * PATCH * 4)
        await this.renderer.readRenderTargetPixelsAsync(this.patch, 0, 0, PATCH, PATCH, bytes, undefined, i)
        return bytes
      }),
    )
    const [ids, depths, normals] = pictures as [Uint8Array, Uint8Array, Uint8Array]
    const pixel = nearestHit(ids, PATCH)
    if (pixel === null) return null
    const at = pixel * 4
    return { elementIndex: decodeId(ids, at)!, depth: decodeDepth(depths, at), normal: decodeNormal(normals, at), pixel }
  }

  private draw(target: WebGLRenderTarget, layers: readonly number[]): void {
    this.camera.layers.disableAll()
    for (const layer of layers) this.camera.layers.enable(layer)
    this.scene.overrideMaterial = this.materials.id
    this.renderer.setRenderTarget(target)
    this.renderer.clear()
    this.renderer.render(this.scene, this.camera)
    this.renderer.setRenderTarget(null)
    this.scene.overrideMaterial = null
  }
}

function idTarget(width: number, height: number): WebGLRenderTarget {
  return new WebGLRenderTarget(width, height, {
    count: PICTURES, type: UnsignedByteType, minFilter: NearestFilter, magFilter: NearestFilter,
  })
}
