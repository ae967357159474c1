import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import { useLayerStore } from '@/stores/layers'

import * as api from './api'
import { CHANGE_LAYER, changeLayer } from './changeLayer'
import { useChangesStore } from './store'

function row(kind: api.Kind, index: number | null): api.Difference {
  return { guid: `g${String(index)}${kind}`, name: 'a wall', class: 'IfcWall', kind, what: [], element_index: index, storey: null, box: null }
}

const ROWS = [row('added', 7), row('changed', 3), row('changed', 4), row('removed', null)]

beforeEach(() => {
  setActivePinia(createPinia())
})

describe('the layer of changes', () => {
  it('colours what is there, added green and changed amber, and counts what is gone', () => {
    const layer = changeLayer(ROWS)
    expect([...layer.rooms.indices]).toEqual([7, 3, 4])
    expect([...layer.rooms.rgba.slice(0, 8)]).toEqual([0x2e, 0x9e, 0x6b, 245, 0xe8, 0xa1, 0x3a, 245])
    const [legend] = layer.legend
    expect(legend.kind === 'states' && legend.states.map((state) => state.name.en)).toEqual(['Added 1', 'Changed 2', 'Removed (see the list) 1'])
  })

  it('leaves rooms as they are', () => {
    const layers = useLayerStore()
    layers.offer(changeLayer(ROWS))
    layers.choose(CHANGE_LAYER)
    expect(layers.active?.id).toBe(CHANGE_LAYER)
    expect(layers.paintsSpaces).toBe(false)
  })
})

describe('the list of changes', () => {
  it('is asked for once, and again after a failure', async () => {
    const content: api.Differences = { revision: 'b', previous: 'a', previous_file: 'old.ifc', counts: { added: 1, removed: 1, changed: 2 }, differences: ROWS }
    const fetched = vi.spyOn(api, 'fetchDifferences').mockRejectedValueOnce(new Error('away')).mockResolvedValue(content)
    const changes = useChangesStore()
    await changes.load()
    expect(changes.problem).not.toBe('')
    await changes.load()
    await changes.load()
    expect(fetched).toHaveBeenCalledTimes(2)
    expect(changes.byKind.map(({ kind, rows }) => [kind, rows.length])).toEqual([['added', 1], ['changed', 2], ['removed', 1]])
  })
})
