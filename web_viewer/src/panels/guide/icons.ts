import type { Direction, Maneuver, RouteStep } from './types'

/** Outlines of the guide's icons, 24 by 24, stroked: points of interest, instructions, tools. */
export const GUIDE_ICONS = {
  entrance: 'M13 4h6v16h-6M4 12h11M11 8l4 4-4 4',
  exit: 'M11 4H5v16h6M9 12h11M16 8l4 4-4 4',
  sport: 'M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17M12 3.500v17M3.500 12h17M6 6c3.300 3.300 3.300 8.700 0 12M18 6c-3.300 3.300-3.300 8.700 0 12',
  culture: 'M4 6c0 8 1.500 12 5 12s5-4 5-12c-3 1.300-7 1.300-10 0M6.500 10.500h1M10.500 10.500h1M7 14c1.200 1 2.800 1 4 0M16.500 7c1.200.100 2.400 0 3.500-.500 0 8-1.500 12-4.500 12',
  service: 'M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17M12 11v5.500M12 7.500v.100',
  food: 'M7 3.500v7M4.500 3.500v4.500a2.500 2.500 0 0 0 5 0V3.500M7 10.500v10M17.500 20.500v-17c-2.500 1-3.500 4-3.500 8h3.500',
  shop: 'M5 8.500h14l-1 11.500H6zM9 8.500V7a3 3 0 0 1 6 0v1.500',
  medical: 'M9.500 4h5v5.500H20v5h-5.500V20h-5v-5.500H4v-5h5.500z',
  family: 'M12 4a2 2 0 1 1 0 4 2 2 0 0 1 0-4M8 20v-7a4 4 0 0 1 8 0v7M10 14a2 2 0 0 0 4 0',
  meeting: 'M4 5h16v10H4zM12 15v4M8 20h8M8 9h8M8 12h5',
  toilet: 'M7 4.500a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3M5 10h4v5H8v5H6v-5H5zM17 4.500a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3M15.500 10h3l1.500 6h-2v4h-2v-4h-2zM12 4v16',
  toilet_accessible: 'M11 3.500a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3M11 8v6h5l2.500 5M11 10.500h4M8.500 11.500a4.500 4.500 0 1 0 6 6',
  water: 'M12 3.500s6 6.300 6 10.500a6 6 0 0 1-12 0c0-4.200 6-10.500 6-10.500',
  changing: 'M12 9V7.500a1.800 1.800 0 1 1 1.800-1.800M12 9 3.500 15.500c-.800.700-.300 2 .700 2h15.600c1 0 1.500-1.300.700-2z',
  lift: 'M5 3.500h14v17H5zM12 3.500v17M7 10l1.500-2 1.500 2M14 14l1.500 2 1.500-2',
  stair: 'M3.500 20h4.500v-4.500h4.500V11H17V6.500h4',
  ramp: 'M3.500 19h17V8z',
  ticket: 'M4 7h16v3.500a1.500 1.500 0 0 0 0 3V17H4v-3.500a1.500 1.500 0 0 0 0-3zM14 7v10',
  parking: 'M5 3.500h14v17H5zM10 17V7h3a3 3 0 0 1 0 6h-3',
  charging: 'M13 2.500 5 13.500h6l-1 8 8-11h-6z',
  outdoor: 'M12 3.500a5.500 5.500 0 0 1 3 10 5.500 5.500 0 0 1-6 0 5.500 5.500 0 0 1 3-10M12 10v11M12 16l3-2.500',
  rest: 'M5 12V7a2 2 0 0 1 2-2h10a2 2 0 0 1 2 2v5M3.500 11v6h17v-6a1.700 1.700 0 0 0-3.400 0v2H6.900v-2a1.700 1.700 0 0 0-3.400 0M6 17v2.500M18 17v2.500',
  space: 'M5 4h14v16H5zM10 20v-5h4v5',
  position: 'M12 21s-6.500-6.300-6.500-11a6.500 6.500 0 0 1 13 0c0 4.700-6.500 11-6.500 11M12 7.500a2.500 2.500 0 1 1 0 5 2.500 2.500 0 0 1 0-5',
  straight: 'M12 21V4M6 10l6-6 6 6',
  slight_left: 'M15 21v-7L7 6M7 12V6h6',
  slight_right: 'M9 21v-7l8-8M17 12V6h-6',
  left: 'M18 21v-9H5M10 7l-5 5 5 5',
  right: 'M6 21v-9h13M14 7l5 5-5 5',
  sharp_left: 'M17 21V6L7 15M7 9v6h6',
  sharp_right: 'M7 21V6l10 9M17 9v6h-6',
  back: 'M17 21V9a5 5 0 0 0-10 0v8M3 13l4 4 4-4',
  door: 'M6 20.500V3.500h12v17M3.500 20.500h17M14.500 12v.500',
  depart: 'M12 5a7 7 0 1 1 0 14 7 7 0 0 1 0-14M12 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4',
  arrive: 'M6 21V4M6 4.500h12l-3 4.500 3 4.500H6',
  walk: 'M13 3a1.700 1.700 0 1 1 0 3.400A1.700 1.700 0 0 1 13 3M12 8.500l-1 6 3 3 1 4M11 14.500 9.500 18 7 21.500M12 8.500 8.500 10l-1 3.500M12 8.500l2.500 3 3 1',
  step_free: 'M11 3.500a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3M11 8v6h5l2.500 5M11 10.500h4M8.500 11.500a4.500 4.500 0 1 0 6 6',
  speak: 'M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM15.500 9a4.200 4.200 0 0 1 0 6M18 6.500a7.800 7.800 0 0 1 0 11',
  mute: 'M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM16 9.500l5 5M21 9.500l-5 5',
  compass: 'M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17M12 6l3 6h-6zM9 12l3 6 3-6',
  swap: 'M8 4v16M8 20l-4-4M8 20l4-4M16 20V4M16 4l-4 4M16 4l4 4',
  cube: 'M12 3l8.500 4.700v8.600L12 21l-8.500-4.700V7.700zM3.500 7.700 12 12.500l8.500-4.800M12 12.500V21',
  map: 'M9 5 3.500 7v12.500L9 17.500l6 2 5.500-2V5L15 7zM9 5v12.500M15 7v12.500',
  clock: 'M12 3.500a8.500 8.500 0 1 1 0 17 8.500 8.500 0 0 1 0-17M12 7.500V12l3 2',
  list: 'M8.500 6H20M8.500 12H20M8.500 18H20M4 6h.500M4 12h.500M4 18h.500',
  search: 'M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14m5 12 4.500 4.500',
  close: 'M6 6l12 12M18 6 6 18',
  backTo: 'M15 5l-7 7 7 7',
  next: 'M9 5l7 7-7 7',
  fit: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  alert: 'M12 4 21.500 20h-19zM12 10v5M12 17.500v.100',
} as const

export type GuideIconName = keyof typeof GUIDE_ICONS

/** The icon of a place's kind; an unknown kind is a plain pin. */
export function iconOfKind(kind: string): GuideIconName {
  return kind in GUIDE_ICONS ? (kind as GuideIconName) : 'position'
}

/** The icon of an instruction: what one does, or where one turns. */
export function iconOfStep(step: Pick<RouteStep, 'maneuver' | 'direction'>): GuideIconName {
  const own: Partial<Record<Maneuver, GuideIconName>> = { depart: 'depart', stair: 'stair', ramp: 'ramp', lift: 'lift', arrive: 'arrive' }
  const direction: Direction = step.direction
  if (direction === 'straight' && (step.maneuver === 'door' || step.maneuver === 'enter')) return 'door'
  return own[step.maneuver] ?? direction
}
