import fc from 'fast-check'
import { BufferAttribute, BufferGeometry, Group, InstancedBufferAttribute, InstancedMesh, Matrix4, Mesh } from 'three'
import { describe, expect, it } from 'vitest'
import { contentMask, envelopeMask, spaceMask } from './classes'
import { setDaylight, sunDirection } from './daylight'
import { Emitter } from './emitter'
import { localFromWorld, worldBox, worldFromLocal } from './frames'
import { createUniforms, LAYER_GLASS, LAYER_SOLID, LAYER_SPACE, TileMaterials } from './materials'
import { loadedElementBox } from './tileBoxes'
import type { BuildingTiles } from './tiles'
import { buildingBoxes, isWanted, prepareGeometry } from './tiles'
import type { ElementColumns } from './types'

describe('frames', () => {
  it('turn Z up into Y up and back', () => {
    const number = fc.double({ min: -1e4, max: 1e4, noNaN: true })
    fc.assert(
      fc.property(number, number, number, (x, y, z) => {
        expect(localFromWorld(worldFromLocal([x, y, z])).map((v) => v + 0)).toEqual([x, y, z].map((v) => v + 0))
      }),
    )
    expect(worldFromLocal([0, 0, 5]).toArray().map((v) => v + 0)).toEqual([0, 5, 0])
  })
  it('keep a box a box', () => {
    const box = worldBox({ min: [1, 2, 3], max: [4, 6, 9] })
    expect(box.min.toArray()).toEqual([1, 3, -6])
    expect(box.max.toArray()).toEqual([4, 9, -2])
  })
})

describe('class masks', () => {
  const columns: ElementColumns = {
    storey: new Int32Array(5).fill(-1),
    classIndex: Uint16Array.from([0, 1, 2, 3, 0]),
    classNames: ['IfcWallStandardCase', 'IfcSpace', 'IfcAirTerminal', 'IfcCurtainWall'],
  }
  it('tell envelope, spaces and contents apart', () => {
    expect([...envelopeMask(columns)]).toEqual([1, 0, 0, 1, 1])
    expect([...spaceMask(columns)]).toEqual([0, 1, 0, 0, 0])
    expect([...contentMask(columns)]).toEqual([0, 0, 1, 0, 0])
  })
})

describe('tile filter', () => {
  it('takes tiles of the isolated storey, tiles of none, and spaces only where shown', () => {
    const building = { kind: 'building' as const, storey: 7 }
    const none = { later: new Set<number>() }
    expect(isWanted(building, { ...none, spaces: false, storey: null })).toBe(true)
    expect(isWanted(building, { ...none, spaces: false, storey: 7 })).toBe(true)
    expect(isWanted(building, { ...none, spaces: false, storey: 8 })).toBe(false)
    expect(isWanted({ kind: 'building', storey: null }, { ...none, spaces: false, storey: 8 })).toBe(true)
    expect(isWanted({ kind: 'spaces', storey: 7 }, { ...none, spaces: false, storey: null })).toBe(false)
    expect(isWanted({ kind: 'spaces', storey: 7 }, { ...none, spaces: true, storey: 7 })).toBe(true)
    expect(isWanted(undefined, { ...none, spaces: false, storey: 3 })).toBe(true)
    expect(isWanted(building, { spaces: false, storey: null, later: new Set([7]) })).toBe(false)
  })
})

describe('buildingBoxes', () => {
  it('takes tiles with content, turned boxes too, and no spaces', () => {
    const box = [10, 20, 3, 5, 0, 0, 0, 6, 0, 0, 0, 3]
    const turned = [0, 0, 0, 0, 2, 0, -4, 0, 0, 0, 0, 1]
    const content = { uri: 'tile.glb' }
    const root = {
      boundingVolume: { box },
      geometricError: 1,
      children: [
        { boundingVolume: { box }, content, geometricError: 0, extras: { kind: 'building' as const, storey: 1 } },
        { boundingVolume: { box: turned }, content, geometricError: 0 },
        { boundingVolume: { box }, content, geometricError: 0, extras: { kind: 'spaces' as const } },
        { boundingVolume: {}, content, geometricError: 0 },
      ],
    }
    expect(buildingBoxes(root)).toEqual([
      { min: [5, 14, 0], max: [15, 26, 6] },
      { min: [-4, -2, -1], max: [4, 2, 1] },
    ])
  })
})

