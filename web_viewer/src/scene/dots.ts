import { BufferAttribute, BufferGeometry, DynamicDrawUsage, Float32BufferAttribute, GLSL3, Points, Scene, ShaderMaterial, Vector2 } from 'three'
import type { DataTexture, PerspectiveCamera, Texture, WebGLRenderer } from 'three'
import { blended } from './materials'
import type { SharedUniforms } from './materials'
import { OPACITY_CONTENT, OPACITY_HIDDEN, opacityOf, WEIGHT_ALARM, WEIGHT_SPEAKING, weightOf } from './stateTexture'

/** Elements that look smaller than the first, CSS pixels, are seen as dots; larger than the second, by themselves. */
const DOT_BELOW_PX = 6
const NO_DOT_ABOVE_PX = 9
/** The height of window, CSS pixels, for which the sizes of dots are meant. */
const WINDOW_HEIGHT_PX = 900
/** Where a metre is fewer pixels than this, dots shrink with it, down to a share: from afar they must not bury the building. */
const FULL_SIZE_PX_PER_M = 3
const SMALLEST_SHARE = 0.55

/**
 * A point a painted element, in the order in which they lie over each other. Each vertex looks up its element's paint,
 * and in the picture's depth whether something stands before it.
 */
const VERTEX = /* glsl */ `
  in float elementId;
  in float extent;
  uniform highp sampler2D uState;
  uniform int uStateWidthLog2;
  uniform highp sampler2D uDepth;
  uniform float uClipHeight;
  uniform bool uClipContents;
  uniform vec2 uNearFar;
  uniform float uPixelsPerMetre;
  uniform float uScale;
  uniform float uPixelRatio;
  uniform float uPulse;
  uniform float uThrough;
  flat out vec4 vColour;
  flat out float vRadius;

  float distanceAt(vec2 uv) {
    float depth = textureLod(uDepth, uv, 0.0).r;
    return uNearFar.x * uNearFar.y / (uNearFar.y - depth * (uNearFar.y - uNearFar.x));
  }

  // A device is seen when its middle is, or a place next to it: its own body and a thin rail do not hide it.
  bool isSeen(vec2 uv, float away) {
    vec2 texel = 1.5 / vec2(textureSize(uDepth, 0));
    float farthest = distanceAt(uv);
    for (int i = 0; i < 4; i++) {
      vec2 side = vec2(i < 2 ? -1.0 : 1.0, (i & 1) == 0 ? -1.0 : 1.0);
      farthest = max(farthest, distanceAt(uv + side * texel));
    }
    return farthest > away * 0.997 - extent * 0.6 - 0.3;
  }

  void main() {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    gl_PointSize = 1.0;
    vColour = vec4(0.0);
    vRadius = 0.0;
    int id = int(elementId + 0.5);
    vec4 texel = texelFetch(uState, ivec2(id & ((1 << uStateWidthLog2) - 1), id >> uStateWidthLog2), 0);
    int packed = int(texel.a * 255.0 + 0.5);
    int weight = packed & 15;
    int opacity = packed >> 4;
    int rank = weight >= ${WEIGHT_ALARM} ? 2 : weight >= ${WEIGHT_SPEAKING} ? 1 : 0;
    if (weight == 0 || opacity == 0) return;
    bool cut = position.y > uClipHeight && (opacity != ${OPACITY_CONTENT} || uClipContents);
    vec4 view = viewMatrix * vec4(position, 1.0);
    float away = -view.z;
    if (cut || away < uNearFar.x) return;
    float shown = 1.0 - smoothstep(${DOT_BELOW_PX.toFixed(1)}, ${NO_DOT_ABOVE_PX.toFixed(1)}, extent * uPixelsPerMetre / (away * uScale));
    vec4 at = projectionMatrix * view;
    vec2 uv = at.xy / at.w * 0.5 + 0.5;
    if (shown <= 0.0 || any(lessThan(uv, vec2(0.0))) || any(greaterThan(uv, vec2(1.0)))) return;
    float seen = rank == 2 || isSeen(uv, away) ? 1.0 : uThrough;
    if (seen <= 0.0) return;
    float near = clamp(uPixelsPerMetre / (away * uScale * ${FULL_SIZE_PX_PER_M.toFixed(1)}), ${SMALLEST_SHARE.toFixed(2)}, 1.0);
    float size = rank == 2 ? 8.0 + 3.0 * uPulse : (rank == 1 ? 5.2 : 3.2) * near;
    vColour = vec4(texel.rgb, (rank == 0 ? 0.5 : 0.95) * (rank == 2 ? 1.0 : shown * seen));
    vRadius = size * 0.5 * uScale * uPixelRatio;
    gl_PointSize = vRadius * 2.0 + 1.0;
    gl_Position = vec4(at.xy / at.w, 0.0, 1.0);
  }
`

