import { BufferAttribute, BufferGeometry, InstancedMesh, Matrix3, Matrix4, Mesh, Vector3 } from 'three'
import type { Material, Object3D } from 'three'

/** Above so many vertices the copies of a shape stay instanced: a draw call costs less than the memory. */
const MOST_BAKED_VERTICES = 60_000

interface Source {
  readonly mesh: Mesh
  readonly toScene: Matrix4
}

/**
 * Makes one mesh for each material of a tile: plane and curved faces, and small shapes with all their copies, which
 * the file keeps once. Geometries must have `tint` and `elementId`; a vertex without a normal gets a zero one, which
 * the shaders take for "the face's own". Gives the geometries that the scene now holds.
 */
export function mergeTile(scene: Object3D): BufferGeometry[] {
  const byMaterial = new Map<string, Source[]>()
  const kept: BufferGeometry[] = []
  for (const mesh of meshesOf(scene)) {
    const material = mesh.material as Material
    if (vertexCount(mesh) > MOST_BAKED_VERTICES && mesh instanceof InstancedMesh) {
      kept.push(mesh.geometry)
      continue
    }
    const name = `${material.name} ${String(material.transparent)}`
    byMaterial.set(name, [...(byMaterial.get(name) ?? []), { mesh, toScene: matrixIn(scene, mesh) }])
  }
  for (const sources of byMaterial.values()) {
    const merged = new Mesh(join(sources), sources[0]!.mesh.material)
    for (const { mesh } of sources) mesh.removeFromParent()
    scene.add(merged)
    kept.push(merged.geometry)
  }
  return kept
}

function meshesOf(scene: Object3D): Mesh[] {
  const found: Mesh[] = []
  scene.traverse((object) => {
    if (object instanceof Mesh) found.push(object)
  })
  return found
}

function copies(mesh: Mesh): number {
  return mesh instanceof InstancedMesh ? mesh.count : 1
}

function vertexCount(mesh: Mesh): number {
  return mesh.geometry.getAttribute('position').count * copies(mesh)
}

function indexCount(mesh: Mesh): number {
  return (mesh.geometry.index?.count ?? mesh.geometry.getAttribute('position').count) * copies(mesh)
}

function matrixIn(scene: Object3D, mesh: Object3D): Matrix4 {
  const matrix = new Matrix4()
  for (let object: Object3D | null = mesh; object !== null && object !== scene; object = object.parent) {
    object.updateMatrix()
    matrix.premultiply(object.matrix)
  }
  return matrix
}

function join(sources: readonly Source[]): BufferGeometry {
  const total = (count: (mesh: Mesh) => number): number => sources.reduce((sum, { mesh }) => sum + count(mesh), 0)
  const joiner = new Joiner(total(vertexCount), total(indexCount))
  const placed = new Matrix4()
  for (const { mesh, toScene } of sources) {
    if (!(mesh instanceof InstancedMesh)) {
      joiner.add(mesh.geometry, toScene, null)
      continue
    }
    const ids = mesh.geometry.getAttribute('elementId')
    for (let k = 0; k < mesh.count; k++) {
      mesh.getMatrixAt(k, placed)
      joiner.add(mesh.geometry, placed.premultiply(toScene), ids.getX(k))
    }
  }
  return joiner.geometry()
}

/** Gathers vertices in the tile's frame: floats for places, bytes for normals and colours. */
class Joiner {
  private readonly positions: Float32Array
  private readonly normals: Int8Array
  private readonly tints: Uint8Array
  private readonly ids: Float32Array
  private readonly indices: Uint32Array
  private vertices = 0
  private corners = 0
  private readonly vector = new Vector3()
  private readonly turn = new Matrix3()

  constructor(vertices: number, corners: number) {
    this.positions = new Float32Array(vertices * 3)
    // Rows of four bytes: a graphics card reads no others well.
    this.normals = new Int8Array(vertices * 4)
    this.tints = new Uint8Array(vertices * 4)
    this.ids = new Float32Array(vertices)
    this.indices = new Uint32Array(corners)
  }

  /** Adds a geometry once; `id` is the element's, or null where each vertex has its own. */
  add(geometry: BufferGeometry, matrix: Matrix4, id: number | null): void {
    const { position, normal, tint, elementId } = geometry.attributes
    const { vector, vertices } = this
    this.turn.getNormalMatrix(matrix)
    for (let i = 0; i < position!.count; i++) {
      const at = vertices + i
      vector.fromBufferAttribute(position!, i).applyMatrix4(matrix).toArray(this.positions, at * 3)
      if (normal) vector.fromBufferAttribute(normal, i).applyMatrix3(this.turn).normalize().multiplyScalar(127).round().toArray(this.normals, at * 4)
      this.tints.set([tint!.getX(i) * 255, tint!.getY(i) * 255, tint!.getZ(i) * 255, tint!.getW(i) * 255].map(Math.round), at * 4)
      this.ids[at] = id ?? elementId!.getX(i)
    }
    const index = geometry.index
    const count = index?.count ?? position!.count
    for (let i = 0; i < count; i++) this.indices[this.corners + i] = vertices + (index ? index.getX(i) : i)
    this.vertices += position!.count
    this.corners += count
  }

  geometry(): BufferGeometry {
    const geometry = new BufferGeometry()
    geometry.setAttribute('position', new BufferAttribute(this.positions, 3))
    geometry.setAttribute('normal', new BufferAttribute(this.normals, 4, true))
    geometry.setAttribute('tint', new BufferAttribute(this.tints, 4, true))
    geometry.setAttribute('elementId', new BufferAttribute(this.ids, 1))
    geometry.setIndex(new BufferAttribute(this.indices, 1))
    return geometry
  }
}
