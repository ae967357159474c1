import { Quality } from '@/generated/wire'

/** What `applyFrame` needs of a decoded frame; arrays of equal length n. */
export interface SampleColumns {
  readonly time: number
  readonly pointIndex: Uint32Array
  readonly value: Float64Array
  readonly quality: Uint8Array
}

/** The newest sample of every point, by point_index. */
export interface LiveColumns {
  /** (points,) float64, in the point's unit; NaN where nothing was received. */
  readonly value: Float64Array
  /** (points,) float64, ms since 1970 UTC of the frame that brought it; NaN where nothing was received. */
  readonly time: Float64Array
  /** (points,) uint8, wire quality codes. */
  readonly quality: Uint8Array
}

/** Columns for `count` points, nothing received yet. */
export function emptyColumns(count: number): LiveColumns {
  return {
    value: new Float64Array(count).fill(Number.NaN),
    time: new Float64Array(count).fill(Number.NaN),
    quality: new Uint8Array(count).fill(Quality.Stale),
  }
}

/** Write a frame into the columns; gives the point indices that it touched, less those that do not exist here. */
export function applyFrame(columns: LiveColumns, frame: SampleColumns): Uint32Array {
  const known = columns.value.length
  const touched = new Uint32Array(frame.pointIndex.length)
  let count = 0
  for (const [position, point] of frame.pointIndex.entries()) {
    if (point >= known) continue
    columns.value[point] = frame.value[position] ?? Number.NaN
    columns.quality[point] = frame.quality[position] ?? Quality.Bad
    columns.time[point] = frame.time
    touched[count++] = point
  }
  return touched.subarray(0, count)
}

/** Forget the points that a snapshot does not hold; gives those that were known. */
export function forgetOthers(columns: LiveColumns, snapshot: SampleColumns): Uint32Array {
  const held = new Set(snapshot.pointIndex)
  const forgotten: number[] = []
  for (const [point, time] of columns.time.entries()) {
    if (Number.isNaN(time) || held.has(point)) continue
    columns.value[point] = columns.time[point] = Number.NaN
    columns.quality[point] = Quality.Stale
    forgotten.push(point)
  }
  return Uint32Array.from(forgotten)
}

/** Whether a point's value can be shown as the present one. */
export function isUsable(columns: LiveColumns, point: number): boolean {
  const quality = columns.quality[point]
  const value = columns.value[point]
  return value !== undefined && !Number.isNaN(value) && (quality === Quality.Good || quality === Quality.Simulated)
}
