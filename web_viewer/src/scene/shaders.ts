import { OPACITY_CONTENT } from './stateTexture'

/**
 * The GLSL of the tiles. World space is three's: metres, Y up. Attributes: `position`, `normal`, `tint` (linear
 * RGBA) and `elementId` (the element's index; per vertex or per instance; -1 for what is no element).
 *
 * The state texel is read once a vertex and passed flat: an id must never be interpolated. What a pass does not draw
 * it collapses to a point outside the picture in the vertex shader, so hidden elements cost no fragment and are
 * absent from every pass: colour, ids, shadows, outlines.
 */

/** Which elements a pass draws. */
export const DRAW_SOLID = 0
export const DRAW_GHOST = 1
export const DRAW_TARGET = 2

/** Declarations and functions of every tile vertex shader. */
const VERTEX_HEAD = /* glsl */ `
  in float elementId;
  in vec4 tint;
  uniform highp sampler2D uState;
  uniform int uStateWidthLog2;
  uniform int uDraw;
  uniform float uTargets[2];
  uniform float uClipHeight;
  uniform bool uClipContents;

  flat out vec4 vPaint;
  flat out float vClipHeight;
  flat out float vElement;
  out vec3 vWorld;
  out vec3 vNormal;
  out vec3 vAway;
  out vec4 vTint;

  vec3 linearFromSrgb(vec3 c) {
    return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c));
  }

  // Opacity 0..15 of this vertex's element; fills its paint. See stateTexture.ts for the layout.
  int readState() {
    int id = int(elementId + 0.5);
    if (elementId < -0.5) {
      vPaint = vec4(0.0);
      return 15;
    }
    ivec2 at = ivec2(id & ((1 << uStateWidthLog2) - 1), id >> uStateWidthLog2);
    vec4 texel = texelFetch(uState, at, 0);
    int packed = int(texel.a * 255.0 + 0.5);
    vPaint = vec4(linearFromSrgb(texel.rgb), float(packed & 15) / 15.0);
    return packed >> 4;
  }

  bool isDrawn(int opacity) {
    if (uDraw == ${DRAW_SOLID}) return opacity >= ${OPACITY_CONTENT};
    if (uDraw == ${DRAW_GHOST}) return opacity > 0 && opacity < ${OPACITY_CONTENT};
    return opacity > 0 && (elementId == uTargets[0] || elementId == uTargets[1]);
  }

  mat4 worldFromVertex() {
    #ifdef USE_INSTANCING
      return modelMatrix * instanceMatrix;
    #else
      return modelMatrix;
    #endif
  }
`

/** The vertex shader of every tile pass. */
export const TILE_VERTEX = /* glsl */ `
  ${VERTEX_HEAD}
  void main() {
    int opacity = readState();
    mat4 toWorld = worldFromVertex();
    vec4 world = toWorld * vec4(position, 1.0);
    #ifdef LIFT
      // A room's floor lies in one plane with the slab under it.
      world.y += 0.05;
    #endif
    vWorld = world.xyz;
    vTint = tint;
    vElement = elementId;
    vClipHeight = opacity == ${OPACITY_CONTENT} && !uClipContents ? 1e9 : uClipHeight;
    // The cofactor matrix turns normals right under any scale, also the quantization's.
    mat3 m = mat3(toWorld);
    vec3 n = mat3(cross(m[1], m[2]), cross(m[2], m[0]), cross(m[0], m[1])) * normal;
    // Zero stays zero: a plane face, whose normal the fragment shader finds.
    vNormal = dot(n, n) > 0.0 ? normalize(n) : vec3(0.0);
    vAway = cameraPosition - vWorld;
    gl_Position = isDrawn(opacity) ? projectionMatrix * viewMatrix * world : vec4(2.0, 2.0, 2.0, 1.0);
  }
`

/** Declarations of every tile fragment shader. */
const FRAGMENT_HEAD = /* glsl */ `
  flat in vec4 vPaint;
  flat in float vElement;
  in vec3 vWorld;
  in vec3 vNormal;
  in vec3 vAway;
  in vec4 vTint;
  flat in float vClipHeight;

  // Compiled in only while there is a cut: a shader that may discard forgoes the early depth test.
  void clipAbove() {
    #ifdef CLIP
      if (vWorld.y > vClipHeight) discard;
    #endif
  }

  // Models come with faces turned either way: the side that is seen is the front.
  vec3 seenNormal() {
    // From the camera and not from the origin, where far models would lose the digits.
    vec3 face = cross(dFdx(vAway), dFdy(vAway));
    vec3 n = dot(vNormal, vNormal) > 0.0 ? normalize(vNormal) : normalize(face);
    return dot(n, cameraPosition - vWorld) < 0.0 ? -n : n;
  }
`