const FRAGMENT = /* glsl */ `
  flat in vec4 vColour;
  flat in float vRadius;
  uniform float uStale;
  layout(location = 0) out highp vec4 outColour;

  void main() {
    float r = length(gl_PointCoord - 0.5) * (vRadius * 2.0 + 1.0);
    float inside = 1.0 - smoothstep(vRadius - 0.5, vRadius + 0.5, r);
    if (inside <= 0.0) discard;
    float grey = dot(vColour.rgb, vec3(0.299, 0.587, 0.114));
    // A dark rim around light colours, a light one around dark: it stands out from any ground.
    vec3 rim = grey > 0.45 ? vColour.rgb * 0.28 : mix(vColour.rgb, vec3(1.0), 0.75);
    float edge = smoothstep(vRadius * 0.66 - 0.5, vRadius * 0.66 + 0.5, r);
    vec3 colour = mix(vColour.rgb, rim, edge * 0.8);
    colour = mix(colour, vec3(grey * 0.72 + 0.06), uStale * 0.88);
    float alpha = vColour.a * inside;
    outColour = vec4(colour * alpha, alpha);
  }
`

/** What is too small to be seen, as dots of one size on screen, in the colours of the layer. */
export class Dots {
  private readonly scene = new Scene()
  private readonly points: Points<BufferGeometry, ShaderMaterial>
  private readonly ids: Float32Array
  private listed: DataTexture | null = null
  private listedVersion = -1

  /**
   * @param boxes `(n, 6)` local boxes, min xyz then max xyz; NaN where nothing is drawn.
   * @param skip `(n,)` 1 for what never becomes a dot.
   */
  constructor(uniforms: SharedUniforms, boxes: Float32Array, skip: Uint8Array) {
    const material = blended(
      new ShaderMaterial({
        glslVersion: GLSL3, vertexShader: VERTEX, fragmentShader: FRAGMENT, depthTest: false,
        uniforms: {
          uState: uniforms.uState, uStateWidthLog2: uniforms.uStateWidthLog2, uClipHeight: uniforms.uClipHeight,
          uClipContents: uniforms.uClipContents, uDepth: { value: null }, uNearFar: { value: new Vector2() },
          uPixelsPerMetre: { value: 1 }, uScale: { value: 1 }, uPixelRatio: { value: 1 }, uPulse: { value: 0 }, uThrough: { value: 0 }, uStale: { value: 0 },
        },
      }),
    )
    const geometry = dotGeometry(boxes, skip)
    this.ids = geometry.getAttribute('elementId').array as Float32Array
    this.points = new Points(geometry, material)
    this.points.frustumCulled = false
    this.scene.add(this.points)
  }

  /** How far alarms are swollen, 0..1. */
  set pulse(share: number) {
    this.points.material.uniforms.uPulse!.value = share
  }

  /** How strongly dots show through what hides them, 0..1. */
  set through(share: number) {
    this.points.material.uniforms.uThrough!.value = share
  }

