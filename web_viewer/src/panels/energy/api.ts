import type { components } from '@/generated/api'
import { getJson } from '@/net/http'

type Schemas = components['schemas']

export type Summary = Schemas['EnergySummary']
export type Balance = Schemas['BalanceOut']
export type Comparison = Schemas['ComparisonOut']
export type Flows = Schemas['FlowsOut']
export type CircuitInfo = Schemas['CircuitOut']
export type SpaceInfo = Schemas['SpaceEnergy']
export type StoreyInfo = Schemas['StoreyEnergy']
export type Series = Schemas['SeriesList']

/** All that the panel shows of a moment. */
export interface EnergyPicture {
  readonly summary: Summary
  readonly circuits: readonly CircuitInfo[]
  readonly spaces: readonly SpaceInfo[]
  readonly today: Series
  readonly yesterday: Series
}

const HOURS_24_MS = 86_400_000

/** The day of a moment, ms since 1970 UTC, as far as it had come; null: now. @throws ApiError */
export async function fetchEnergy(atMs: number | null): Promise<EnergyPicture> {
  const query = atMs === null ? {} : { at: new Date(atMs).toISOString() }
  const summary = await getJson<Summary>('/api/energy/summary', query)
  const [circuits, spaces, today, yesterday] = await Promise.all([
    getJson<Schemas['CircuitList']>('/api/energy/circuits', query),
    getJson<Schemas['SpaceList']>('/api/energy/spaces', query),
    hours(summary.today, summary.now.time),
    hours(summary.yesterday, null),
  ])
  return { summary, circuits: circuits.items, spaces: spaces.items, today, yesterday }
}

/** The hours of a balance's day, up to a moment where one is given. */
function hours(of: Balance, until: string | null): Promise<Series> {
  const end = Date.parse(of.from_time) + HOURS_24_MS
  const to = until === null ? end : Math.max(Date.parse(of.from_time) + 1000, Math.min(end, Date.parse(until)))
  return getJson<Series>('/api/energy/series', { by: 'total', step: 'hour', from: of.from_time, to: new Date(to).toISOString() })
}
