import { describe, expect, it } from 'vitest'

import { liftRoute } from '../fixture'

import { continues, focusOf, pathOf, signatureOf, sliced, storeysOfStep } from './path'

const route = liftRoute()
const path = pathOf(route)

describe('a way laid out', () => {
  it('counts a lift by its height, so that instructions keep their order', () => {
    expect(path.length).toBeCloseTo(24)
    expect(path.steps).toEqual([0, 10, 22, 24])
  })

  it('shows on each storey what lies there', () => {
    expect(sliced(path, 'storey-1', 0, 24).map((piece) => piece.points)).toEqual([[[0, 0], [10, 0]]])
    expect(sliced(path, 'storey-3', 0, 24).map((piece) => piece.points)).toEqual([[[10, 0], [10, 5]]])
    expect(sliced(path, 'storey-2', 0, 24)).toEqual([])
  })

  it('cuts between two instructions', () => {
    expect(sliced(path, 'storey-3', 22, 24).map((piece) => piece.points)).toEqual([[[10, 3], [10, 5]]])
    expect(sliced(path, 'storey-1', 4, 6).map((piece) => piece.points)).toEqual([[[4, 0], [6, 0]]])
  })

  it('cuts a stair by its line on the plan, though its length counts the climb', () => {
    const stair = liftRoute()
    stair.legs[1] = { ...stair.legs[1], kind: 'stair', polyline: [[10, 0, 0], [14, 0, 3]] }
    const [piece] = sliced(pathOf(stair), 'storey-1', 10, 12.5).filter((each) => each.kind === 'stair')
    expect(piece.points[1][0]).toBeCloseTo(12)
  })

  it('marks where a storey is left and reached', () => {
    expect(path.changes).toEqual([
      { kind: 'lift', fromStorey: 'storey-1', toStorey: 'storey-3', leaves: [10, 0], lands: [10, 0], up: true },
    ])
  })
})

describe('what the map shows at an instruction', () => {
  it('is the stretch to the next one, and its direction', () => {
    expect(focusOf(route, path, 0, false)).toEqual({ storey: 'storey-1', points: [[0, 0], [10, 0]], heading: 0 })
  })

  it('is the way to the lift, then the way out of it', () => {
    expect(storeysOfStep(route, 1)).toEqual({ before: 'storey-1', after: 'storey-3' })
    expect(focusOf(route, path, 1, false)).toMatchObject({ storey: 'storey-1', points: [[2, 0], [10, 0]] })
    const after = focusOf(route, path, 1, true)
    expect(after).toMatchObject({ storey: 'storey-3', points: [[10, 0], [10, 3]] })
    expect(after.heading).toBeCloseTo(Math.PI / 2)
  })

  it('is the end at last', () => {
    expect(focusOf(route, path, 3, false).points.at(-1)).toEqual([10, 5])
  })

  it('is the spot itself where the way has no length', () => {
    const here = liftRoute()
    here.legs = [{ ...here.legs[0], polyline: [[1, 1, 0], [1, 1, 0]] }]
    here.steps = [{ ...here.steps[0], position: [1, 1, 0] }]
    expect(focusOf(here, pathOf(here), 0, false)).toEqual({ storey: 'storey-1', points: [[1, 1]], heading: null })
  })
})

describe('a way asked for again', () => {
  it('is the same when it goes the same way', () => {
    expect(signatureOf(liftRoute())).toBe(signatureOf(route))
    const other = liftRoute()
    other.legs[0] = { ...other.legs[0], polyline: [[0, 0, 0], [5, 3, 0], [10, 0, 0]] }
    expect(signatureOf(other)).not.toBe(signatureOf(route))
  })

  it('goes on when it passes the doors that remained', () => {
    const rest = liftRoute()
    rest.portals = rest.portals.slice(1)
    expect(continues(route, rest)).toBe(true)
    rest.portals = [{ ...rest.portals[0], guid: 'detour' }]
    expect(continues(route, rest)).toBe(false)
  })
})
