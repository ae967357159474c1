import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { boxCorners, elementPose, frameBox, groundHeight, isBox, presetPose, storeyBox, storeyCut, storeyPose, unionBox, viewDirection } from './framing'
import type { Lens } from './framing'
import type { Box, CameraPose, Point3, ViewPreset } from './types'

const LENS: Lens = { fovDeg: 34, aspect: 1.6 }
const coordinate = fc.double({ min: -500, max: 500, noNaN: true })
const length = fc.double({ min: 0.05, max: 300, noNaN: true })
const boxes: fc.Arbitrary<Box> = fc
  .tuple(coordinate, coordinate, coordinate, length, length, length)
  .map(([x, y, z, a, b, c]) => ({ min: [x, y, z], max: [x + a, y + b, z + c] }))

const minus = (a: Point3, b: Point3): Point3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
const dot = (a: Point3, b: Point3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
const cross = (a: Point3, b: Point3): Point3 => [
  a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0],
]
const unit = (a: Point3): Point3 => a.map((v) => v / Math.hypot(...a)) as unknown as Point3

/** A point in the picture, -1..1 on both axes, by an independent pinhole projection. */
function project(p: Point3, pose: CameraPose, lens: Lens): [number, number, number] {
  const forward = unit(minus(pose.target, pose.position))
  const right = unit(cross(forward, [0, 0, 1]))
  const up = cross(right, forward)
  const v = minus(p, pose.position)
  const depth = dot(v, forward)
  const tan = Math.tan((lens.fovDeg * Math.PI) / 360)
  return [dot(v, right) / depth / tan / lens.aspect, dot(v, up) / depth / tan, depth]
}

