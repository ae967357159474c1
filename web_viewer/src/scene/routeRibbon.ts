import { BufferAttribute, BufferGeometry, Color, DoubleSide, GreaterDepth, Group, LessEqualDepth, Mesh, MeshBasicMaterial } from 'three'
import { worldFromLocal } from './frames'
import { LAYER_EXTRA } from './materials'
import { ribbonOf } from './ribbon'
import type { Point3 } from './types'

const COLOUR = 0x1b7dff
/** How much of the way is seen through walls and floors. */
const BEHIND_OPACITY = 0.35

/** A way over the floors: bright where it is in sight, faint where something stands before it. */
export class RouteRibbon {
  readonly group = new Group()
  private readonly geometry = new BufferGeometry()
  private readonly materials = [material(false), material(true)]

  constructor() {
    for (const each of this.materials) {
      const mesh = new Mesh(this.geometry, each)
      mesh.layers.set(LAYER_EXTRA)
      mesh.frustumCulled = false
      mesh.renderOrder = each.depthFunc === GreaterDepth ? 2 : 3
      this.group.add(mesh)
    }
    this.group.visible = false
  }

  /** Polylines in the local frame, m; none takes the way away. */
  set(polylines: readonly (readonly Point3[])[]): void {
    const { points, triangles } = ribbonOf(polylines)
    const positions = points.flatMap((point) => worldFromLocal(point).toArray())
    this.geometry.setAttribute('position', new BufferAttribute(new Float32Array(positions), 3))
    this.geometry.setIndex([...triangles])
    this.group.visible = triangles.length > 0
  }

  dispose(): void {
    this.geometry.dispose()
    for (const each of this.materials) each.dispose()
  }
}

function material(behind: boolean): MeshBasicMaterial {
  return new MeshBasicMaterial({
    color: new Color(COLOUR), side: DoubleSide, transparent: true, opacity: behind ? BEHIND_OPACITY : 1, depthWrite: false,
    depthFunc: behind ? GreaterDepth : LessEqualDepth, toneMapped: false,
  })
}