describe('prepareGeometry', () => {
  const geometry = (): BufferGeometry =>
    new BufferGeometry().setAttribute('position', new BufferAttribute(new Uint16Array(9), 3))

  it('takes ids per vertex and colours as they are', () => {
    const g = geometry()
    const ids = new BufferAttribute(Float32Array.from([5, 5, 16_777_214]), 1)
    const colours = new BufferAttribute(new Uint8Array(12).fill(128), 4, true)
    g.setAttribute('_feature_id_0', ids).setAttribute('color', colours)
    prepareGeometry(g)
    expect(g.getAttribute('elementId')).toBe(ids)
    expect(g.getAttribute('tint')).toBe(colours)
    expect(g.getAttribute('elementId').getX(2)).toBe(16_777_214)
    expect(g.hasAttribute('color')).toBe(false)
  })

  it('takes ids per instance', () => {
    const g = geometry()
    const ids = new InstancedBufferAttribute(Float32Array.from([3, 4]), 1)
    prepareGeometry(g.setAttribute('_FEATURE_ID_0', ids))
    expect(g.getAttribute('elementId')).toBe(ids)
  })

  it('fills in what a tile lacks', () => {
    const g = geometry()
    g.setAttribute('color', new BufferAttribute(new Float32Array(9).fill(0.5), 3))
    prepareGeometry(g)
    expect(g.getAttribute('elementId').getX(1)).toBe(-1)
    expect([0, 1, 2, 3].map((i) => g.getAttribute('tint').getComponent(2, i))).toEqual([0.5, 0.5, 0.5, 1])
  })
})

describe('loadedElementBox', () => {
  const mesh = (ids: BufferAttribute): Mesh => {
    const g = new BufferGeometry().setAttribute('position', new BufferAttribute(Float32Array.from([0, 0, 0, 1, 0, 0, 0, 2, 0]), 3))
    return new Mesh(g.setAttribute('elementId', ids))
  }
  const group = new Group()
  group.rotation.x = -Math.PI / 2
  const tilesOf = (...meshes: Mesh[]): BuildingTiles =>
    ({ renderer: { group }, forEachMesh: (visit: (m: Mesh) => void) => { meshes.forEach(visit) } }) as unknown as BuildingTiles

  it('finds vertices of a tile, shown or not, in the local frame', () => {
    const tile = new Group()
    tile.position.set(10, 20, 30)
    const body = mesh(new BufferAttribute(Float32Array.from([7, 7, 7]), 1))
    tile.add(body)
    for (const parent of [group, null]) {
      if (parent) parent.add(tile)
      else tile.removeFromParent()
      const box = loadedElementBox(tilesOf(body), 7)!
      expect(box.min.map((v) => Math.round(v * 1e6) / 1e6)).toEqual([10, 20, 30])
      expect(box.max.map((v) => Math.round(v * 1e6) / 1e6)).toEqual([11, 22, 30])
    }
    expect(loadedElementBox(tilesOf(body), 8)).toBeNull()
  })

  it('finds an instance alone', () => {
    const g = mesh(new InstancedBufferAttribute(Float32Array.from([3, 4]), 1)).geometry
    const both = new InstancedMesh(g, undefined, 2)
    both.setMatrixAt(0, new Matrix4().makeTranslation(0, 0, 0))
    both.setMatrixAt(1, new Matrix4().makeTranslation(0, 0, 5))
    expect(loadedElementBox(tilesOf(both), 4)!.min.map((v) => Math.round(v) + 0)).toEqual([0, 0, 5])
  })
})

describe('TileMaterials', () => {
  it('chooses by name, glass also by transparency', () => {
    const materials = new TileMaterials(createUniforms())
    expect(materials.forName('opaque', false).layer).toBe(LAYER_SOLID)
    expect(materials.forName('metal', false).material.uniforms.uMetalness!.value).toBeGreaterThan(0.5)
    expect(materials.forName('glass', true).layer).toBe(LAYER_GLASS)
    expect(materials.forName('space', true).layer).toBe(LAYER_SPACE)
    expect(materials.forName('whatever', true).layer).toBe(LAYER_GLASS)
    expect(materials.forName('', false).layer).toBe(LAYER_SOLID)
  })
  it('shares one value among all, so that setting it once sets it everywhere', () => {
    const uniforms = createUniforms()
    const materials = new TileMaterials(uniforms)
    uniforms.uClipHeight.value = 12
    expect(materials.id.uniforms.uClipHeight!.value).toBe(12)
    expect(materials.forName('glass', true).material.uniforms.uClipHeight!.value).toBe(12)
  })
})

describe('daylight', () => {
  it('puts the sun where the compass says', () => {
    const south = localFromWorld(sunDirection(180, 30))
    expect(south[1]).toBeCloseTo(-Math.cos(Math.PI / 6), 6)
    expect(south[2]).toBeCloseTo(0.5, 6)
    expect(localFromWorld(sunDirection(90, 0))[0]).toBeCloseTo(1, 6)
  })
  it('is brighter at noon than at dusk and at night, and never below the ground', () => {
    const uniforms = createUniforms()
    const sums = [50, 2, -30].map((altitude) => {
      setDaylight(uniforms, 180, altitude)
      expect(uniforms.uSunDirection.value.y).toBeGreaterThan(0)
      const { r, g, b } = uniforms.uSunColour.value
      return r + g + b
    })
    expect(sums[0]).toBeGreaterThan(sums[1]!)
    expect(sums[1]).toBeGreaterThan(sums[2]!)
  })
})

describe('Emitter', () => {
  it('tells listeners until they stop', () => {
    const emitter = new Emitter<{ a: number }>()
    const heard: number[] = []
    const stop = emitter.on('a', (v) => heard.push(v))
    emitter.emit('a', 1)
    stop()
    emitter.emit('a', 2)
    expect(heard).toEqual([1])
  })
})