  /** Greys the dots; 0 to 1. */
  set stale(amount: number) {
    this.points.material.uniforms.uStale!.value = amount
  }

  /** Draws over the canvas, `cssHeight` CSS pixels high, what `depth` does not hide. */
  render(renderer: WebGLRenderer, camera: PerspectiveCamera, depth: Texture, cssHeight: number): void {
    const u = this.points.material.uniforms
    this.list(u.uState!.value as DataTexture)
    u.uDepth!.value = depth
    ;(u.uNearFar!.value as Vector2).set(camera.near, camera.far)
    u.uPixelsPerMetre!.value = (cssHeight * camera.projectionMatrix.elements[5]!) / 2
    u.uScale!.value = Math.max(1, cssHeight / WINDOW_HEIGHT_PX)
    u.uPixelRatio!.value = renderer.getPixelRatio()
    camera.layers.set(0)
    renderer.setRenderTarget(null)
    renderer.render(this.scene, camera)
  }

  /** Sends only the painted elements through the GPU: mostly few, and each costs six look-ups. */
  private list(state: DataTexture): void {
    if (state === this.listed && state.version === this.listedVersion) return
    this.listed = state
    this.listedVersion = state.version
    const { geometry } = this.points
    const index = geometry.index!
    const count = listDots(this.ids, state.image.data as Uint8Array, index.array as Uint32Array)
    geometry.setDrawRange(0, count)
    index.clearUpdateRanges()
    index.addUpdateRange(0, count)
    index.needsUpdate = count > 0
  }

  dispose(): void {
    this.points.geometry.dispose()
    this.points.material.dispose()
  }
}

/**
 * Writes the positions of painted and visible elements among `ids`, `(n,)` indices, to `order`, `(n,)`: the quiet, those that speak over
 * them, alarms over all. Gives how many there are. `texels` as in `stateTexture.ts`.
 */
export function listDots(ids: ArrayLike<number>, texels: Uint8Array, order: Uint32Array): number {
  const ranks: [number[], number[], number[]] = [[], [], []]
  for (let k = 0; k < ids.length; k++) {
    const alpha = texels[ids[k]! * 4 + 3]!
    const weight = weightOf(alpha)
    if (weight === 0 || opacityOf(alpha) === OPACITY_HIDDEN) continue
    ranks[weight >= WEIGHT_ALARM ? 2 : weight >= WEIGHT_SPEAKING ? 1 : 0].push(k)
  }
  let count = 0
  for (const rank of ranks) {
    order.set(rank, count)
    count += rank.length
  }
  return count
}

/** A vertex for each element that has a box and is not skipped: its middle in three's frame, index and largest side, m. */
export function dotGeometry(boxes: Float32Array, skip: Uint8Array): BufferGeometry {
  const [middles, ids, extents]: [number[], number[], number[]] = [[], [], []]
  for (let id = 0; id * 6 < boxes.length; id++) {
    const [x0, y0, z0, x1, y1, z1] = boxes.subarray(id * 6, id * 6 + 6) as unknown as [number, number, number, number, number, number]
    if (Number.isNaN(x0) || skip[id] === 1) continue
    middles.push((x0 + x1) / 2, (z0 + z1) / 2, -(y0 + y1) / 2)
    ids.push(id)
    extents.push(Math.max(x1 - x0, y1 - y0, z1 - z0))
  }
  const geometry = new BufferGeometry()
  geometry.setAttribute('position', new Float32BufferAttribute(middles, 3))
  geometry.setAttribute('elementId', new Float32BufferAttribute(ids, 1))
  geometry.setAttribute('extent', new Float32BufferAttribute(extents, 1))
  geometry.setIndex(new BufferAttribute(new Uint32Array(ids.length), 1).setUsage(DynamicDrawUsage))
  geometry.setDrawRange(0, 0)
  return geometry
}
