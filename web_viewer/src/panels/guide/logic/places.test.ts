import { describe, expect, it } from 'vitest'

import { place } from '../fixture'

import { chipsOf, CHIPS, findPlaces, groundStorey, guideStoreys, placeNamed, placesOfChip, spotAt, storeyAt, withRecent } from './places'

const PLACES = [
  place('badminton', { kind: 'sport', names: { zh: '羽毛球馆', en: 'Badminton hall' }, spaceGuid: 'S3' }),
  place('S3', { names: { zh: '羽毛球馆', en: 'Badminton hall' }, number: 'S3-01', fn: 'badminton_hall' }),
  place('wc_near', { kind: 'toilet', names: { zh: '女卫生间', en: "Women's toilet" }, position: [5, 0, 0] }),
  place('wc_above', { kind: 'toilet', names: { zh: '男卫生间', en: "Men's toilet" }, position: [1, 0, 4.5] }),
  place('shaft', { names: { zh: '羽毛球馆管井', en: 'Hall shaft' }, fn: 'shaft' }),
  place('store', { names: { zh: '羽毛球馆器材', en: 'Hall things' }, fn: 'lounge' }),
]
const storey = (position: number, zh: string, elevationM: number): Parameters<typeof guideStoreys>[0][number] => ({
  index: position, guid: `s${String(position)}`, code: '', names: { zh, en: zh }, position, elevationM, heightM: 4, elementCount: 1,
})

describe('finding places', () => {
  it('names a hall once, and puts what visitors do not enter last', () => {
    expect(findPlaces('羽毛球', PLACES).map((each) => each.id)).toEqual(['badminton', 'store', 'shaft'])
  })

  it('finds rooms by number, in either language, and facilities by what people call them', () => {
    expect(findPlaces('s3-01', PLACES).map((each) => each.id)).toEqual(['S3'])
    expect(findPlaces('badminton', PLACES)[0].id).toBe('badminton')
    expect(findPlaces('厕所', PLACES).map((each) => each.id)).toEqual(['wc_near', 'wc_above'])
    expect(findPlaces('  ', PLACES)).toEqual([])
  })

  it('shows the nearest of a kind first; a storey is farther than a corridor', () => {
    const toilets = CHIPS.find((chip) => chip.id === 'toilet')!
    expect(placesOfChip(toilets, PLACES, place('here')).map((each) => each.id)).toEqual(['wc_near', 'wc_above'])
    expect(placesOfChip(toilets, PLACES, place('here', { position: [0, 0, 4.5] })).map((each) => each.id)).toEqual(['wc_above', 'wc_near'])
  })

  it('offers only the kinds that the building has', () => {
    expect(chipsOf(PLACES).map((chip) => chip.id)).toEqual(['toilet', 'sport'])
  })
})

describe('a place in the URL', () => {
  it('is an id, a guid, a number or a position', () => {
    expect(placeNamed('badminton', PLACES)?.id).toBe('badminton')
    expect(placeNamed('S3-01', PLACES)?.id).toBe('S3')
    expect(placeNamed('1.5,2,0', PLACES)?.position).toEqual([1.5, 2, 0])
  })

  it('is nothing that the building has not', () => {
    expect(placeNamed('1,2', PLACES)).toBeNull()
    expect(placeNamed('1,2,up', PLACES)).toBeNull()
    expect(placeNamed('', PLACES)).toBeNull()
  })

  it('comes back as it was written', () => {
    const spot = spotAt([1.26, -2.04], 5.4, 's1', null)
    expect(placeNamed(spot.id, PLACES)?.position).toEqual(spot.position)
  })
})

describe('storeys', () => {
  const storeys = [storey(0, 'B1 地下车库', -5.1), storey(1, '1F 大厅', 0), storey(2, '二层健身与阅览区', 5.4)]

  it('have the names of a lift, highest first', () => {
    expect(guideStoreys(storeys).map((each) => each.button)).toEqual(['二层健身…', '1F', 'B1'])
  })

  it('begin at the ground', () => {
    expect(groundStorey(storeys)).toBe('s1')
    expect(groundStorey([])).toBeNull()
  })

  it('are found by height', () => {
    expect([storeyAt(storeys, 0), storeyAt(storeys, 5.3), storeyAt(storeys, -5.1), storeyAt(storeys, -30)]).toEqual(['s1', 's2', 's0', null])
  })
})

it('recent places are few, newest first, none twice', () => {
  expect(withRecent(['a', 'b', 'c'], 'b', 3)).toEqual(['b', 'a', 'c'])
  expect(withRecent(['a', 'b', 'c'], 'd', 3)).toEqual(['d', 'a', 'b'])
})
