import { LinearFilter, RedFormat, Vector2, WebGLRenderTarget } from 'three'
import type { PerspectiveCamera, Texture, WebGLRenderer } from 'three'
import { FullscreenPass } from './fullscreen'

/**
 * Ambient occlusion from the depth picture: horizons in a few directions, cosine-weighted, after Jimenez et al.,
 * "Practical Realtime Strategies for Accurate Indirect Occlusion" (2016). The visible share of the sky is what comes out.
 */
const OCCLUSION = /* glsl */ `
  layout(location = 0) out highp vec4 outOpen;
  uniform highp sampler2D uDepth;
  uniform vec2 uTanHalfFov;
  uniform vec2 uMiddle; // how far the camera's axis is off the picture's middle
  uniform vec2 uNearFar;
  uniform vec2 uTexel;
  uniform float uPixelsPerMetre; // at a distance of one metre
  uniform float uRadius;

  vec3 viewPosition(vec2 uv, float depth) {
    float away = uNearFar.x * uNearFar.y / (uNearFar.y - depth * (uNearFar.y - uNearFar.x));
    return vec3((uv * 2.0 - 1.0 + uMiddle) * uTanHalfFov, -1.0) * away;
  }
  // Positions of whole pixels: a depth between two would belong to neither.
  vec3 at(vec2 uv) {
    ivec2 pixel = clamp(ivec2(uv / uTexel), ivec2(0), textureSize(uDepth, 0) - 1);
    return viewPosition((vec2(pixel) + 0.5) * uTexel, texelFetch(uDepth, pixel, 0).r);
  }

  // The nearer neighbour on each axis lies on the same surface.
  vec3 normalAt(vec2 uv, vec3 p) {
    vec3 r = at(uv + vec2(uTexel.x, 0.0)) - p;
    vec3 l = p - at(uv - vec2(uTexel.x, 0.0));
    vec3 u = at(uv + vec2(0.0, uTexel.y)) - p;
    vec3 d = p - at(uv - vec2(0.0, uTexel.y));
    return normalize(cross(abs(r.z) < abs(l.z) ? r : l, abs(u.z) < abs(d.z) ? u : d));
  }

  void main() {
    ivec2 pixel = min(ivec2(gl_FragCoord.xy) * 2, textureSize(uDepth, 0) - 1);
    vec2 uv = (vec2(pixel) + 0.5) * uTexel;
    float depth = texelFetch(uDepth, pixel, 0).r;
    if (depth >= 1.0) { outOpen = vec4(1.0); return; }
    vec3 p = viewPosition(uv, depth);
    vec3 n = normalAt(uv, p);
    vec3 v = normalize(-p);
    float radius = clamp(-p.z * 0.045, 0.5, uRadius);
    float pixels = min(radius * uPixelsPerMetre / -p.z, 110.0);
    // A pattern that repeats every 4 x 4 pixels, which is what the blur takes in: no noise is left.
    ivec2 cell = ivec2(gl_FragCoord.xy);
    float turn = float((((cell.x + cell.y) & 3) << 2) + (cell.x & 3)) / 16.0;
    float start = float((cell.y - cell.x) & 3) * 0.25;
    float blocked = 0.0;
    for (int i = 0; i < DIRECTIONS; i++) {
      float angle = (float(i) + turn) * 6.2831853 / float(DIRECTIONS);
      vec2 direction = vec2(cos(angle), sin(angle)) * uTexel * pixels;
      float horizon = 0.0;
      for (int k = 0; k < STEPS; k++) {
        float t = (float(k) + 0.2 + start * 0.8) / float(STEPS);
        vec3 q = at(uv + direction * t * t) - p;
        float far2 = dot(q, q);
        float fade = 1.0 - clamp(far2 / (radius * radius), 0.0, 1.0);
        horizon = max(horizon, clamp(dot(q, n) * inversesqrt(far2 + 1e-6) - 0.06, 0.0, 1.0) * fade);
      }
      blocked += horizon;
    }
    outOpen = vec4(1.0 - blocked / float(DIRECTIONS));
  }
`

