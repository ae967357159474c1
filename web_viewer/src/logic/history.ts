/** Samples kept of each point: ten minutes at the least gap of two and a half seconds. */
const CAPACITY = 240

/** Times and values of a point, oldest first. */
export interface Series {
  /** (n,) float64, ms since 1970 UTC, ascending. */
  readonly time: Float64Array
  /** (n,) float64, unit of the point. */
  readonly value: Float64Array
}

interface Ring {
  readonly time: Float64Array
  readonly value: Float64Array
  next: number
  length: number
}

/**
 * What each point measured since the page was opened, for sparklines. Rings are made on a point's first change,
 * and samples closer than the least gap replace each other, so that memory stays bounded on a page open for weeks.
 */
export class PointHistory {
  private readonly rings = new Map<number, Ring>()
  private beginMs = Number.NaN
  private beginning = new Float64Array(0)

  /** @param leastGapMs server milliseconds between kept samples; a fast simulation needs longer ones. */
  constructor(private readonly leastGapMs = 1000) {}

  /** Begin anew with what all points read at a moment; `(points,)` values, copied, NaN where nothing is known. */
  begin(timeMs: number, value: Float64Array): void {
    this.rings.clear()
    this.beginMs = timeMs
    this.beginning = value.slice()
  }

  record(point: number, timeMs: number, value: number): void {
    if (Number.isNaN(value) || Number.isNaN(timeMs)) return
    const ring = this.ringOf(point)
    const last = (ring.next + CAPACITY - 1) % CAPACITY
    const before = (ring.next + CAPACITY - 2) % CAPACITY
    if (ring.length > 1 && ring.time[last] - ring.time[before] < this.leastGapMs) {
      ring.time[last] = timeMs
      ring.value[last] = value
      return
    }
    ring.time[ring.next] = timeMs
    ring.value[ring.next] = value
    ring.next = (ring.next + 1) % CAPACITY
    ring.length = Math.min(CAPACITY, ring.length + 1)
  }

  /** A copy of what is known of a point, empty for a silent one. */
  series(point: number): Series {
    const ring = this.rings.get(point)
    if (ring === undefined) {
      const first = this.firstOf(point)
      return Number.isNaN(first) ? { time: new Float64Array(0), value: new Float64Array(0) } : { time: Float64Array.of(this.beginMs), value: Float64Array.of(first) }
    }
    return { time: unrolled(ring, ring.time), value: unrolled(ring, ring.value) }
  }

  clear(): void {
    this.begin(Number.NaN, new Float64Array(0))
  }

  private ringOf(point: number): Ring {
    let ring = this.rings.get(point)
    if (ring === undefined) {
      ring = { time: new Float64Array(CAPACITY), value: new Float64Array(CAPACITY), next: 0, length: 0 }
      this.rings.set(point, ring)
      const first = this.firstOf(point)
      if (!Number.isNaN(first)) {
        ring.time[0] = this.beginMs
        ring.value[0] = first
        ring.next = ring.length = 1
      }
    }
    return ring
  }

  private firstOf(point: number): number {
    return this.beginning.at(point) ?? Number.NaN
  }
}

function unrolled(ring: Ring, column: Float64Array): Float64Array {
  if (ring.length < CAPACITY) return column.slice(0, ring.length)
  const out = new Float64Array(CAPACITY)
  out.set(column.subarray(ring.next))
  out.set(column.subarray(0, ring.next), CAPACITY - ring.next)
  return out
}

/**
 * An SVG path through a series in a box of `width` by `height`; steps for enumerations. Empty for fewer than
 * two samples. A value lasts until the next one, and the last until `untilMs`.
 */
export function sparkPath(series: Series, width: number, height: number, untilMs: number, stepped: boolean): string {
  const count = series.time.length
  if (count < 2) return ''
  const from = series.time[0]
  // Before the server's time is known `untilMs` is NaN.
  const until = untilMs > series.time[count - 1] ? untilMs : series.time[count - 1]
  const low = Math.min(...series.value)
  const span = Math.max(...series.value) - low
  const x = (time: number): string => (((time - from) / Math.max(1, until - from)) * width).toFixed(1)
  const y = (value: number): string => (span > 0 ? height - ((value - low) / span) * height : height / 2).toFixed(1)
  const parts = [`M${x(from)} ${y(series.value[0])}`]
  for (let index = 1; index < count; index++) {
    if (stepped) parts.push(`H${x(series.time[index])}V${y(series.value[index])}`)
    else parts.push(`L${x(series.time[index])} ${y(series.value[index])}`)
  }
  return `${parts.join('')}H${x(until)}`
}
