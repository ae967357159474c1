import type { Vector3 } from 'three'
import { worldFromLocal } from './frames'
import { viewDirection } from './framing'
import type { SharedUniforms } from './materials'

/** What the sky gives at one altitude of the sun: linear RGB, in which 1 is white paper in full sun. */
interface Light {
  readonly sun: readonly [number, number, number]
  readonly zenith: readonly [number, number, number]
  readonly horizon: readonly [number, number, number]
  readonly bounce: readonly [number, number, number]
}

const NOON: Light = { sun: [1.55, 1.46, 1.3], zenith: [0.46, 0.54, 0.66], horizon: [0.72, 0.77, 0.82], bounce: [0.36, 0.34, 0.31] }
const LOW: Light = { sun: [1.9, 1.28, 0.74], zenith: [0.44, 0.49, 0.62], horizon: [0.86, 0.76, 0.66], bounce: [0.33, 0.29, 0.26] }
const NIGHT: Light = { sun: [0.42, 0.48, 0.6], zenith: [0.27, 0.31, 0.4], horizon: [0.36, 0.4, 0.48], bounce: [0.17, 0.18, 0.21] }

const LOW_SUN_DEG = 8
const HIGH_SUN_DEG = 38
const SUNSET_DEG = -6
/** Lower than this, shadows would reach past everything. */
const LOWEST_SHADOW_DEG = 14
/** A sun below the horizon still models the building, as a moon would. */
const LOWEST_DRAWN_DEG = 22

/** Sets sun and sky for a sun at this azimuth (clockwise from north) and altitude, degrees. */
export function setDaylight(uniforms: SharedUniforms, azimuthDeg: number, altitudeDeg: number): void {
  const light = lightAt(altitudeDeg)
  const drawn = altitudeDeg < 0 ? LOWEST_DRAWN_DEG : Math.max(altitudeDeg, LOWEST_SHADOW_DEG)
  uniforms.uSunDirection.value.copy(sunDirection(azimuthDeg, drawn))
  uniforms.uSunColour.value.setRGB(...light.sun)
  uniforms.uSkyZenith.value.setRGB(...light.zenith)
  uniforms.uSkyHorizon.value.setRGB(...light.horizon)
  uniforms.uGroundBounce.value.setRGB(...light.bounce)
}

/** Unit vector to the sun, three's world frame. */
export function sunDirection(azimuthDeg: number, altitudeDeg: number): Vector3 {
  return worldFromLocal(viewDirection(90 - azimuthDeg, altitudeDeg))
}

function lightAt(altitudeDeg: number): Light {
  if (altitudeDeg >= LOW_SUN_DEG) return mixLight(LOW, NOON, (altitudeDeg - LOW_SUN_DEG) / (HIGH_SUN_DEG - LOW_SUN_DEG))
  return mixLight(NIGHT, LOW, (altitudeDeg - SUNSET_DEG) / (LOW_SUN_DEG - SUNSET_DEG))
}

function mixLight(a: Light, b: Light, share: number): Light {
  const t = Math.min(1, Math.max(0, share))
  const mix = (p: Light['sun'], q: Light['sun']): [number, number, number] => [
    p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t, p[2] + (q[2] - p[2]) * t,
  ]
  return { sun: mix(a.sun, b.sun), zenith: mix(a.zenith, b.zenith), horizon: mix(a.horizon, b.horizon), bounce: mix(a.bounce, b.bounce) }
}
