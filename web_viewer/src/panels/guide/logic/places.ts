import { matches } from '@/logic/search'
import type { Names, StoreyInfo } from '@/net/types'

import type { GuidePlace, GuideStorey, Point } from '../types'

import { isBackstage, roomGroup } from './rooms'

/** A chip above the map: the kinds of points of interest that it shows. */
export interface Chip {
  readonly id: string
  readonly kinds: readonly string[]
}

/** In the order in which visitors ask. */
export const CHIPS: readonly Chip[] = [
  { id: 'toilet', kinds: ['toilet', 'toilet_accessible'] },
  { id: 'lift', kinds: ['lift', 'stair'] },
  { id: 'exit', kinds: ['exit', 'entrance'] },
  { id: 'sport', kinds: ['sport', 'changing'] },
  { id: 'culture', kinds: ['culture', 'meeting'] },
  { id: 'service', kinds: ['service', 'ticket', 'medical', 'family'] },
  { id: 'food', kinds: ['food', 'shop', 'water'] },
  { id: 'parking', kinds: ['parking', 'charging'] },
  { id: 'rest', kinds: ['rest', 'outdoor'] },
]

const MOST_FOUND = 40

/** The chips that have places here. */
export function chipsOf(places: readonly GuidePlace[]): Chip[] {
  const kinds = new Set(places.map((place) => place.kind))
  return CHIPS.filter((chip) => chip.kinds.some((kind) => kinds.has(kind)))
}

/**
 * Points of interest and rooms that a query finds: exact names first, then what begins with it, points of interest
 * before rooms, what is behind the scenes last. A room that is a point of interest by the same name appears once.
 */
export function findPlaces(query: string, places: readonly GuidePlace[]): GuidePlace[] {
  const text = query.trim()
  if (text === '') return []
  const found = places.filter((place) => matches(text, [place.names.zh, place.names.en, place.number, wordsOfKind(place.kind)]))
  const pois = new Set(found.filter(isPoi).map(twinKey))
  return found
    .filter((place) => isPoi(place) || !pois.has(twinKey(place)))
    .map((place) => ({ place, rank: rankOf(text.toLowerCase(), place) }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MOST_FOUND)
    .map(({ place }) => place)
}

/** The places of a chip, those on the visitor's storey and nearest to the visitor first. */
export function placesOfChip(chip: Chip, places: readonly GuidePlace[], here: GuidePlace | null): GuidePlace[] {
  const away = (place: GuidePlace): number => distanceBetween(here, place)
  return places.filter((place) => chip.kinds.includes(place.kind)).sort((a, b) => away(a) - away(b))
}

/** A stored or typed name of a place (`?from=`): an id, a guid, a room's number, or `x,y,z`. */
export function placeNamed(name: string, places: readonly GuidePlace[]): GuidePlace | null {
  const known = places.find((place) => place.id === name) ?? places.find((place) => place.number !== '' && place.number === name)
  if (known) return known
  const numbers = name.split(',').map(Number)
  if (numbers.length !== 3 || !numbers.every(Number.isFinite)) return null
  return spotAt([numbers[0], numbers[1]], numbers[2], null, null)
}

/** A spot on the map as a place. */
export function spotAt([x, y]: Point, z: number, storeyGuid: string | null, names: Names | null): GuidePlace {
  const rounded: [number, number, number] = [Math.round(x * 10) / 10, Math.round(y * 10) / 10, Math.round(z * 100) / 100]
  return {
    id: rounded.join(','), kind: 'position', names: names ?? { zh: '', en: '' }, number: '', spaceGuid: null,
    storeyGuid, position: rounded, fn: '',
  }
}

/** The storey whose floor is the highest at or below a height, m. */
export function storeyAt(storeys: readonly StoreyInfo[], z: number): string | null {
  const below = storeys.filter((storey) => storey.elevationM <= z + 0.5).sort((a, b) => b.elevationM - a.elevationM)
  return below.at(0)?.guid ?? null
}

/** Storeys, highest first, each with the short name that a lift's button has: `3F` of `3F Badminton`. */
export function guideStoreys(storeys: readonly StoreyInfo[]): GuideStorey[] {
  return [...storeys].sort((a, b) => b.position - a.position).map((storey) => ({ ...storey, button: buttonOf(storey) }))
}

/** The storey that visitors enter: the one nearest to elevation 0. */
export function groundStorey(storeys: readonly StoreyInfo[]): string | null {
  return [...storeys].sort((a, b) => Math.abs(a.elevationM) - Math.abs(b.elevationM)).at(0)?.guid ?? null
}

/** Newest first, no place twice. */
export function withRecent(recent: readonly string[], id: string, most = 6): string[] {
  return [id, ...recent.filter((each) => each !== id)].slice(0, most)
}

export function isPoi(place: GuidePlace): boolean {
  return place.kind !== 'space' && place.kind !== 'position'
}

function buttonOf(storey: StoreyInfo): string {
  if (storey.code !== '' && storey.code.length <= 5) return storey.code
  const first = storey.names.zh.trim().split(/\s+/)[0]
  return first.length <= 5 ? first : `${first.slice(0, 4)}…`
}

function twinKey(place: GuidePlace): string {
  return `${place.spaceGuid ?? ''} ${place.names.zh}`
}

/** What people type for a kind of place, beside its name. */
function wordsOfKind(kind: string): string {
  const words: Readonly<Record<string, string>> = {
    toilet: '厕所 洗手间 卫生间 wc toilet restroom', toilet_accessible: '无障碍 厕所 洗手间 wc toilet accessible', exit: '出口 exit',
    entrance: '入口 出口 entrance', lift: '电梯 lift elevator', stair: '楼梯 stairs', parking: '停车 车位 parking', water: '饮水 开水 water',
    food: '餐饮 咖啡 food', medical: '医务 急救 first aid', family: '母婴 亲子 family baby', charging: '充电 charging', ticket: '票务 tickets',
  }
  return words[kind] ?? ''
}

function rankOf(text: string, place: GuidePlace): number {
  const names = [place.names.zh, place.names.en, place.number].map((name) => name.toLowerCase())
  const fit = names.includes(text) ? 0 : names.some((name) => name.startsWith(text)) ? 1 : 2
  const kind = isPoi(place) ? 0 : isBackstage(place.fn) ? 5 : roomGroup(place.fn) === 'vertical' ? 2 : 1
  return fit + kind * 3
}

/** Between two places, m; a storey counts as a long walk. */
function distanceBetween(a: GuidePlace | null, b: GuidePlace): number {
  if (!a?.position || !b.position) return 0
  const [dx, dy, dz] = [a.position[0] - b.position[0], a.position[1] - b.position[1], a.position[2] - b.position[2]]
  return Math.hypot(dx, dy) + Math.abs(dz) * 20
}
