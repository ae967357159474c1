import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'

import { NewestOnly } from '@/logic/newest'

import { actionsFor, byUrgency, countByPriority, PRIORITIES, type Alarm, type AlarmState } from './alarm'
import { poseOf } from './api'
import { chartOption } from './chart'
import { clustered } from './cluster'
import { applied } from './events'

const T0 = Date.UTC(2026, 2, 14)

function alarm(given: Partial<Alarm> = {}): Alarm {
  return {
    id: 'a',
    rule: 'smoke',
    names: { zh: '烟雾', en: 'Smoke' },
    message: { zh: '有烟', en: 'Smoke here' },
    priority: 'high',
    state: 'unacknowledged-active',
    device: 'D1',
    point: 'alarm',
    elementIndex: 4,
    spaceGuid: null,
    storeyGuid: null,
    value: 1,
    limit: null,
    unit: '1',
    occurrences: 1,
    raisedMs: T0,
    returnedMs: null,
    acknowledgedMs: null,
    acknowledgedBy: null,
    closedMs: null,
    shelvedUntilMs: null,
    shelveReason: '',
    ...given,
  }
}

function event(type: string, data: object = {}): Record<string, unknown> {
  return { type: `alarm.${type}`, time: new Date(T0 + 5000).toISOString(), actor: 'person:chen', data: { alarm: 'a', ...data } }
}

const RAISED = event('raised', {
  rule: 'smoke',
  name: { zh: '烟雾', en: 'Smoke' },
  message: { zh: '有烟', en: 'Smoke here' },
  priority: 'critical',
  state: 'unacknowledged-active',
  device: 'D1',
  point: 'alarm',
  element: 'guid',
  space: null,
  storey: null,
  value: 1,
  limit: null,
  unit: '1',
})

describe('the order of alarms', () => {
  it('puts the urgent first, of those what nobody has taken, of those the newest', () => {
    const list = [
      alarm({ id: 'low', priority: 'low' }),
      alarm({ id: 'old', priority: 'critical', raisedMs: T0 - 1 }),
      alarm({ id: 'taken', priority: 'critical', state: 'acknowledged-active' }),
      alarm({ id: 'new', priority: 'critical' }),
    ]
    expect(list.sort(byUrgency).map((each) => each.id)).toEqual(['new', 'old', 'taken', 'low'])
  })

  it('counts by priority what is not shelved', () => {
    expect(countByPriority([alarm(), alarm({ state: 'shelved' }), alarm({ priority: 'low' })])).toEqual({ critical: 0, high: 1, medium: 0, low: 1 })
  })

  it('offers something to do in every state but the last', () => {
    const states: AlarmState[] = ['unacknowledged-active', 'acknowledged-active', 'unacknowledged-returned', 'shelved', 'normal']
    expect(states.map((state) => actionsFor(alarm({ state })).length > 0)).toEqual([true, true, true, true, false])
  })
})

describe('the event stream', () => {
  const indexOf = (): number => 9
  const open = new Map([['a', alarm()]])

  it('brings a new alarm with its element', () => {
    const change = applied(new Map(), RAISED, indexOf)
    expect(change.raised).toMatchObject({ id: 'a', priority: 'critical', elementIndex: 9, raisedMs: T0 + 5000 })
    expect([...change.open.keys()]).toEqual(['a'])
  })

  it('carries an alarm through its states', () => {
    const taken = applied(open, event('acknowledged', { state: 'acknowledged-active' }), indexOf).open.get('a')
    expect(taken).toMatchObject({ state: 'acknowledged-active', acknowledgedBy: 'person:chen', acknowledgedMs: T0 + 5000 })
    const returned = applied(open, event('returned', { state: 'unacknowledged-returned' }), indexOf).open
    expect(returned.get('a')?.returnedMs).toBe(T0 + 5000)
    const again = applied(returned, { ...RAISED, data: { ...(RAISED.data as object), value: 2 } }, indexOf).open.get('a')
    expect(again).toMatchObject({ occurrences: 2, returnedMs: null, value: 2, raisedMs: T0 })
    expect(applied(open, event('closed'), indexOf).open.size).toBe(0)
  })

  it('does not announce what is shelved', () => {
    const shelved = new Map([['a', alarm({ state: 'shelved' })]])
    const again = { ...RAISED, data: { ...(RAISED.data as object), state: 'shelved' } }
    expect(applied(shelved, again, indexOf).raised).toBeNull()
  })

  it('leaves other events alone, and says when it has lost the thread', () => {
    expect(applied(open, { type: 'booking.created', data: {} }, indexOf).open).toBe(open)
    expect(applied(new Map(), event('acknowledged'), indexOf).stale).toBe(true)
    expect(applied(new Map(), event('closed'), indexOf).stale).toBe(false)
  })
})

