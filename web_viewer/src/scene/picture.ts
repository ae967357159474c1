/** A part of a canvas, CSS pixels from the page's top left. */
export interface PicturePart {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/**
 * What a canvas shows in a part of it, as a PNG at most `mostPx` wide or high.
 *
 * A WebGL canvas forgets its picture when the frame ends: `draw` draws it anew, and it is copied before that.
 */
export function pictureOf(canvas: HTMLCanvasElement, draw: () => void, mostPx: number, part: PicturePart | null): Promise<Blob> {
  const copy = document.createElement('canvas')
  const context = copy.getContext('2d')
  if (context === null) return Promise.reject(new Error('this browser gives no picture of the scene'))
  draw()
  const from = cutOf(canvas, part)
  const scale = Math.min(1, mostPx / Math.max(from.width, from.height, 1))
  copy.width = Math.max(1, Math.round(from.width * scale))
  copy.height = Math.max(1, Math.round(from.height * scale))
  context.drawImage(canvas, from.x, from.y, from.width, from.height, 0, 0, copy.width, copy.height)
  return new Promise((resolve, reject) => {
    copy.toBlob((blob) => {
      if (blob === null) reject(new Error('this browser gives no picture of the scene'))
      else resolve(blob)
    }, 'image/png')
  })
}

/** The part in the canvas' own pixels; all of it where the part is none. */
function cutOf(canvas: HTMLCanvasElement, part: PicturePart | null): { readonly x: number; readonly y: number; readonly width: number; readonly height: number } {
  const box = canvas.getBoundingClientRect()
  const ratio = box.width > 0 ? canvas.width / box.width : 1
  const whole = { x: 0, y: 0, width: canvas.width, height: canvas.height }
  if (part === null) return whole
  const [left, right] = [Math.max(part.left - box.left, 0), Math.min(part.right - box.left, box.width)]
  const [top, bottom] = [Math.max(part.top - box.top, 0), Math.min(part.bottom - box.top, box.height)]
  if (right - left < 1 || bottom - top < 1) return whole
  return { x: left * ratio, y: top * ratio, width: (right - left) * ratio, height: (bottom - top) * ratio }
}
