const RADIANS = Math.PI / 180
const DAY_MS = 86_400_000
/** 2000-01-01 12:00 UTC, from which the almanac counts its days. */
const J2000_MS = Date.UTC(2000, 0, 1, 12)

/** Where the sun stands: azimuth clockwise from north, altitude above the horizon, degrees. */
export interface SunPosition {
  readonly azimuthDeg: number
  readonly altitudeDeg: number
}

/**
 * The sun's place in the sky, to about a hundredth of a degree between 1950 and 2050, without refraction
 * (The Astronomical Almanac, "Low precision formulas for the Sun").
 */
export function sunPosition(timeMs: number, latitudeDeg: number, longitudeDeg: number): SunPosition {
  const days = (timeMs - J2000_MS) / DAY_MS
  const anomaly = (357.528 + 0.9856003 * days) * RADIANS
  const longitude = (280.46 + 0.9856474 * days + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly)) * RADIANS
  const obliquity = (23.439 - 0.0000004 * days) * RADIANS
  const rightAscension = Math.atan2(Math.cos(obliquity) * Math.sin(longitude), Math.cos(longitude))
  const declination = Math.asin(Math.sin(obliquity) * Math.sin(longitude))
  const siderealDeg = 280.46062 + 360.985647366 * days + longitudeDeg
  const hourAngle = siderealDeg * RADIANS - rightAscension
  const latitude = latitudeDeg * RADIANS
  const altitude = Math.asin(
    Math.sin(latitude) * Math.sin(declination) + Math.cos(latitude) * Math.cos(declination) * Math.cos(hourAngle),
  )
  const azimuth = Math.atan2(
    -Math.sin(hourAngle),
    Math.tan(declination) * Math.cos(latitude) - Math.sin(latitude) * Math.cos(hourAngle),
  )
  return { azimuthDeg: (azimuth / RADIANS + 360) % 360, altitudeDeg: altitude / RADIANS }
}
