import { Color, LinearFilter, Vector2, WebGLRenderTarget } from 'three'
import type { PerspectiveCamera, Texture, WebGLRenderer } from 'three'
import { FullscreenPass } from './fullscreen'

/** From light to picture: occlusion, drawn edges, tone curve, greying, outlines. */
const COMPOSITE = /* glsl */ `
  in vec2 vUv;
  layout(location = 0) out highp vec4 outColour;
  uniform sampler2D uColour;
  uniform highp sampler2D uDepth;
  uniform sampler2D uOpen;
  uniform sampler2D uMask;
  uniform vec2 uTexel;
  uniform vec2 uMaskTexel;
  uniform vec2 uNearFar;
  uniform float uPixelAngle;
  uniform float uReach;
  uniform float uOcclusion;
  uniform float uEdges;
  uniform float uOutline;
  uniform float uStale;
  uniform float uExposure;
  uniform vec3 uAccent;
  uniform vec3 uHoverColour;

  float depthAt(vec2 offset) { return textureLod(uDepth, vUv + offset * uTexel, 0.0).r; }

  // One over the distance: linear over a plane in the picture, so that its second difference is an edge.
  float inverseDistance(float depth) {
    return (uNearFar.y - depth * (uNearFar.y - uNearFar.x)) / (uNearFar.x * uNearFar.y);
  }

  float edge() {
    float c = inverseDistance(depthAt(vec2(0.0)));
    float l = inverseDistance(depthAt(vec2(-1.0, 0.0)));
    float r = inverseDistance(depthAt(vec2(1.0, 0.0)));
    float u = inverseDistance(depthAt(vec2(0.0, 1.0)));
    float d = inverseDistance(depthAt(vec2(0.0, -1.0)));
    float nearest = max(max(c, max(l, r)), max(u, d));
    float bend = (abs(l + r - 2.0 * c) + abs(u + d - 2.0 * c)) / (nearest * uPixelAngle);
    // Beyond the building (the rim of the ground, the horizon) nothing is drawn.
    return smoothstep(0.7, 2.8, bend) * smoothstep(0.75, 0.95, nearest * uReach);
  }

  // The shoulder of the Khronos PBR Neutral tone mapper: colours below 0.76 come out as they are, which data colours
  // need; brighter ones bend towards white.
  vec3 neutral(vec3 colour) {
    const float start = 0.76;
    const float desaturation = 0.15;
    float peak = max(colour.r, max(colour.g, colour.b));
    if (peak < start) return colour;
    float d = 1.0 - start;
    float newPeak = 1.0 - d * d / (peak + d - start);
    colour *= newPeak / peak;
    float g = 1.0 - 1.0 / (desaturation * (peak - newPeak) + 1.0);
    return mix(colour, vec3(newPeak), g);
  }

  vec3 srgb(vec3 c) {
    return mix(c * 12.92, 1.055 * pow(c, vec3(1.0 / 2.4)) - 0.055, step(0.0031308, c));
  }

  vec3 withOutline(vec3 colour) {
    vec2 here = texture(uMask, vUv).rg;
    vec2 ring = vec2(0.0);
    for (int i = 0; i < 8; i++) {
      float a = float(i) * 0.7853982;
      ring = max(ring, texture(uMask, vUv + vec2(cos(a), sin(a)) * uMaskTexel).rg);
    }
    vec2 line = clamp(ring - here, 0.0, 1.0);
    colour = mix(colour, uHoverColour, here.g * 0.12 + line.g * 0.75);
    return mix(colour, uAccent, here.r * 0.22 + line.r);
  }

  void main() {
    vec3 colour = texture(uColour, vUv).rgb * uExposure;
    if (uOcclusion > 0.0) {
      float open = texture(uOpen, vUv).r;
      colour *= mix(1.0, open * mix(0.75, 1.0, open), uOcclusion);
    }
    if (uEdges > 0.0) colour *= 1.0 - uEdges * edge();
    colour = srgb(clamp(neutral(max(colour, 0.0)), 0.0, 1.0));
    float grey = dot(colour, vec3(0.299, 0.587, 0.114));
    colour = mix(colour, vec3(grey * 0.72 + 0.06), uStale * 0.88);
    if (uOutline > 0.0) colour = withOutline(colour);
    float dither = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715))));
    outColour = vec4(colour + (dither - 0.5) / 255.0, 1.0);
  }
`

/**
 * Smooths the steps of drawn edges and outlines, which multisampling does not reach: Lottes, "FXAA" (2009), the
 * short form with four diagonal samples.
 */
