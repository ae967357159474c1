import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EarlyTiles, firstLevel } from './earlyTiles'
import type { TileJson } from './tiles'

const volume = { boundingVolume: { box: [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1] } }
const leaf = (uri: string, extras: TileJson['extras'] = {}): TileJson => ({ ...volume, geometricError: 0, content: { uri }, extras })
const root: TileJson = {
  ...volume,
  geometricError: 50,
  children: [
    {
      ...volume,
      geometricError: 50,
      children: [leaf('tiles/walls.glb'), { ...volume, geometricError: 6, children: [leaf('tiles/chairs.glb')] }],
    },
    { ...volume, geometricError: 50, extras: { kind: 'spaces' }, children: [leaf('tiles/rooms.glb', { kind: 'spaces' })] },
  ],
}
const isBuilding = (tile: TileJson): boolean => tile.extras?.kind !== 'spaces'

describe('firstLevel', () => {
  it('takes what no error holds back and the first picture wants', () => {
    expect(firstLevel(root, isBuilding)).toEqual(['tiles/walls.glb'])
    expect(firstLevel(root, () => true)).toEqual(['tiles/walls.glb', 'tiles/rooms.glb'])
    expect(firstLevel(leaf('all.glb'), isBuilding)).toEqual(['all.glb'])
  })
})

describe('EarlyTiles', () => {
  const asked: string[] = []
  let answer: (url: string) => Response

  beforeEach(() => {
    asked.length = 0
    answer = (url) => (url.includes('tileset') ? Response.json({ root }) : new Response('tile'))
    vi.stubGlobal('fetch', (url: string) => {
      asked.push(new URL(url, document.baseURI).pathname)
      return Promise.resolve(answer(url))
    })
  })
  afterEach(() => vi.unstubAllGlobals())

  it('asks for the first level before the renderer does, and once', async () => {
    const early = new EarlyTiles('/tiles/tileset.json?revision=1', isBuilding)
    expect(await (await early.fetchData('/tiles/tileset.json?revision=1'))!.json()).toEqual({ root })
    await vi.waitFor(() => expect(asked).toEqual(['/tiles/tileset.json', '/tiles/tiles/walls.glb']))
    const tile = new URL('/tiles/tiles/walls.glb', document.baseURI).href
    expect(await (await early.fetchData(tile))!.text()).toBe('tile')
    expect(early.fetchData(tile)).toBeNull()
    expect(early.fetchData(tile.replace('walls', 'chairs'))).toBeNull()
    expect(asked).toHaveLength(2)
  })

  it('asks again where the early answer was an error', async () => {
    answer = () => new Response('', { status: 503 })
    const early = new EarlyTiles('/tiles/tileset.json', isBuilding)
    answer = () => Response.json({ root })
    expect((await early.fetchData('/tiles/tileset.json'))!.ok).toBe(true)
    expect(asked).toEqual(['/tiles/tileset.json', '/tiles/tileset.json'])
  })
})
