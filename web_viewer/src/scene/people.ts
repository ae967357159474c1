import { BufferAttribute, Color, CylinderGeometry, DynamicDrawUsage, InstancedBufferAttribute, InstancedMesh, LatheGeometry, Matrix4, Quaternion, SphereGeometry, Vector2, Vector3 } from 'three'
import type { BufferGeometry, ShaderMaterial } from 'three'
import { mergeGeometries } from 'three/addons/utils/BufferGeometryUtils.js'
import { hash01, placesInside, shareOut, stroll } from './crowd'
import { worldFromLocal } from './frames'
import { LAYER_EXTRA } from './materials'
import type { PeopleSpace } from './types'

const CAPACITY = 1500
const UP = new Vector3(0, 1, 0)
/** Clothes: muted, so that figures read as scale and never as a status. */
const CLOTHES = [0x3d5a80, 0x8d99ae, 0xb56b5a, 0x6b8f71, 0xd9c5a0, 0x4a4e69, 0x9a8c98, 0x2f4858]

interface Figure {
  readonly space: number
  readonly place: Vector3
  readonly seed: number
}

/** People as they are counted: figures inside each space's footprint, strolling slowly. */
export class People {
  readonly mesh: InstancedMesh
  private figures: Figure[] = []
  private readonly matrix = new Matrix4()
  private readonly turn = new Quaternion()

  constructor(material: ShaderMaterial) {
    this.mesh = new InstancedMesh(figureGeometry(), material, CAPACITY)
    this.mesh.instanceMatrix.setUsage(DynamicDrawUsage)
    this.mesh.layers.set(LAYER_EXTRA)
    this.mesh.frustumCulled = false
    this.mesh.count = 0
  }

  get count(): number {
    return this.figures.length
  }

  /**
   * Places at most `limit` figures; footprints and counts in the local frame. `isShown` tells whether a space's
   * storey is shown.
   */
  set(spaces: readonly PeopleSpace[], limit: number, isShown: (space: number) => boolean): void {
    const shown = spaces.filter((space) => isShown(space.id) && space.polygon.length > 2)
    const counts = shareOut(shown.map((space) => space.count), Math.min(limit, CAPACITY))
    this.figures = shown.flatMap((space, i) => figuresOf(space, counts[i]!)).slice(0, CAPACITY)
    const tint = this.mesh.geometry.getAttribute('tint') as InstancedBufferAttribute
    this.figures.forEach((figure, i) => {
      const colour = new Color(CLOTHES[Math.floor(hash01(figure.seed, 3) * CLOTHES.length)])
      tint.setXYZW(i, colour.r, colour.g, colour.b, 1)
    })
    tint.needsUpdate = true
    this.move(0)
  }

  /** Moves everybody to where they are at `seconds`. */
  move(seconds: number): void {
    this.figures.forEach((figure, i) => {
      const { dx, dy, heading } = stroll(figure.seed, seconds)
      const height = 0.92 + 0.16 * hash01(figure.seed, 4)
      this.turn.setFromAxisAngle(UP, heading)
      this.matrix.compose(
        new Vector3(figure.place.x + dx, figure.place.y, figure.place.z - dy), this.turn, new Vector3(height, height, height),
      )
      this.mesh.setMatrixAt(i, this.matrix)
    })
    this.mesh.count = this.figures.length
    this.mesh.instanceMatrix.needsUpdate = true
  }

  dispose(): void {
    this.mesh.geometry.dispose()
    this.mesh.dispose()
  }
}

function figuresOf(space: PeopleSpace, count: number): Figure[] {
  return placesInside(space.polygon, count, space.id).map(([x, y], k) => ({
    space: space.id,
    place: worldFromLocal([x, y, space.floorZ]),
    seed: space.id * 131 + k,
  }))
}

/** A person 1.74 m tall: legs in mid-stride, a torso with shoulders, arms, a head. */
function figureGeometry(): BufferGeometry {
  const parts = [
    limb(0.075, 0.82, [0.09, 0.41, 0.05], -0.14),
    limb(0.075, 0.82, [-0.09, 0.41, -0.05], 0.14),
    torso(),
    limb(0.05, 0.62, [0.235, 1.12, -0.05], 0.12),
    limb(0.05, 0.62, [-0.235, 1.12, 0.05], -0.12),
    new SphereGeometry(0.11, 7, 5).translate(0, 1.61, 0),
  ]
  const figure = mergeGeometries(parts)
  for (const part of parts) part.dispose()
  figure.deleteAttribute('uv')
  const vertices = figure.getAttribute('position').count
  figure.setAttribute('elementId', new BufferAttribute(new Float32Array(vertices).fill(-1), 1))
  figure.setAttribute('tint', new InstancedBufferAttribute(new Float32Array(CAPACITY * 4), 4))
  return figure
}

function limb(radius: number, length: number, at: readonly [number, number, number], swing: number): BufferGeometry {
  return new CylinderGeometry(radius, radius * 0.8, length, 5, 1, true).rotateX(swing).translate(...at)
}

function torso(): BufferGeometry {
  const outline = [[0, 0.74], [0.15, 0.76], [0.19, 1.25], [0.2, 1.38], [0.12, 1.46], [0.05, 1.5], [0.05, 1.56]] as const
  return new LatheGeometry(outline.map(([r, y]) => new Vector2(r, y)), 7).scale(1, 1, 0.6)
}
