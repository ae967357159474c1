/** Counts the bytes that tiles took over the wire, as the browser tells them. */
export class TileTraffic {
  private total = 0
  private readonly observer: PerformanceObserver | null = null

  /** @param tilesetUrl what lies in its folder counts. */
  constructor(tilesetUrl: string) {
    if (typeof PerformanceObserver === 'undefined') return
    const folder = new URL('.', new URL(tilesetUrl, document.baseURI)).href
    performance.setResourceTimingBufferSize(2000)
    this.observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as PerformanceResourceTiming[]) {
        if (entry.name.startsWith(folder)) this.total += entry.transferSize
      }
    })
    this.observer.observe({ type: 'resource', buffered: true })
  }

  get bytes(): number {
    return this.total
  }

  dispose(): void {
    this.observer?.disconnect()
  }
}
