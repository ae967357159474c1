import type { StoreyInfo } from '@/net/types'

/**
 * The storey above (`by` 1) or below (-1) the isolated one, by element index; stays at the ends. With none
 * isolated it begins at the ground: the storey nearest to elevation 0. Null for a model without storeys.
 */
export function neighbourStorey(storeys: readonly StoreyInfo[], isolated: number | null, by: 1 | -1): number | null {
  const upwards = [...storeys].sort((a, b) => a.position - b.position)
  if (upwards.length === 0) return null
  const at = upwards.findIndex((storey) => storey.index === isolated)
  if (at >= 0) return upwards[Math.min(upwards.length - 1, Math.max(0, at + by))].index
  return upwards.reduce((best, next) => (Math.abs(next.elevationM) < Math.abs(best.elevationM) ? next : best)).index
}
