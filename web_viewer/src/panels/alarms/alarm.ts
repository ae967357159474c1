import type { Names } from '@/net/types'

/** Most urgent first. */
export const PRIORITIES = ['critical', 'high', 'medium', 'low'] as const
export type Priority = (typeof PRIORITIES)[number]

/** ISA-18.2's states; `normal` is over. */
export type AlarmState = 'unacknowledged-active' | 'acknowledged-active' | 'unacknowledged-returned' | 'shelved' | 'normal'

/** An alarm; times are ms since 1970 UTC, null where it has not come to that. */
export interface Alarm {
  readonly id: string
  readonly rule: string
  readonly names: Names
  readonly message: Names
  readonly priority: Priority
  readonly state: AlarmState
  readonly device: string
  readonly point: string
  /** -1: bound to no element. */
  readonly elementIndex: number
  readonly spaceGuid: string | null
  readonly storeyGuid: string | null
  readonly value: number | null
  readonly limit: number | null
  readonly unit: string
  readonly occurrences: number
  readonly raisedMs: number
  readonly returnedMs: number | null
  readonly acknowledgedMs: number | null
  readonly acknowledgedBy: string | null
  readonly closedMs: number | null
  readonly shelvedUntilMs: number | null
  readonly shelveReason: string
}

/** What happened to an alarm. */
export interface AlarmEvent {
  readonly id: string
  readonly timeMs: number
  readonly type: string
  readonly actor: string
  readonly comment: string
}

/** A camera that sees the alarm's element. */
export interface AlarmCamera {
  readonly device: string
  readonly names: Names
  readonly distanceM: number
}

/** All that is known of an alarm. */
export interface AlarmDetail {
  readonly alarm: Alarm
  readonly events: readonly AlarmEvent[]
  readonly cameras: readonly AlarmCamera[]
}

/** Colours of priorities, the same in both themes, as the model is lit alike. */
export const PRIORITY_COLOURS: Readonly<Record<Priority, string>> = {
  critical: '#d7263d',
  high: '#ef6c1a',
  medium: '#e0a100',
  low: '#3a8fd6',
}

const ATTENTION: Readonly<Record<AlarmState, number>> = {
  'unacknowledged-active': 0,
  'unacknowledged-returned': 1,
  'acknowledged-active': 2,
  shelved: 3,
  normal: 4,
}

/** Whether nobody has taken it yet. */
export function isUnacknowledged({ state }: Pick<Alarm, 'state'>): boolean {
  return state === 'unacknowledged-active' || state === 'unacknowledged-returned'
}

/** Most urgent first, of those what nobody has taken, of those the newest. */
export function byUrgency(a: Alarm, b: Alarm): number {
  return (
    PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) ||
    ATTENTION[a.state] - ATTENTION[b.state] ||
    b.raisedMs - a.raisedMs ||
    (a.id < b.id ? 1 : -1)
  )
}

/** How many alarms of each priority; shelved ones do not count. */
export function countByPriority(alarms: readonly Alarm[]): Record<Priority, number> {
  const counts: Record<Priority, number> = { critical: 0, high: 0, medium: 0, low: 0 }
  for (const alarm of alarms) if (alarm.state !== 'shelved') counts[alarm.priority]++
  return counts
}

/** What a person can do with an alarm in a state. */
export function actionsFor(alarm: Alarm): readonly ('acknowledge' | 'shelve' | 'unshelve' | 'close')[] {
  switch (alarm.state) {
    case 'unacknowledged-active':
      return ['acknowledge', 'shelve']
    case 'acknowledged-active':
      return ['shelve']
    case 'unacknowledged-returned':
      return ['close', 'shelve']
    case 'shelved':
      return ['unshelve']
    case 'normal':
      return []
  }
}
