import CameraControls from 'camera-controls'
import { Box3, Matrix4, PerspectiveCamera, Quaternion, Raycaster, Sphere, Spherical, Vector2, Vector3, Vector4 } from 'three'
import { localFromWorld, worldBox, worldFromLocal } from './frames'
import { boxRadius, elementPose, frameBox, presetPose, storeyPose } from './framing'
import type { Lens } from './framing'
import type { Box, CameraPose, Storey, ViewPreset } from './types'

CameraControls.install({
  THREE: { Box3, Matrix4, Quaternion, Raycaster, Sphere, Spherical, Vector2, Vector3, Vector4 },
})

const FOV_DEG = 34
/** A picture of a camera that looks all around is drawn as far across as is still a picture. */
const WIDEST_DEG = 110
/** Cameras' angles are across pictures of this shape. */
const CAMERA_ASPECT = 16 / 9
const SMOOTH_S = 0.22
const CLOSEST_M = 0.6
/** How far the camera may leave the building, in radii of it. */
const FARTHEST_RADII = 7
/** The far plane lies beyond the rim of the ground. */
const GROUND_REACH_RADII = 13
const TILT_LIMIT = Math.PI / 2 - 0.015
const FOCUS_DISTANCE_M = 12

const LEAST_CLEAR = 0.3

/** How far panels reach in from each edge of the container, CSS pixels: its `scroll-padding`. */
export function coveredEdges(container: HTMLElement | null): { left: number; right: number; top: number; bottom: number } {
  const style = container ? getComputedStyle(container) : null
  const pixels = (text: string | undefined): number => Number.parseFloat(text ?? '') || 0
  return {
    left: pixels(style?.scrollPaddingLeft),
    right: pixels(style?.scrollPaddingRight),
    top: pixels(style?.scrollPaddingTop),
    bottom: pixels(style?.scrollPaddingBottom),
  }
}

/** The camera and how hands move it. Positions given and taken are in the local frame. */
export class CameraRig {
  readonly camera = new PerspectiveCamera(FOV_DEG, 1, 0.1, 1000)
  private readonly controls: CameraControls
  private readonly radius: number
  private readonly element: HTMLElement
  /** Boxes of the building's pieces, which fit it closer than the box of all. */
  parts: readonly Box[]
  /** Shares of the picture's width and height that no panel covers. */
  private clear = { width: 1, height: 1 }

  constructor(
    element: HTMLElement,
    private readonly modelBounds: Box,
    private readonly groundM: number,
    private readonly animate: boolean,
  ) {
    this.element = element
    this.parts = [modelBounds]
    this.radius = Math.max(1, boxRadius(modelBounds))
    this.controls = new CameraControls(this.camera, element)
    this.configure()
  }

  /** Where the camera stands and looks. */
  get pose(): CameraPose {
    return {
      position: localFromWorld(this.camera.position),
      target: localFromWorld(this.controls.getTarget(new Vector3())),
    }
  }

  private get lens(): Lens {
    const tan = Math.tan((FOV_DEG * Math.PI) / 360) * this.clear.height
    return { fovDeg: (Math.atan(tan) * 360) / Math.PI, aspect: (this.camera.aspect * this.clear.width) / this.clear.height }
  }

  /** Calls back when hands touch the camera. */
  onControl(listener: () => void): void {
    for (const event of ['control', 'controlstart', 'transitionstart', 'wake'] as const) this.controls.addEventListener(event, listener)
  }

  /** Calls back when hands move the camera, as against a flight. */
  onHands(listener: () => void): void {
    this.controls.addEventListener('control', listener)
  }

  /** Moves on by `seconds`; tells whether the camera moved. */
  update(seconds: number): boolean {
    const moved = this.controls.update(seconds)
    this.keepAboveGround()
    this.fitClipPlanes()
    return moved
  }

  /**
   * Takes a new size, CSS pixels, and moves the middle of the picture to where the container's panels leave it clear;
   * one of two views (`split`) lies between the panels.
   */
  resize(width: number, height: number, split = false): void {
    const { top, bottom, ...sides } = coveredEdges(this.element.parentElement)
    const { left, right } = split ? { left: 0, right: 0 } : sides
    // The pointer is over one of two views: where it is in the whole says nothing.
    this.controls.dollyToCursor = !split
    this.clear = {
      width: Math.max(LEAST_CLEAR, 1 - (left + right) / width),
      height: Math.max(LEAST_CLEAR, 1 - (top + bottom) / height),
    }
    this.camera.setViewOffset(width, height, (right - left) / 2, (bottom - top) / 2, width, height)
  }

