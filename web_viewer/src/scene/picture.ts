/**
 * What a canvas shows, as a PNG at most `mostPx` wide or high.
 *
 * A WebGL canvas forgets its picture when the frame ends: `draw` draws it anew, and it is copied before that.
 */
export function pictureOf(canvas: HTMLCanvasElement, draw: () => void, mostPx: number): Promise<Blob> {
  const scale = Math.min(1, mostPx / Math.max(canvas.width, canvas.height, 1))
  const copy = document.createElement('canvas')
  copy.width = Math.max(1, Math.round(canvas.width * scale))
  copy.height = Math.max(1, Math.round(canvas.height * scale))
  const context = copy.getContext('2d')
  if (context === null) return Promise.reject(new Error('this browser gives no picture of the scene'))
  draw()
  context.drawImage(canvas, 0, 0, copy.width, copy.height)
  return new Promise((resolve, reject) => {
    copy.toBlob((blob) => {
      if (blob === null) reject(new Error('this browser gives no picture of the scene'))
      else resolve(blob)
    }, 'image/png')
  })
}
