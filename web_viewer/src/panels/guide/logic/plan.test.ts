import { describe, expect, it } from 'vitest'

import { hallPlan, place } from '../fixture'

import { labelAt, placedLabels } from './labels'
import { ringArea, roomAt, shapesOf } from './plan'
import type { View } from './view'
import { brokenToFit, lengthText, minutesOf } from './words'

const ROOMS = [place('hall', { names: { zh: '羽毛球馆', en: 'Badminton hall' }, fn: 'badminton_hall' }), place('kiosk', { fn: 'shop' })]
const SIZE = { width: 400, height: 400 }
const measure = (text: string, fontPx: number): number => text.length * fontPx
const shapes = shapesOf(hallPlan(), ROOMS)

function view(scale: number, angle = 0): View {
  return { x: 10, y: 5, scale, angle }
}

describe('a plan', () => {
  it('has its rooms, large ones beneath, with the colour of what they are for', () => {
    expect(shapes.rooms.map((room) => [room.guid, room.group])).toEqual([['hall', 'sport'], ['kiosk', 'food']])
    expect(shapes.areas.wall).toHaveLength(1)
    expect(shapes.corners).toEqual([[0, 0], [20, 0], [20, 10], [0, 10]])
    expect(ringArea(shapes.rooms[1].rings[0])).toBe(16)
  })

  it('tells the innermost room at a point', () => {
    expect(roomAt(shapes, [3, 3])?.guid).toBe('kiosk')
    expect(roomAt(shapes, [15, 5])?.guid).toBe('hall')
    expect(roomAt(shapes, [30, 5])).toBeNull()
  })

  it('of a storey without rooms shows what there is', () => {
    const bare = shapesOf({ storey: 's', features: hallPlan().features.filter((each) => each.properties.kind === 'wall') }, [])
    expect(bare.rooms).toEqual([])
    expect(bare.corners).toEqual([[0, 0], [20, 0], [20, 0.2], [0, 0.2]])
    expect(shapesOf({ storey: 's', features: [] }, []).corners).toEqual([])
  })
})

describe('names on the plan', () => {
  const texts = (scale: number, angle = 0): string[] =>
    placedLabels(shapes, [], [], view(scale, angle), SIZE, 'zh-CN', measure).map((label) => label.lines.join(''))

  it('stand where they fit', () => {
    expect(texts(12)).toContain('羽毛球馆')
    expect(texts(1.5)).toEqual([])
  })

  it('stay upright, so that a turned room may be too narrow', () => {
    const [level] = placedLabels(shapes, [], [], view(5), SIZE, 'zh-CN', measure)
    const [upright] = placedLabels(shapes, [], [], view(5, Math.PI / 2), SIZE, 'zh-CN', measure)
    expect(level.lines).toHaveLength(1)
    expect(upright.lines).toEqual(['羽毛', '球馆'])
  })

  it('keep off the way', () => {
    const way = [[[10, 0], [10, 10]]] as const
    expect(placedLabels(shapes, [], way, view(12), SIZE, 'zh-CN', measure).map((label) => label.lines.join(''))).not.toContain('羽毛球馆')
  })

  it('do not lie on one another; an exit comes before a shop', () => {
    const pois = [place('shop', { kind: 'shop', position: [15, 5, 0], spaceGuid: null }), place('exit', { kind: 'exit', position: [15.2, 5, 0], spaceGuid: null })]
    const icons = placedLabels(shapes, pois, [], view(10), SIZE, 'zh-CN', measure).flatMap((label) => label.poi?.id ?? [])
    expect(icons).toEqual(['exit'])
  })

  it('can be hit by a finger', () => {
    const pois = [place('exit', { kind: 'exit', position: [15, 5, 0], spaceGuid: null })]
    const labels = placedLabels(shapes, pois, [], view(10), SIZE, 'zh-CN', measure)
    expect(labelAt(labels, [258, 205])?.poi?.id).toBe('exit')
    expect(labelAt(labels, [320, 205])).toBeNull()
  })
})

describe('words', () => {
  it('break a name into two lines at most', () => {
    const count = (text: string): number => text.length
    expect(brokenToFit('羽毛球馆', 4, count)).toEqual(['羽毛球馆'])
    expect(brokenToFit('武术跆拳道馆', 3, count)).toEqual(['武术跆', '拳道馆'])
    expect(brokenToFit('Table tennis hall', 12, count)).toEqual(['Table', 'tennis hall'])
    expect(brokenToFit('Gymnasium', 5, count)).toBeNull()
    expect(brokenToFit('', 5, count)).toBeNull()
  })

  it('say lengths as people do', () => {
    expect([lengthText(7.4, 'zh-CN'), lengthText(71, 'zh-CN'), lengthText(1234, 'en')]).toEqual(['7 米', '70 米', '1.2 km'])
    expect([minutesOf(10), minutesOf(100)]).toEqual([1, 2])
  })
})