describe('clusters of pins', () => {
  const placed = fc.array(fc.record({ item: fc.nat(), x: fc.integer({ min: -50, max: 800 }), y: fc.integer({ min: 0, max: 600 }) }))

  it('hold every pin once, and none of them are near each other', () => {
    fc.assert(
      fc.property(placed, (pins) => {
        const groups = clustered(pins, 36)
        expect(groups.flatMap((group) => group.items).sort()).toEqual(pins.map((pin) => pin.item).sort())
        for (const [index, a] of groups.entries()) {
          for (const b of groups.slice(index + 1)) expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThanOrEqual(36)
        }
      }),
    )
  })

  it('begin with what was given first', () => {
    const [group] = clustered([{ item: 'urgent', x: 10, y: 10 }, { item: 'other', x: 20, y: 10 }], 36)
    expect(group).toEqual({ x: 10, y: 10, items: ['urgent', 'other'] })
  })
})

describe("a camera's pose", () => {
  it('looks along its yaw and pitch', () => {
    const { position, target } = poseOf({ position: [1, 2, 3], yaw_deg: 90, pitch_deg: -90, range_m: 4 })
    expect(position).toEqual([1, 2, 3])
    for (const [axis, expected] of [1, 2, -1].entries()) expect(target[axis]).toBeCloseTo(expected)
    expect(poseOf({ position: [0, 0, 0], yaw_deg: 0, pitch_deg: 0, range_m: 40 }).target[0]).toBe(6)
  })
})

describe('the chart', () => {
  it('shows the limit though no sample comes near it, and shades the alarm', () => {
    const option = chartOption({
      curve: { time: [T0, T0 + 1000], value: [20, Number.NaN] },
      fromMs: T0,
      toMs: T0 + 2000,
      limit: 30,
      raisedMs: T0 - 5000,
      untilMs: null,
      stepped: false,
      states: [],
      valueText: String,
      timeText: String,
      colours: { line: '#111', text: '#222', grid: '#333', alarm: '#444' },
      fontPx: 12,
    })
    const axis = option.yAxis as { min: number; max: number }
    expect(axis.min).toBeLessThan(20)
    expect(axis.max).toBeGreaterThan(30)
    const [series] = option.series as { data: unknown; markArea: { data: unknown } }[]
    expect(series.data).toEqual([[T0, 20], [T0 + 1000, null]])
    expect(series.markArea.data).toEqual([[{ xAxis: T0 }, { xAxis: T0 + 2000 }]])
  })
})

describe('NewestOnly', () => {
  it('runs one at a time and the newest of those that wait', async () => {
    vi.useFakeTimers()
    const done: number[] = []
    const runner = new NewestOnly<number>((value) => Promise.resolve(void done.push(value)), 100)
    for (const value of [1, 2, 3]) runner.ask(value)
    await vi.advanceTimersByTimeAsync(500)
    expect(done).toEqual([1, 3])
    runner.ask(4)
    await vi.advanceTimersByTimeAsync(500)
    expect(done).toEqual([1, 3, 4])
    vi.useRealTimers()
  })
})

it('has colours and words for every priority', async () => {
  const { messages } = await import('./messages')
  for (const priority of PRIORITIES) expect(messages.en.priority).toHaveProperty(priority)
})
