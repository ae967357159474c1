import { Box3, Vector3 } from 'three'
import type { Box, Point3 } from './types'

/**
 * Between the local frame (Z up) and three's world (Y up): `viewer_from_local` takes (x, y, z) to (x, z, -y); its
 * inverse takes (x, y, z) back to (x, -z, y). Both are rotations, so lengths and normals keep.
 */

/** A local point or direction in three's world. */
export function worldFromLocal(p: Point3): Vector3 {
  return new Vector3(p[0], p[2], -p[1])
}

/** A point or direction of three's world in the local frame. */
export function localFromWorld(v: { readonly x: number; readonly y: number; readonly z: number }): Point3 {
  return [v.x, -v.z, v.y]
}

/** A local box in three's world. */
export function worldBox(box: Box): Box3 {
  return new Box3().setFromPoints([worldFromLocal(box.min), worldFromLocal(box.max)])
}