/** Sky, sun and shadow: radiance is in units in which a white floor in the sun comes out near 1. */
export const LIGHTING = /* glsl */ `
  uniform vec3 uSunDirection;
  uniform vec3 uSunColour;
  uniform vec3 uSkyZenith;
  uniform vec3 uSkyHorizon;
  uniform vec3 uGroundBounce;
  uniform highp sampler2DShadow uShadowMap;
  uniform mat4 uShadowMatrix;
  uniform float uShadowTexel;
  uniform float uShadowBias;

  vec3 skyRadiance(vec3 direction, float roughness) {
    float up = direction.y;
    float soft = mix(0.06, 0.9, roughness);
    vec3 sky = mix(uSkyHorizon, uSkyZenith, sqrt(max(up, 0.0)));
    return mix(uGroundBounce, sky, smoothstep(-soft, soft, up));
  }

  vec3 skyIrradiance(vec3 normal) {
    float up = normal.y * 0.5 + 0.5;
    vec3 sky = mix(uSkyHorizon, uSkyZenith, 0.5);
    // The side away from the sun sees the deeper blue of the sky.
    float towards = dot(normal, uSunDirection) * 0.5 + 0.5;
    return mix(uGroundBounce, sky * mix(0.82, 1.12, towards), up);
  }

  float sunlight(vec3 world, vec3 normal) {
    float facing = dot(normal, uSunDirection);
    if (facing <= 0.0) return 0.0;
    vec3 lifted = world + normal * uShadowBias * (1.5 - facing);
    vec3 at = (uShadowMatrix * vec4(lifted, 1.0)).xyz;
    if (any(lessThan(at, vec3(0.0))) || any(greaterThan(at, vec3(1.0)))) return 1.0;
    #ifdef FAST
      return texture(uShadowMap, at);
    #endif
    float lit = texture(uShadowMap, at) * 2.0;
    vec2 r = vec2(uShadowTexel * 1.3, uShadowTexel * 0.55);
    lit += texture(uShadowMap, at + vec3(r.x, r.y, 0.0));
    lit += texture(uShadowMap, at + vec3(-r.y, r.x, 0.0));
    lit += texture(uShadowMap, at + vec3(-r.x, -r.y, 0.0));
    lit += texture(uShadowMap, at + vec3(r.y, -r.x, 0.0));
    return lit / 6.0;
  }

  // Karis, "Physically Based Shading on Mobile" (2014): the split-sum environment term without a table.
  vec3 environmentBrdf(vec3 f0, float roughness, float facing) {
    vec4 r = roughness * vec4(-1.0, -0.0275, -0.572, 0.022) + vec4(1.0, 0.0425, 1.04, -0.04);
    float a = min(r.x * r.x, exp2(-9.28 * facing)) * r.x + r.y;
    vec2 ab = vec2(-1.04, 1.04) * a + r.zw;
    return f0 * ab.x + ab.y;
  }

  // GGX with Schlick's Fresnel and the Smith term of Hammon (2017), as in the glTF 2.0 specification, appendix B.
  vec3 sunSpecular(vec3 n, vec3 v, vec3 f0, float roughness) {
    vec3 h = normalize(v + uSunDirection);
    float nl = max(dot(n, uSunDirection), 0.0);
    float nv = max(dot(n, v), 1e-3);
    float a2 = pow(roughness, 4.0);
    float nh = max(dot(n, h), 0.0);
    float d = nh * nh * (a2 - 1.0) + 1.0;
    float visibility = 0.5 / mix(2.0 * nl * nv, nl + nv, roughness * roughness);
    vec3 fresnel = f0 + (1.0 - f0) * pow(1.0 - max(dot(v, h), 0.0), 5.0);
    return fresnel * min(a2 / (3.14159 * d * d), 60.0) * visibility * nl;
  }

  struct Shaded { vec3 diffuse; vec3 specular; };

  Shaded shade(vec3 albedo, float roughness, float metalness, vec3 n, vec3 v, float lit) {
    vec3 f0 = mix(vec3(0.04), albedo, metalness);
    vec3 matte = albedo * (1.0 - metalness);
    float facing = max(dot(n, v), 0.0);
    vec3 sun = uSunColour * lit;
    Shaded s;
    s.diffuse = matte * (skyIrradiance(n) + sun * max(dot(n, uSunDirection), 0.0));
    // Drawing in software: the sun's own highlight is hardly seen on rough things, and dear.
    #ifdef FAST
      float rim = 1.0 - facing;
      s.specular = skyRadiance(reflect(-v, n), roughness) * (f0 + (1.0 - roughness) * 0.5 * rim * rim * rim * rim);
    #else
      s.specular = skyRadiance(reflect(-v, n), roughness) * environmentBrdf(f0, roughness, facing)
        + sun * sunSpecular(n, v, f0, roughness);
    #endif
    return s;
  }
`

