import type { CameraPose } from '@/scene/types'

/** A moment and the camera's place in an address: `?at=<RFC 3339>&cam=x,y,z,x,y,z`. */
export interface Moment {
  readonly atMs: number | null
  readonly pose: CameraPose | null
}

const CAMERA_DIGITS = 1

/** What an address asks for; what cannot be read is left out. */
export function readMoment(at: unknown, cam: unknown): Moment {
  const atMs = typeof at === 'string' && /^\d{4}-\d\d-\d\dT/.test(at) ? Date.parse(at.replace(' ', '+')) : Number.NaN
  const numbers = typeof cam === 'string' ? cam.split(',').map(Number) : []
  const isPose = numbers.length === 6 && numbers.every(Number.isFinite)
  return {
    atMs: Number.isNaN(atMs) ? null : atMs,
    pose: isPose ? { position: triple(numbers, 0), target: triple(numbers, 3) } : null,
  }
}

/** The address' fields of a moment. */
export function momentQuery(atMs: number, pose: CameraPose | null): Record<string, string> {
  const at = new Date(Math.round(atMs)).toISOString()
  if (pose === null) return { at }
  const cam = [...pose.position, ...pose.target].map((each) => String(Number(each.toFixed(CAMERA_DIGITS)))).join()
  return { at, cam }
}

function triple(numbers: readonly number[], from: number): [number, number, number] {
  return [numbers[from], numbers[from + 1], numbers[from + 2]]
}
