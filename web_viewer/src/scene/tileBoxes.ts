import { InstancedMesh, Matrix4, Vector3 } from 'three'
import type { BufferAttribute, Mesh, Object3D } from 'three'
import { localFromWorld } from './frames'
import type { BuildingTiles } from './tiles'
import type { Box } from './types'

/** An element's box from the tiles that are loaded, local frame; null where none of it is. */
export function loadedElementBox(tiles: BuildingTiles, elementIndex: number): Box | null {
  const gather = new BoxGatherer()
  const group = tiles.renderer.group
  group.updateMatrixWorld()
  tiles.forEachMesh((mesh) => {
    const toWorld = matrixInGroup(mesh, group).premultiply(group.matrixWorld)
    if (mesh instanceof InstancedMesh) gather.instances(mesh, elementIndex, toWorld)
    else gather.vertices(mesh, elementIndex, toWorld)
  })
  return gather.box
}

/** From a mesh to the tiles' group; a tile that is not shown now has no parent, and counts as the group's child. */
function matrixInGroup(mesh: Object3D, group: Object3D): Matrix4 {
  const matrix = new Matrix4()
  for (let object: Object3D | null = mesh; object !== null && object !== group; object = object.parent) {
    object.updateMatrix()
    matrix.premultiply(object.matrix)
  }
  return matrix
}

class BoxGatherer {
  private readonly min = [Infinity, Infinity, Infinity]
  private readonly max = [-Infinity, -Infinity, -Infinity]
  private readonly vertex = new Vector3()
  private readonly matrix = new Matrix4()

  get box(): Box | null {
    if (this.min[0]! > this.max[0]!) return null
    return { min: this.min as unknown as Box['min'], max: this.max as unknown as Box['max'] }
  }

  vertices(mesh: Mesh, elementIndex: number, toWorld: Matrix4): void {
    const ids = mesh.geometry.getAttribute('elementId') as BufferAttribute
    for (let i = 0; i < ids.count; i++) if (ids.getX(i) === elementIndex) this.add(mesh, i, toWorld)
  }

  instances(mesh: InstancedMesh, elementIndex: number, toWorld: Matrix4): void {
    const ids = mesh.geometry.getAttribute('elementId') as BufferAttribute
    const vertices = mesh.geometry.getAttribute('position').count
    for (let k = 0; k < mesh.count; k++) {
      if (ids.getX(k) !== elementIndex) continue
      mesh.getMatrixAt(k, this.matrix)
      this.matrix.premultiply(toWorld)
      for (let i = 0; i < vertices; i++) this.add(mesh, i, this.matrix)
    }
  }

  private add(mesh: Mesh, i: number, toWorld: Matrix4): void {
    this.vertex.fromBufferAttribute(mesh.geometry.getAttribute('position') as BufferAttribute, i).applyMatrix4(toWorld)
    const local = localFromWorld(this.vertex)
    for (let axis = 0; axis < 3; axis++) {
      this.min[axis] = Math.min(this.min[axis]!, local[axis]!)
      this.max[axis] = Math.max(this.max[axis]!, local[axis]!)
    }
  }
}