/**
 * What a fragment shader of the scene gives: its light, and where a view is kept (see `repaint.ts`) also the light of
 * the same surface painted white, and the element that paint would fall on; zeros where on none.
 */
export const LIGHT_OUT = /* glsl */ `
  layout(location = 0) out highp vec4 outColour;
  #ifdef KEEP
    layout(location = 1) out highp vec4 outWhite;
    layout(location = 2) out highp vec4 outId;
  #endif

  // What no paint falls on.
  void giveLight(vec4 colour) {
    outColour = colour;
    #ifdef KEEP
      outWhite = colour;
      outId = vec4(0.0);
    #endif
  }
`

/** An element's index in three bytes, alpha 255: what `ids.ts` and the kept view read. */
const PACK_ID = /* glsl */ `
  vec4 packId(float element) {
    uint id = uint(element + 0.5) + 1u;
    return vec4(float(id & 255u), float((id >> 8) & 255u), float((id >> 16) & 255u), 255.0) / 255.0;
  }
`

const SURFACE_OUT = /* glsl */ `
  ${LIGHT_OUT}
  ${PACK_ID}
  uniform float uRoughness;
  uniform float uMetalness;

  // Paint replaces the model's colour (it never multiplies it) and shines a little by itself, so that a status is
  // read the same in the sun and in the shade.
  uniform float uMuted;
  vec3 paintedAlbedo(vec4 paint) {
    vec3 grey = vec3(0.1 + 0.2 * dot(vTint.rgb, vec3(0.2126, 0.7152, 0.0722)));
    return mix(mix(vTint.rgb, grey, uMuted), paint.rgb, paint.a);
  }
  uniform vec3 uCutColour;
  // Where a solid is cut its inside is seen: drawn flat, it reads as the cut itself.
  bool isCutFace() {
    #ifdef CLIP
      return vClipHeight < 1e8 && !gl_FrontFacing && cameraPosition.y > vClipHeight;
    #else
      return false;
    #endif
  }
  vec3 paintGlow(vec4 paint) {
    return paint.rgb * paint.a * 0.38;
  }
`

/** Opaque and metal. */
export const SOLID_FRAGMENT = /* glsl */ `
  ${FRAGMENT_HEAD}
  ${LIGHTING}
  ${SURFACE_OUT}
  vec3 painted(vec4 paint, vec3 n, vec3 v, float lit) {
    float metalness = uMetalness * (1.0 - paint.a);
    Shaded s = shade(paintedAlbedo(paint), mix(uRoughness, 0.7, paint.a), metalness, n, v, lit);
    return mix(s.diffuse, s.diffuse * 0.72, paint.a) + s.specular * mix(1.0, 0.4, paint.a) + paintGlow(paint);
  }
  vec3 cutFace(vec4 paint) {
    return mix(uCutColour, paint.rgb, paint.a * 0.6);
  }
  void main() {
    clipAbove();
    vec3 n = seenNormal();
    vec3 v = normalize(cameraPosition - vWorld);
    bool isCut = isCutFace();
    float lit = isCut ? 0.0 : sunlight(vWorld, n);
    #ifdef KEEP
      outColour = vec4(isCut ? cutFace(vec4(0.0)) : painted(vec4(0.0), n, v, lit), 1.0);
      outWhite = vec4(isCut ? cutFace(vec4(1.0)) : painted(vec4(1.0), n, v, lit), 1.0);
      // Figures are no elements.
      outId = vElement < -0.5 ? vec4(0.0, 0.0, 0.0, 1.0) : packId(vElement);
    #else
      outColour = vec4(isCut ? cutFace(vPaint) : painted(vPaint, n, v, lit), 1.0);
    #endif
  }
`

