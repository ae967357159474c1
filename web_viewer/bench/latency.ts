import { LiveConnection, liveUrl } from '@/net/live'
import { LiveStream } from '@/net/stream'
import type { LiveColumns } from '@/net/columns'
import type { PointInfo } from '@/net/types'

/** What `benchmarks/latency.py` reads: ages in ms of samples when they were in the columns, newest run. */
interface Measured {
  ages: number[]
  frames: number
  link: string
  points: number
  faults: string[]
}

declare global {
  interface Window {
    __latency: Measured
  }
}

const measured: Measured = { ages: [], frames: 0, link: 'connecting', points: 0, faults: [] }
window.__latency = measured

/** Values are the times at which they were published; what is smaller is none. */
const LEAST_TIME = 1e12

function note(changed: Uint32Array, columns: LiveColumns): void {
  const now = performance.timeOrigin + performance.now()
  measured.frames++
  for (const point of changed) {
    const sent = columns.value[point]
    if (sent !== undefined && sent > LEAST_TIME) measured.ages.push(now - sent)
  }
}

async function fetchPoints(): Promise<readonly PointInfo[]> {
  const answer = await fetch('/api/points')
  const page = (await answer.json()) as { items: readonly PointInfo[] }
  measured.points = page.items.length
  return page.items
}

const onFault = (error: unknown): void => {
  measured.faults.push(String(error))
}
const stream = new LiveStream(
  { onSamples: note, onPoints: () => undefined, onFault },
  fetchPoints,
  () => performance.now(),
)
new LiveConnection(() => liveUrl(window.location, stream.place()), {
  onState: (state) => {
    measured.link = state
  },
  onHello: (hello) => {
    void stream.begin(hello)
  },
  onFrame: (data) => {
    stream.receive(data)
  },
  onEvent: () => undefined,
  onFault,
}).start()