const SMOOTH = /* glsl */ `
  in vec2 vUv;
  layout(location = 0) out highp vec4 outColour;
  uniform sampler2D uPicture;
  uniform vec2 uTexel;
  const vec3 LUMA = vec3(0.299, 0.587, 0.114);

  float luma(vec2 offset) { return dot(textureLod(uPicture, vUv + offset * uTexel, 0.0).rgb, LUMA); }

  void main() {
    vec3 here = textureLod(uPicture, vUv, 0.0).rgb;
    float m = dot(here, LUMA);
    float nw = luma(vec2(-1.0, 1.0));
    float ne = luma(vec2(1.0, 1.0));
    float sw = luma(vec2(-1.0, -1.0));
    float se = luma(vec2(1.0, -1.0));
    float least = min(m, min(min(nw, ne), min(sw, se)));
    float most = max(m, max(max(nw, ne), max(sw, se)));
    outColour = vec4(here, 1.0);
    if (most - least < max(0.03, most * 0.1)) return;
    vec2 direction = vec2((sw + se) - (nw + ne), (nw + sw) - (ne + se));
    float reduce = max((nw + ne + sw + se) * 0.03125, 0.0078125);
    direction = clamp(direction / (min(abs(direction.x), abs(direction.y)) + reduce), -8.0, 8.0) * uTexel;
    vec3 near2 = 0.5 * (textureLod(uPicture, vUv - direction / 6.0, 0.0).rgb + textureLod(uPicture, vUv + direction / 6.0, 0.0).rgb);
    vec3 far4 = near2 * 0.5 + 0.25 * (textureLod(uPicture, vUv - direction * 0.5, 0.0).rgb + textureLod(uPicture, vUv + direction * 0.5, 0.0).rgb);
    float l = dot(far4, LUMA);
    outColour.rgb = l < least || l > most ? near2 : far4;
  }
`

export interface CompositeInput {
  readonly colour: Texture
  readonly depth: Texture
  readonly width: number
  readonly height: number
  /** Null where no occlusion was drawn. */
  readonly open: Texture | null
  /** Null where nothing is outlined. */
  readonly mask: Texture | null
  readonly camera: PerspectiveCamera
  /** Distance from the camera to the far side of the building, m. */
  readonly reach: number
  /** How strongly edges are drawn, 0..1. */
  readonly edges: number
}

const OUTLINE_CSS_PX = 2
const EDGE_STRENGTH = 0.45
const EXPOSURE = 1.15

export class Composite {
  private readonly pass = new FullscreenPass(COMPOSITE, {
    uColour: { value: null }, uDepth: { value: null }, uOpen: { value: null }, uMask: { value: null },
    uTexel: { value: new Vector2() }, uMaskTexel: { value: new Vector2() }, uNearFar: { value: new Vector2() },
    uPixelAngle: { value: 0.001 }, uReach: { value: 100 }, uOcclusion: { value: 0 }, uEdges: { value: EDGE_STRENGTH }, uOutline: { value: 0 },
    uStale: { value: 0 }, uExposure: { value: EXPOSURE },
    uAccent: { value: new Color().setRGB(0.18, 0.72, 1) }, uHoverColour: { value: new Color().setRGB(1, 1, 1) },
  })

  private readonly picture = new WebGLRenderTarget(1, 1, { depthBuffer: false, minFilter: LinearFilter, magFilter: LinearFilter })
  private readonly smooth = new FullscreenPass(SMOOTH, { uPicture: { value: this.picture.texture }, uTexel: { value: new Vector2() } })

  /** Greys the picture; 0 to 1. */
  set stale(amount: number) {
    this.pass.material.uniforms.uStale!.value = amount
  }

  get stale(): number {
    return this.pass.material.uniforms.uStale!.value as number
  }

  set exposure(exposure: number) {
    this.pass.material.uniforms.uExposure!.value = exposure
  }

  /** Draws onto the canvas, which is `cssWidth` CSS pixels wide. */
  render(renderer: WebGLRenderer, input: CompositeInput, cssWidth: number, cssHeight: number): void {
    const u = this.pass.material.uniforms
    u.uColour!.value = input.colour
    u.uDepth!.value = input.depth
    u.uOpen!.value = input.open
    u.uMask!.value = input.mask
    u.uOcclusion!.value = input.open ? 1 : 0
    u.uOutline!.value = input.mask ? 1 : 0
    ;(u.uTexel!.value as Vector2).set(1 / input.width, 1 / input.height)
    ;(u.uMaskTexel!.value as Vector2).set(OUTLINE_CSS_PX / cssWidth, OUTLINE_CSS_PX / cssHeight)
    ;(u.uNearFar!.value as Vector2).set(input.camera.near, input.camera.far)
    u.uPixelAngle!.value = 2 / (input.camera.projectionMatrix.elements[5]! * input.height)
    u.uReach!.value = input.reach
    u.uEdges!.value = EDGE_STRENGTH * input.edges
    if (this.picture.width !== input.width || this.picture.height !== input.height) this.picture.setSize(input.width, input.height)
    this.pass.render(renderer, this.picture)
    ;(this.smooth.material.uniforms.uTexel!.value as Vector2).copy(u.uTexel!.value as Vector2)
    this.smooth.render(renderer, null)
  }

  dispose(): void {
    for (const part of [this.pass, this.smooth, this.picture]) part.dispose()
  }
}