const BLUR = /* glsl */ `
  in vec2 vUv;
  layout(location = 0) out highp vec4 outOpen;
  uniform highp sampler2D uDepth;
  uniform sampler2D uOpen;
  uniform vec2 uTexel;
  uniform vec2 uNearFar;

  float distanceAt(vec2 uv) {
    float d = textureLod(uDepth, uv, 0.0).r;
    return uNearFar.x * uNearFar.y / (uNearFar.y - d * (uNearFar.y - uNearFar.x));
  }

  void main() {
    float here = distanceAt(vUv);
    float sum = 0.0;
    float weights = 0.0;
    for (int y = -2; y < 2; y++) {
      for (int x = -2; x < 2; x++) {
        vec2 uv = vUv + (vec2(x, y) + 0.5) * uTexel;
        float w = exp(-abs(distanceAt(uv) - here) / (here * 0.012)) + 1e-4;
        sum += texture(uOpen, uv).r * w;
        weights += w;
      }
    }
    outOpen = vec4(sum / weights);
  }
`

const LARGEST_RADIUS_M = 5

/** Keeps the occlusion picture: half the size of the frame, drawn only when the view or the model changed. */
export class Occlusion {
  private readonly raw = createTarget()
  private readonly smooth = createTarget()
  private readonly trace: FullscreenPass
  private readonly blur: FullscreenPass

  constructor() {
    this.trace = new FullscreenPass(
      OCCLUSION,
      {
        uDepth: { value: null }, uTanHalfFov: { value: new Vector2() }, uMiddle: { value: new Vector2() }, uNearFar: { value: new Vector2() }, uTexel: { value: new Vector2() },
        uPixelsPerMetre: { value: 1 }, uRadius: { value: LARGEST_RADIUS_M },
      },
      { DIRECTIONS: 6, STEPS: 5 },
    )
    this.blur = new FullscreenPass(BLUR, {
      uDepth: { value: null }, uOpen: { value: this.raw.texture }, uTexel: { value: new Vector2() },
      uNearFar: { value: new Vector2() },
    })
  }

  /** The share of the sky that each pixel sees, red, 0..1. */
  get texture(): Texture {
    return this.smooth.texture
  }

  /** Sets how many directions are looked in, and how many steps are taken in each. */
  setEffort(directions: number, steps: number): void {
    const { defines } = this.trace.material
    if (defines.DIRECTIONS === directions && defines.STEPS === steps) return
    Object.assign(defines, { DIRECTIONS: directions, STEPS: steps })
    this.trace.material.needsUpdate = true
  }

  /** Draws the picture from a depth picture of `(width, height)` pixels. */
  render(renderer: WebGLRenderer, camera: PerspectiveCamera, depth: Texture, width: number, height: number): void {
    const w = Math.max(1, Math.ceil(width / 2))
    const h = Math.max(1, Math.ceil(height / 2))
    this.raw.setSize(w, h)
    this.smooth.setSize(w, h)
    const trace = this.trace.material.uniforms
    trace.uDepth!.value = depth
    const projection = camera.projectionMatrix.elements
    ;(trace.uTanHalfFov!.value as Vector2).set(1 / projection[0]!, 1 / projection[5]!)
    ;(trace.uMiddle!.value as Vector2).set(projection[8]!, projection[9]!)
    ;(trace.uNearFar!.value as Vector2).set(camera.near, camera.far)
    ;(trace.uTexel!.value as Vector2).set(1 / width, 1 / height)
    trace.uPixelsPerMetre!.value = (height * projection[5]!) / 2
    this.trace.render(renderer, this.raw)
    const blur = this.blur.material.uniforms
    blur.uDepth!.value = depth
    ;(blur.uTexel!.value as Vector2).set(1 / w, 1 / h)
    ;(blur.uNearFar!.value as Vector2).set(camera.near, camera.far)
    this.blur.render(renderer, this.smooth)
    renderer.setRenderTarget(null)
  }

  dispose(): void {
    for (const part of [this.raw, this.smooth, this.trace, this.blur]) part.dispose()
  }
}

function createTarget(): WebGLRenderTarget {
  return new WebGLRenderTarget(1, 1, { depthBuffer: false, format: RedFormat, minFilter: LinearFilter, magFilter: LinearFilter })
}
