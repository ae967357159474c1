import type { RoomGroup } from '../logic/rooms'

/** Colours of the plan. Names on rooms have WCAG AA contrast in both themes (`palette.test.ts`). */
export interface Palette {
  readonly page: string
  readonly rooms: Readonly<Record<RoomGroup, string>>
  readonly wall: string
  readonly line: string
  readonly furniture: string
  readonly glass: string
  readonly text: string
  readonly halo: string
  readonly badge: string
  readonly badgeText: string
  readonly route: string
  readonly routeCase: string
  readonly routeRest: string
  readonly start: string
  readonly goal: string
  readonly picked: string
}

const LIGHT: Palette = {
  page: '#e9eef2',
  rooms: {
    sport: '#cfe8dc', culture: '#e2dcf2', care: '#d3e6f6', food: '#fbe3c8', way: '#fdfdfb', vertical: '#dde4ea', office: '#ece8df',
    rest: '#f3ecd2', parking: '#e0e5ea', outdoor: '#dcebc9', technical: '#dfe1e3', other: '#f0efe9',
  },
  wall: '#5d6a76', line: '#8b98a4', furniture: '#b9c3cb', glass: '#8cb7d3', text: '#22303c', halo: '#ffffffd9', badge: '#3f5566',
  badgeText: '#ffffff', route: '#1668d6', routeCase: '#ffffff', routeRest: '#7fa9de', start: '#1668d6', goal: '#d5372a', picked: '#1668d6',
}

const DARK: Palette = {
  page: '#0e141b',
  rooms: {
    sport: '#234439', culture: '#383254', care: '#20405a', food: '#54402a', way: '#27313b', vertical: '#36434f', office: '#3a362d',
    rest: '#433c25', parking: '#29323b', outdoor: '#2c4228', technical: '#22282e', other: '#2c333a',
  },
  wall: '#8795a3', line: '#5c6a77', furniture: '#4b5864', glass: '#5d8cab', text: '#eef3f7', halo: '#0e141bcc', badge: '#56728a',
  badgeText: '#ffffff', route: '#56b6f7', routeCase: '#06131f', routeRest: '#3b6f99', start: '#56b6f7', goal: '#ff7a6b', picked: '#56b6f7',
}

export function paletteOf(dark: boolean): Palette {
  return dark ? DARK : LIGHT
}

/** The colour of the badges of a kind of place, white glyph on it. */
export function badgeColour(kind: string, palette: Palette): string {
  const known: Partial<Record<string, string>> = {
    exit: '#12793f', entrance: '#12793f', toilet: '#1d67b0', toilet_accessible: '#1d67b0', lift: '#4b5f73', stair: '#4b5f73',
    medical: '#c02d3c', service: '#0f6f7d', ticket: '#0f6f7d', family: '#a13a7d', food: '#a65208', shop: '#a65208', sport: '#1b7a55',
    culture: '#6a4bb0', water: '#1d67b0', parking: '#3559b5', charging: '#3559b5', outdoor: '#4c7a18', rest: '#8a6400',
  }
  return known[kind] ?? palette.badge
}
