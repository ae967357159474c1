import { BufferAttribute, BufferGeometry, GLSL3, Mesh, NoBlending, OrthographicCamera, Scene, ShaderMaterial } from 'three'
import type { IUniform, WebGLRenderer, WebGLRenderTarget } from 'three'

const VERTEX = /* glsl */ `
  out vec2 vUv;
  void main() {
    vUv = position.xy * 0.5 + 0.5;
    gl_Position = vec4(position.xy, 0.0, 1.0);
  }
`

/** A fragment shader run over a whole picture; it gets `vUv`, 0..1 from the bottom left. */
export class FullscreenPass {
  readonly material: ShaderMaterial
  private readonly scene = new Scene()
  private readonly camera = new OrthographicCamera()
  private readonly triangle = new BufferGeometry()

  constructor(fragmentShader: string, uniforms: Record<string, IUniform>, defines: Record<string, number> = {}) {
    this.material = new ShaderMaterial({
      glslVersion: GLSL3, vertexShader: VERTEX, fragmentShader, uniforms, defines,
      depthTest: false, depthWrite: false, blending: NoBlending,
    })
    // One triangle larger than the picture: no seam, no second one.
    this.triangle.setAttribute('position', new BufferAttribute(new Float32Array([-1, -1, 0, 3, -1, 0, -1, 3, 0]), 3))
    const mesh = new Mesh(this.triangle, this.material)
    mesh.frustumCulled = false
    this.scene.add(mesh)
  }

  /** Draws into `target`; null is the canvas. */
  render(renderer: WebGLRenderer, target: WebGLRenderTarget | null): void {
    renderer.setRenderTarget(target)
    renderer.render(this.scene, this.camera)
  }

  dispose(): void {
    this.material.dispose()
    this.triangle.dispose()
  }
}
