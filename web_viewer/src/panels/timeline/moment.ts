import type { CameraPose } from '@/scene/types'

/** A moment in an address: `?at=<RFC 3339>&cam=x,y,z,x,y,z&sel=<guid>&vs=<RFC 3339>`. */
export interface Moment {
  readonly atMs: number | null
  readonly pose: CameraPose | null
  /** Guid of the element that is picked, or `device:<id>`; '' where none is. */
  readonly sel: string
  /** The moment that it is compared with. */
  readonly vsMs: number | null
}

/** Fields of an address that are a moment's. */
export const FIELDS = ['at', 'cam', 'sel', 'vs'] as const

const CAMERA_DIGITS = 2
const MOST_SEL = 160

/** What an address asks for; what cannot be read is left out. */
export function readMoment(query: Readonly<Record<string, unknown>>): Moment {
  const { cam, sel } = query
  const numbers = typeof cam === 'string' ? cam.split(',').map(Number) : []
  const isPose = numbers.length === 6 && numbers.every(Number.isFinite)
  return {
    atMs: readTime(query.at),
    vsMs: readTime(query.vs),
    pose: isPose ? { position: triple(numbers, 0), target: triple(numbers, 3) } : null,
    sel: typeof sel === 'string' && sel.length <= MOST_SEL ? sel : '',
  }
}

/** The address' fields of a moment. */
export function momentQuery({ atMs, pose, sel, vsMs }: Partial<Moment> & { readonly atMs: number }): Record<string, string> {
  return {
    at: timeText(atMs),
    ...(pose ? { cam: [...pose.position, ...pose.target].map((each) => String(Number(each.toFixed(CAMERA_DIGITS)))).join() } : {}),
    ...(sel ? { sel } : {}),
    ...(vsMs === null || vsMs === undefined ? {} : { vs: timeText(vsMs) }),
  }
}

/** The path of a page that shows a moment. */
export function momentHref(pathname: string, moment: Partial<Moment> & { readonly atMs: number }): string {
  return `${pathname}?${new URLSearchParams(momentQuery(moment)).toString()}`
}

function readTime(text: unknown): number | null {
  const timeMs = typeof text === 'string' && /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text.replace(' ', '+')) : Number.NaN
  return Number.isNaN(timeMs) ? null : timeMs
}

function timeText(timeMs: number): string {
  return new Date(Math.round(timeMs)).toISOString()
}

function triple(numbers: readonly number[], from: number): [number, number, number] {
  return [numbers[from], numbers[from + 1], numbers[from + 2]]
}
