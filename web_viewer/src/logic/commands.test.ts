import { describe, expect, it } from 'vitest'

import { byPoint, unmetBy, type Command } from './commands'

function command(state: Command['state'], value = 1): Command {
  return { id: 'c', device: 'L-01', point: 'switch', value, reported: 0, state, fault: '', fault_reason: null, fault_named: {}, actor: 'person:lin', reason: '', sent: '', decided: null, event: 'e' }
}

describe('unmetBy', () => {
  it('tells what is awaited and what failed', () => {
    expect(unmetBy(command('sent'), 0, [0, 1], true)).toEqual({ state: 'pending', desired: 1, reported: 0 })
    expect(unmetBy(command('failed'), 0, [0, 1], true)).toEqual({ state: 'failed', desired: 1, reported: 0 })
    expect(unmetBy(command('failed'), Number.NaN, [0, 1], true)?.reported).toBeNaN()
  })

  it('says nothing where the device does as it was told, or was told nothing', () => {
    expect(unmetBy(undefined, 0, null, true)).toBeNull()
    expect(unmetBy(command('confirmed'), 0, null, true), 'it obeyed once; what it does now is its own').toBeNull()
    expect(unmetBy(command('sent'), 1, [0, 1], true)).toBeNull()
    expect(unmetBy(command('failed'), 1, [0, 1], true)).toBeNull()
  })

  it('lets a device round what it was told', () => {
    expect(unmetBy(command('sent', 24), 24.2, [16, 36], false)).toBeNull()
    expect(unmetBy(command('sent', 24), 24.3, [16, 36], false)).not.toBeNull()
    expect(unmetBy(command('sent', 24), 24.3, null, false)).not.toBeNull()
  })
})

it('finds commands by point', () => {
  expect([...byPoint([command('sent')]).keys()]).toEqual(['L-01/switch'])
})