  /** Flies to a pose; done when the camera rests there. */
  async goTo(pose: CameraPose, animate = this.animate): Promise<void> {
    const p = worldFromLocal(pose.position)
    const t = worldFromLocal(pose.target)
    this.widen(pose.acrossDeg)
    await this.controls.setLookAt(p.x, p.y, p.z, t.x, t.y, t.z, animate)
  }

  goToPreset(preset: ViewPreset, animate = this.animate): Promise<void> {
    return this.goTo(presetPose(preset, this.parts, this.groundM, this.lens), animate)
  }

  /** Frames a storey from above; `parts` are the boxes of its pieces. */
  goToStorey(storey: Storey, parts: readonly Box[]): Promise<void> {
    return this.goTo(storeyPose(storey, parts, this.lens))
  }

  goToElement(box: Box): Promise<void> {
    return this.goTo(elementPose(box, this.pose, this.lens))
  }

  /** Frames a box from where the camera looks now. */
  goToBox(box: Box): Promise<void> {
    const { position, target } = this.pose
    const away = worldFromLocal(position).sub(worldFromLocal(target)).normalize()
    return this.goTo(frameBox(box, localFromWorld(away), this.lens))
  }

  /** Looks at a point from nearer by, from the same side. */
  async focus(point: Vector3): Promise<void> {
    const away = this.camera.position.clone().sub(point)
    const distance = Math.min(away.length(), Math.max(FOCUS_DISTANCE_M, away.length() * 0.4))
    const p = point.clone().addScaledVector(away.normalize(), distance)
    await this.controls.setLookAt(p.x, p.y, p.z, point.x, point.y, point.z, this.animate)
  }

  /** Moves by hand-set steps: pan right and up in picture widths, turn in degrees, zoom in by a factor. */
  nudge(step: { readonly right?: number; readonly forward?: number; readonly turnDeg?: number; readonly zoom?: number }): void {
    const distance = this.controls.distance
    if (step.right) void this.controls.truck(step.right * distance, 0, this.animate)
    if (step.forward) void this.controls.forward(step.forward * distance, this.animate)
    if (step.turnDeg) void this.controls.rotate((step.turnDeg * Math.PI) / 180, 0, this.animate)
    if (step.zoom) void this.controls.dolly(distance * (1 - 1 / step.zoom), this.animate)
  }

  /** Lets the camera under the ground (to see a basement) or keeps it above. */
  allowUnderground(allowed: boolean): void {
    this.controls.maxPolarAngle = allowed ? Math.PI * 0.75 : TILT_LIMIT
    this.lowestY = allowed ? -Infinity : this.groundM + 0.4
  }

  dispose(): void {
    this.controls.dispose()
  }

  private lowestY = -Infinity

  /** Shows all of a camera's picture, so many degrees across, in the part that panels leave clear; else as always. */
  private widen(acrossDeg: number | undefined): void {
    const across = Math.tan((Math.min(acrossDeg ?? 0, WIDEST_DEG) * Math.PI) / 360)
    const high = Math.max(across / CAMERA_ASPECT / this.clear.height, across / this.camera.aspect / this.clear.width)
    const fov = across > 0 ? Math.min(WIDEST_DEG, (Math.atan(high) * 360) / Math.PI) : FOV_DEG
    if (Math.abs(fov - this.camera.fov) < 1e-6) return
    this.camera.fov = fov
    this.camera.updateProjectionMatrix()
  }

  private configure(): void {
    const controls = this.controls
    controls.smoothTime = this.animate ? SMOOTH_S : 0
    controls.draggingSmoothTime = this.animate ? 0.09 : 0
    controls.dollyToCursor = true
    controls.minDistance = CLOSEST_M
    controls.maxDistance = this.radius * FARTHEST_RADII
    controls.setBoundary(worldBox(this.modelBounds).expandByScalar(this.radius * 0.5))
    controls.restThreshold = 0.002
    this.allowUnderground(false)
  }

  private keepAboveGround(): void {
    if (this.camera.position.y >= this.lowestY) return
    this.camera.position.y = this.lowestY
    this.camera.lookAt(this.controls.getTarget(new Vector3()))
    this.camera.updateMatrixWorld()
  }

  /** Near and far close around the scene: depth must be fine enough for occlusion and edges. */
  private fitClipPlanes(): void {
    const box = worldBox(this.modelBounds)
    const away = box.distanceToPoint(this.camera.position)
    const near = Math.max(0.08, Math.min(away * 0.8, this.controls.distance * 0.1 + away * 0.5))
    const far = this.camera.position.distanceTo(box.getCenter(new Vector3())) + this.radius * GROUND_REACH_RADII
    if (Math.abs(near - this.camera.near) < near * 0.02 && Math.abs(far - this.camera.far) < far * 0.02) return
    this.camera.near = near
    this.camera.far = far
    this.camera.updateProjectionMatrix()
  }
}
