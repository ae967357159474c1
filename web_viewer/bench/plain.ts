/**
 * The baseline of `benchmarks/first_view.py`: the same building as one GLB, one mesh an element, loaded by three's
 * GLTFLoader and drawn with its standard materials; no shadows, no effects.
 */
import { AmbientLight, Box3, Color, DirectionalLight, PerspectiveCamera, Scene, Vector3, WebGLRenderer } from 'three'
import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js'

interface PlainHooks {
  /** When the picture was on screen, ms since the page began. */
  firstPicture: number
  drawCalls: number
  triangles: number
  /** Draws a frame from another angle and waits for the GPU; ms. */
  frame(turn: number): number
}

declare global {
  interface Window {
    __plain?: PlainHooks
  }
}

function waitForGpu(renderer: WebGLRenderer): void {
  const gl = renderer.getContext()
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4))
}

async function start(): Promise<void> {
  const renderer = new WebGLRenderer({ antialias: true })
  renderer.setSize(innerWidth, innerHeight)
  document.body.append(renderer.domElement)
  const scene = new Scene()
  scene.background = new Color(0x2a3644)
  const sun = new DirectionalLight(0xffffff, 2)
  sun.position.set(-1, 2, 1)
  scene.add(new AmbientLight(0xffffff, 1), sun)
  const { scene: building } = await new GLTFLoader().loadAsync('/plain.glb')
  scene.add(building)

  const box = new Box3().setFromObject(building)
  const centre = box.getCenter(new Vector3())
  const distance = box.getSize(new Vector3()).length() * 1.1
  const camera = new PerspectiveCamera(34, innerWidth / innerHeight, distance / 100, distance * 10)
  const draw = (turn: number): void => {
    camera.position.set(Math.sin(turn), 0.55, Math.cos(turn)).multiplyScalar(distance).add(centre)
    camera.lookAt(centre)
    renderer.render(scene, camera)
    waitForGpu(renderer)
  }
  draw(0.5)
  window.__plain = {
    firstPicture: performance.now(),
    drawCalls: renderer.info.render.calls,
    triangles: renderer.info.render.triangles,
    frame(turn) {
      const began = performance.now()
      draw(turn)
      return performance.now() - began
    },
  }
}

void start()
