import { BufferAttribute, BufferGeometry, Color, DoubleSide, GLSL3, GreaterDepth, Group, LessEqualDepth, Mesh, ShaderMaterial } from 'three'
import { worldFromLocal } from './frames'
import { define, LAYER_EXTRA } from './materials'
import { ribbonOf } from './ribbon'
import { LIGHT_OUT } from './shaders'
import type { Point3 } from './types'

const COLOUR = 0x1b7dff
/** How much of the way is seen through walls and floors. */
const BEHIND_OPACITY = 0.35

const VERTEX = /* glsl */ `
  void main() {
    gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
  }
`
const FRAGMENT = /* glsl */ `
  ${LIGHT_OUT}
  uniform vec3 uColour;
  uniform float uOpacity;
  void main() {
    giveLight(vec4(uColour, uOpacity));
  }
`

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

  /** Gives what a kept view is made of; see `LIGHT_OUT`. */
  setKeep(keep: boolean): void {
    for (const each of this.materials) define(each, 'KEEP', keep)
  }

  dispose(): void {
    this.geometry.dispose()
    for (const each of this.materials) each.dispose()
  }
}

function material(behind: boolean): ShaderMaterial {
  return new ShaderMaterial({
    glslVersion: GLSL3, vertexShader: VERTEX, fragmentShader: FRAGMENT, side: DoubleSide, transparent: true, depthWrite: false,
    depthFunc: behind ? GreaterDepth : LessEqualDepth,
    uniforms: { uColour: { value: new Color(COLOUR) }, uOpacity: { value: behind ? BEHIND_OPACITY : 1 } },
  })
}
