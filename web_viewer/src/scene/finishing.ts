/**
 * The GLSL from light to picture, for passes that have `vUv`: tone curve, greying, outlines, dither. Its uniforms are
 * `Composite.finishing`.
 */
export const FINISHING = /* glsl */ `
  uniform sampler2D uMask;
  uniform vec2 uMaskTexel;
  uniform float uOutline;
  uniform float uStale;
  uniform float uExposure;
  uniform vec3 uAccent;
  uniform vec3 uHoverColour;

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

  vec3 finished(vec3 light) {
    vec3 colour = srgb(clamp(neutral(max(light * uExposure, 0.0)), 0.0, 1.0));
    float grey = dot(colour, vec3(0.299, 0.587, 0.114));
    colour = mix(colour, vec3(grey * 0.72 + 0.06), uStale * 0.88);
    if (uOutline > 0.0) colour = withOutline(colour);
    float dither = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715))));
    return colour + (dither - 0.5) / 255.0;
  }
`
