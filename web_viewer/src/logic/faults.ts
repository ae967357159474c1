import { isUsable, type LiveColumns } from '@/net/columns'
import type { PointInfo } from '@/net/types'

/** `alarm` concerns people's safety and comes first; `fault` is a device that does not work. */
export type Severity = 'alarm' | 'fault'

const SEVERITY_BY_STATE: Readonly<Record<string, Severity>> = {
  alarm: 'alarm',
  fire: 'alarm',
  smoke: 'alarm',
  leak: 'alarm',
  emergency: 'alarm',
  sos: 'alarm',
  help: 'alarm',
  intrusion: 'alarm',
  trapped: 'alarm',
  forced: 'alarm',
  fault: 'fault',
  error: 'fault',
  failure: 'fault',
  failed: 'fault',
  tripped: 'fault',
  jammed: 'fault',
  blocked: 'fault',
}

/** Whether a state of this key is a fault or an alarm. */
export function isFaultState(key: string): boolean {
  return key in SEVERITY_BY_STATE
}

/** A device that says of itself that something is wrong. */
export interface Fault {
  readonly point: PointInfo
  readonly state: string
  readonly severity: Severity
  /** When it began as far as this page saw, ms since 1970 UTC. */
  readonly sinceMs: number
}

/** Follows the points that can tell of a fault, incrementally. */
export class FaultWatch {
  private readonly watched = new Map<number, PointInfo>()
  private readonly active = new Map<number, Fault>()

  constructor(points: readonly PointInfo[]) {
    for (const point of points) {
      if (point.states.some((state) => state.key in SEVERITY_BY_STATE)) this.watched.set(point.pointIndex, point)
    }
  }

  /** Take in changed points; whether the list of faults is another now. */
  update(changed: Iterable<number>, columns: LiveColumns): boolean {
    let differs = false
    for (const index of changed) {
      const point = this.watched.get(index)
      if (point !== undefined) differs = this.follow(point, columns) || differs
    }
    return differs
  }

  /** Alarms first, then the newest first. */
  list(): Fault[] {
    const rank = (fault: Fault): number => (fault.severity === 'alarm' ? 0 : 1)
    return [...this.active.values()].sort(
      (a, b) => rank(a) - rank(b) || b.sinceMs - a.sinceMs || a.point.pointIndex - b.point.pointIndex,
    )
  }

  private follow(point: PointInfo, columns: LiveColumns): boolean {
    const index = point.pointIndex
    // A device that falls silent in a fault has not been repaired: only a usable reading ends one.
    if (!isUsable(columns, index)) return false
    const state = point.states[Math.round(columns.value[index])]?.key ?? ''
    const severity = SEVERITY_BY_STATE[state] as Severity | undefined
    const known = this.active.get(index)
    if (severity === undefined) return this.active.delete(index)
    if (known?.state === state) return false
    this.active.set(index, { point, state, severity, sinceMs: columns.time[index] })
    return true
  }
}