describe('frameBox', () => {
  it('keeps every corner in the picture, and fills it in one direction', () => {
    const altitude = fc.double({ min: -60, max: 85, noNaN: true })
    const azimuth = fc.double({ min: -180, max: 180, noNaN: true })
    const aspect = fc.double({ min: 0.4, max: 4, noNaN: true })
    fc.assert(
      fc.property(boxes, azimuth, altitude, aspect, (box, a, h, ratio) => {
        const lens = { fovDeg: 34, aspect: ratio }
        const pose = frameBox(box, viewDirection(a, h), lens)
        const seen = boxCorners(box).map((c) => project(c, pose, lens))
        for (const [x, y, depth] of seen) {
          expect(depth).toBeGreaterThan(0)
          expect(Math.abs(x)).toBeLessThanOrEqual(1)
          expect(Math.abs(y)).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  it('fills most of the picture in one direction', () => {
    const box: Box = { min: [0, 0, 0], max: [60, 30, 15] }
    const pose = frameBox(box, viewDirection(-62, 27), LENS)
    const seen = boxCorners(box).map((c) => project(c, pose, LENS))
    const span = (axis: 0 | 1): number => Math.max(...seen.map((p) => p[axis])) - Math.min(...seen.map((p) => p[axis]))
    expect(Math.max(span(0), span(1))).toBeGreaterThan(1.7)
  })
})

describe('presets', () => {
  const bounds: Box = { min: [-10, -20, -4], max: [30, 25, 18] }
  it('stand on the side that they name, above the ground', () => {
    const side: Record<ViewPreset, (d: Point3) => boolean> = {
      home: (d) => d[1] < 0 && d[2] > 0,
      top: (d) => d[2] > 10 * Math.abs(d[0]),
      north: (d) => d[1] > Math.abs(d[0]),
      south: (d) => -d[1] > Math.abs(d[0]),
      east: (d) => d[0] > Math.abs(d[1]),
      west: (d) => -d[0] > Math.abs(d[1]),
    }
    for (const [preset, isRight] of Object.entries(side)) {
      const pose = presetPose(preset as ViewPreset, [bounds], 0, LENS)
      expect(isRight(minus(pose.position, pose.target)), preset).toBe(true)
      expect(pose.position[2], preset).toBeGreaterThan(0)
    }
  })

  it('come nearer where a tower stands on a wide, low plaza than where the box of both is full', () => {
    const plaza: Box = { min: [-60, -60, 0], max: [60, 60, 1] }
    const tower: Box = { min: [20, 20, 0], max: [40, 40, 50] }
    const distance = (boxes: Box[]): number => {
      const pose = presetPose('home', boxes, 0, LENS)
      return Math.hypot(...minus(pose.position, pose.target))
    }
    expect(distance([plaza, tower])).toBeLessThan(distance([unionBox([plaza, tower])!]) * 0.95)
  })

  it('leave a basement out, unless there is nothing else', () => {
    const cellar: Box = { min: [-100, -100, -5], max: [100, 100, -1] }
    expect(presetPose('home', [bounds, cellar], 0, LENS)).toEqual(presetPose('home', [bounds], 0, LENS))
    expect(presetPose('home', [cellar], 0, LENS).position.every(Number.isFinite)).toBe(true)
  })

  it('look at a storey from above it', () => {
    const storey = { index: 1, elevationM: 4, heightM: 3.5 }
    const pose = storeyPose(storey, [storeyBox(storey, bounds)], LENS)
    expect(pose.position[2]).toBeGreaterThan(7.5)
    expect(pose.target[2]).toBeGreaterThan(-4)
  })

  it('frame a storey by its pieces up to the cut, not by what rises above it', () => {
    const storey = { index: 1, elevationM: 4, heightM: 3.5 }
    const room: Box = { min: [0, 0, 4], max: [8, 6, 7.5] }
    const shaft: Box = { min: [1, 1, -4], max: [2, 2, 40] }
    expect(storeyPose(storey, [room, shaft], LENS)).toEqual(storeyPose(storey, [room], LENS))
    const away = (pose: CameraPose): number => Math.hypot(...minus(pose.position, pose.target))
    expect(away(storeyPose(storey, [room], LENS))).toBeLessThan(away(storeyPose(storey, [storeyBox(storey, bounds)], LENS)))
  })

  it('look at a room steeply, so that its floor is seen', () => {
    const from: CameraPose = { position: [100, 0, 20], target: [0, 0, 0] }
    const steep = (half: number): number => {
      const { position, target } = elementPose({ min: [-half, -half, 0], max: [half, half, 3] }, from, LENS)
      const [x, y, z] = minus(position, target)
      return Math.atan2(z!, Math.hypot(x!, y!))
    }
    expect(steep(6)).toBeGreaterThan(steep(0.2) + 0.2)
  })

  it('look at an element from the side where the camera is', () => {
    const from: CameraPose = { position: [100, 0, 20], target: [0, 0, 0] }
    const pose = elementPose({ min: [0, -0.2, 1], max: [0.4, 0.2, 1.4] }, from, LENS)
    expect(pose.position[0]).toBeGreaterThan(1)
    expect(Math.hypot(...minus(pose.position, pose.target))).toBeLessThan(20)
  })
})

describe('heights', () => {
  it('put the ground at zero where there is a basement, else under the model', () => {
    const [basement, ground] = [{ index: 1, elevationM: -3, heightM: 3 }, { index: 2, elevationM: 0, heightM: 3 }]
    expect(groundHeight({ min: [0, 0, -4], max: [9, 9, 20] }, [basement!, ground!])).toBe(0)
    expect(groundHeight({ min: [0, 0, -4], max: [9, 9, 20] }, [ground!])).toBe(0)
    expect(groundHeight({ min: [0, 0, -1.2], max: [9, 9, 20] }, [{ index: 1, elevationM: 0.3, heightM: 3 }])).toBe(0.3)
    expect(groundHeight({ min: [0, 0, -1.2], max: [9, 9, 20] }, [{ index: 1, elevationM: 400, heightM: 3 }])).toBe(-1.2)
    expect(groundHeight({ min: [0, 0, 12], max: [9, 9, 20] }, [])).toBe(12)
    expect(groundHeight({ min: [0, 0, 2], max: [9, 9, 20] }, [basement!])).toBe(2)
  })

  it('cut a storey inside its height', () => {
    fc.assert(
      fc.property(fc.double({ min: -20, max: 90, noNaN: true }), fc.double({ min: 1, max: 20, noNaN: true }), (elevationM, heightM) => {
        const cut = storeyCut({ index: 0, elevationM, heightM })
        expect(cut).toBeGreaterThan(elevationM)
        expect(cut).toBeLessThan(elevationM + heightM)
      }),
    )
  })
})

describe('boxes', () => {
  it('unite', () => {
    expect(unionBox([])).toBeNull()
    expect(unionBox([{ min: [0, 0, 0], max: [1, 1, 1] }, { min: [-1, 2, 0.5], max: [0, 3, 4] }])).toEqual({
      min: [-1, 0, 0], max: [1, 3, 4],
    })
  })
  it('with NaN are none', () => {
    expect(isBox({ min: [NaN, 0, 0], max: [1, 1, 1] })).toBe(false)
    expect(isBox({ min: [2, 0, 0], max: [1, 1, 1] })).toBe(false)
    expect(isBox({ min: [0, 0, 0], max: [0, 1, 1] })).toBe(true)
  })
})
