import type { GuidePlace, Plan, Route, RouteLeg, RouteStep } from './types'

const GROUND = 'storey-1'
const UPPER = 'storey-3'

/** Ten metres east, a lift from `storey-1` to `storey-3`, five metres north. */
export function liftRoute(): Route {
  const walk = (storey: string, polyline: RouteLeg['polyline']): RouteLeg => ({
    kind: 'walk', storey, to_storey: storey, polyline, length_m: 10, duration_s: 8, object: null,
  })
  const step = (maneuver: RouteStep['maneuver'], position: RouteStep['position'], leg: number): RouteStep => ({
    maneuver, direction: 'straight', text: maneuver, position, distance_m: 5, duration_s: 4, leg, object: null, space: null,
  })
  const place = { kind: 'poi', id: 'desk', name: { zh: '服务台', en: 'Desk' }, space: null } as const
  return {
    start: { ...place, position: [0, 0, 0], storey: GROUND },
    goal: { ...place, position: [10, 5, 9], storey: UPPER },
    profile: 'walk', lang: 'zh-CN', length_m: 15, duration_s: 60,
    legs: [
      walk(GROUND, [[0, 0, 0], [10, 0, 0]]),
      { ...walk(GROUND, [[10, 0, 0], [10, 0, 9]]), kind: 'lift', to_storey: UPPER },
      walk(UPPER, [[10, 0, 9], [10, 5, 9]]),
    ],
    steps: [step('depart', [0, 0, 0], 0), step('lift', [10, 0, 0], 1), step('door', [10, 3, 9], 2), step('arrive', [10, 5, 9], 2)],
    portals: [
      { kind: 'door', guid: 'a', from_space: null, to_space: null, position: [4, 0, 0] },
      { kind: 'door', guid: 'b', from_space: null, to_space: null, position: [10, 3, 9] },
    ],
  }
}

export function place(id: string, changes: Partial<GuidePlace> = {}): GuidePlace {
  return {
    id, kind: 'space', names: { zh: id, en: id }, number: '', spaceGuid: id, storeyGuid: GROUND, position: [0, 0, 0], fn: '', ...changes,
  }
}

/** A hall 20 by 10 m with a kiosk of 4 by 4 m within, and a wall. */
export function hallPlan(): Plan {
  const box = (x: number, y: number, w: number, h: number): number[][][] => [[[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]]]
  const feature = (kind: string, guid: string, coordinates: number[][][]): Plan['features'][number] => ({
    properties: { kind, guid, name: guid }, geometry: { type: 'Polygon', coordinates },
  })
  return { storey: GROUND, features: [feature('space', 'kiosk', box(2, 2, 4, 4)), feature('space', 'hall', box(0, 0, 20, 10)), feature('wall', 'w', box(0, 0, 20, 0.2))] }
}