/** Glass: what is behind shows through, the sky is reflected more the flatter the look. Premultiplied alpha. */
export const GLASS_FRAGMENT = /* glsl */ `
  ${FRAGMENT_HEAD}
  ${LIGHTING}
  ${SURFACE_OUT}
  void main() {
    clipAbove();
    vec3 n = seenNormal();
    vec3 v = normalize(cameraPosition - vWorld);
    Shaded s = shade(paintedAlbedo(vPaint), 0.08, 0.0, n, v, sunlight(vWorld, n));
    float fresnel = 0.05 + 0.95 * pow(1.0 - max(dot(n, v), 0.0), 5.0);
    float alpha = mix(clamp(vTint.a, 0.12, 0.6), 0.8, vPaint.a);
    vec3 reflected = skyRadiance(reflect(-v, n), 0.02) * fresnel * 0.9 + s.specular * 0.6;
    giveLight(vec4(s.diffuse * alpha + reflected + paintGlow(vPaint) * alpha, min(alpha + fresnel * 0.7, 1.0)));
  }
`

/**
 * Rooms. Painted ones are solid blocks, so that the nearest is read and none shines through another; unpainted ones are
 * translucent. In an opened storey only their floors are drawn. Premultiplied alpha.
 */
export const SPACE_FRAGMENT = /* glsl */ `
  ${FRAGMENT_HEAD}
  ${SURFACE_OUT}
  uniform float uSpaceOpacity;
  uniform bool uFloorsOnly;
  vec3 painted(vec4 paint) {
    return mix(vec3(0.33, 0.5, 0.66), paint.rgb, paint.a);
  }
  void main() {
    clipAbove();
    vec3 n = seenNormal();
    vec3 outwards = dot(vNormal, vNormal) > 0.0 ? vNormal : gl_FrontFacing ? n : -n;
    if (uFloorsOnly && normalize(outwards).y > -0.5) discard;
    // Walls a little darker than floors, those to the east and west than those to the north and south.
    float light = uFloorsOnly ? 0.88 : 0.66 + 0.22 * n.y + 0.1 * abs(n.z);
    float isPainted = step(0.01, vPaint.a);
    float alpha = mix(uSpaceOpacity * 0.3, uFloorsOnly ? 0.9 : 1.0, isPainted);
    #ifdef KEEP
      outColour = vec4(painted(vec4(0.0)) * light * alpha, alpha);
      outWhite = vec4(painted(vec4(isPainted)) * light * alpha, alpha);
      outId = isPainted * packId(vElement);
    #else
      outColour = vec4(painted(vPaint) * light * alpha, alpha);
    #endif
  }
`

/** Ghosts: almost nothing where looked at squarely, a visible rim where seen flat. Premultiplied alpha. */
export const GHOST_FRAGMENT = /* glsl */ `
  ${FRAGMENT_HEAD}
  ${SURFACE_OUT}
  uniform vec3 uGhostColour;
  uniform float uGhostStrength;
  void main() {
    clipAbove();
    vec3 n = seenNormal();
    float facing = abs(dot(n, normalize(cameraPosition - vWorld)));
    vec3 colour = mix(uGhostColour, vPaint.rgb, vPaint.a);
    float alpha = mix(0.1, 0.014, facing) * uGhostStrength + vPaint.a * 0.28;
    giveLight(vec4(colour * alpha, alpha));
  }
`

/** Element ids, depth and normals for picking; three RGBA8 pictures, read back by `ids.ts`. */
export const ID_FRAGMENT = /* glsl */ `
  ${FRAGMENT_HEAD}
  layout(location = 0) out highp vec4 outId;
  layout(location = 1) out highp vec4 outDepth;
  layout(location = 2) out highp vec4 outNormal;

  // Base-255 digits, so that each is exact in eight bits.
  vec4 packDepth(float depth) {
    vec4 digits;
    float rest = min(depth, 0.99999994);
    for (int i = 0; i < 4; i++) {
      rest *= 255.0;
      digits[i] = floor(rest);
      rest -= digits[i];
    }
    return digits / 255.0;
  }

  ${PACK_ID}

  void main() {
    clipAbove();
    outId = packId(vElement);
    outDepth = packDepth(gl_FragCoord.z);
    outNormal = vec4(seenNormal() * 0.5 + 0.5, 1.0);
  }
`

/** What is outlined: red for the first target (selected), green for the second (hovered). */
export const MASK_FRAGMENT = /* glsl */ `
  ${FRAGMENT_HEAD}
  uniform float uTargets[2];
  layout(location = 0) out highp vec4 outMask;
  void main() {
    clipAbove();
    outMask = vElement == uTargets[0] ? vec4(1.0, 0.0, 0.0, 1.0) : vec4(0.0, 1.0, 0.0, 1.0);
  }
`

/** Shadow casting: depth alone. */
export const SHADOW_FRAGMENT = /* glsl */ `
  ${FRAGMENT_HEAD}
  layout(location = 0) out highp vec4 outNothing;
  void main() {
    clipAbove();
    outNothing = vec4(1.0);
  }
`
