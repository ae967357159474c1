import { Color, LinearFilter, Vector2, WebGLRenderTarget } from 'three'
import type { IUniform, PerspectiveCamera, Texture, WebGLRenderer } from 'three'
import { FINISHING } from './finishing'
import { FullscreenPass } from './fullscreen'

/** From light to picture; how much occlusion and drawn edges leave of the light is kept as alpha. */
const COMPOSITE = /* glsl */ `
  in vec2 vUv;
  layout(location = 0) out highp vec4 outColour;
  uniform sampler2D uColour;
  uniform highp sampler2D uDepth;
  uniform sampler2D uOpen;
  uniform vec2 uTexel;
  uniform vec2 uNearFar;
  uniform float uPixelAngle;
  uniform float uReach;
  uniform float uOcclusion;
  uniform float uEdges;

  ${FINISHING}
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

  void main() {
    float veil = 1.0;
    if (uOcclusion > 0.0) {
      float open = texture(uOpen, vUv).r;
      veil = mix(1.0, open * mix(0.75, 1.0, open), uOcclusion);
    }
    if (uEdges > 0.0) veil *= 1.0 - uEdges * edge();
    outColour = vec4(finished(texture(uColour, vUv).rgb * veil), veil);
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
    vec4 here = textureLod(uPicture, vUv, 0.0);
    float m = dot(here.rgb, LUMA);
    float nw = luma(vec2(-1.0, 1.0));
    float ne = luma(vec2(1.0, 1.0));
    float sw = luma(vec2(-1.0, -1.0));
    float se = luma(vec2(1.0, -1.0));
    float least = min(m, min(min(nw, ne), min(sw, se)));
    float most = max(m, max(max(nw, ne), max(sw, se)));
    outColour = here;
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

  /** What `FINISHING` asks for, shared by reference. */
  get finishing(): Record<string, IUniform> {
    const { uStale, uExposure, uOutline, uMask, uMaskTexel, uAccent, uHoverColour } = this.pass.material.uniforms as Record<string, IUniform>
    return { uStale, uExposure, uOutline, uMask, uMaskTexel, uAccent, uHoverColour } as Record<string, IUniform>
  }

  /** What the passes that finish a picture outline: the mask of a view of `(cssWidth, cssHeight)` CSS pixels, or nothing. */
  outline(mask: Texture | null, cssWidth: number, cssHeight: number): void {
    const u = this.pass.material.uniforms
    u.uMask!.value = mask
    u.uOutline!.value = mask ? 1 : 0
    ;(u.uMaskTexel!.value as Vector2).set(OUTLINE_CSS_PX / cssWidth, OUTLINE_CSS_PX / cssHeight)
  }

  /** Draws a view of `(cssWidth, cssHeight)` CSS pixels onto the canvas, or into a picture of the input's size. */
  render(renderer: WebGLRenderer, input: CompositeInput, cssWidth: number, cssHeight: number, target: WebGLRenderTarget | null = null): void {
    const u = this.pass.material.uniforms
    u.uColour!.value = input.colour
    u.uDepth!.value = input.depth
    u.uOpen!.value = input.open
    this.outline(input.mask, cssWidth, cssHeight)
    u.uOcclusion!.value = input.open ? 1 : 0
    ;(u.uTexel!.value as Vector2).set(1 / input.width, 1 / input.height)
    ;(u.uNearFar!.value as Vector2).set(input.camera.near, input.camera.far)
    u.uPixelAngle!.value = 2 / (input.camera.projectionMatrix.elements[5]! * input.height)
    u.uReach!.value = input.reach
    u.uEdges!.value = EDGE_STRENGTH * input.edges
    if (this.picture.width !== input.width || this.picture.height !== input.height) this.picture.setSize(input.width, input.height)
    this.pass.render(renderer, this.picture)
    ;(this.smooth.material.uniforms.uTexel!.value as Vector2).copy(u.uTexel!.value as Vector2)
    this.smooth.render(renderer, target)
  }

  dispose(): void {
    for (const part of [this.pass, this.smooth, this.picture]) part.dispose()
  }
}
