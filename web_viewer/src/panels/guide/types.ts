import type { components } from '@/generated/api'
import type { Names, StoreyInfo } from '@/net/types'

export type Route = components['schemas']['RouteAnswer']
export type RouteStep = components['schemas']['RouteStep']
export type RouteLeg = components['schemas']['RouteLeg']
export type Maneuver = RouteStep['maneuver']
export type Direction = RouteStep['direction']
export type Profile = 'walk' | 'step_free'

/** x, y in the local frame, m. */
export type Point = readonly [number, number]
export type Ring = readonly Point[]

/** A place that one can go to or start from; `id` is what the route API takes. */
export interface GuidePlace {
  readonly id: string
  /** A point of interest's kind, `space`, or `position` for a spot on the map. */
  readonly kind: string
  readonly names: Names
  /** Room number, '' where there is none. */
  readonly number: string
  readonly spaceGuid: string | null
  readonly storeyGuid: string | null
  readonly position: readonly [number, number, number] | null
  /** Function of the room, '' for what is no room. */
  readonly fn: string
}

/** A storey with the short name of a lift's button. */
export interface GuideStorey extends StoreyInfo {
  readonly button: string
}

/** Why there is no way, as the server says it. */
export interface NoWay {
  /** `locked`, `not_step_free`, `not_connected`, `unreachable_place`, `unknown_place`, `offline`, `failed`. */
  readonly reason: string
  readonly text: string
}

/** A feature of a storey's plan. */
export interface PlanFeature {
  readonly properties: { readonly kind: string; readonly guid: string; readonly name: string }
  readonly geometry: { readonly type: string; readonly coordinates: unknown }
}

export interface Plan {
  readonly storey: string
  readonly features: readonly PlanFeature[]
}

/** Pixels of the map that lie under panels. */
export interface Insets {
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly left: number
}
