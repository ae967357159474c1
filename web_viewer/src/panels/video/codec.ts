/** Codecs as RFC 6381 names them, by their beginnings, to what people call them. */
const NAMES: readonly (readonly [string, string])[] = [
  ['avc', 'H.264'],
  ['hvc', 'H.265'],
  ['hev', 'H.265'],
  ['av01', 'AV1'],
  ['vp09', 'VP9'],
  ['mp4v', 'MPEG-4'],
  ['mjpg', 'MJPEG'],
]
/** What nearly every camera sends. */
const USUAL = 'avc1.42E01E'

/** Whether `supports` (of the browser's media sources) plays a codec as RFC 6381 names it; null: nobody knows which. */
export function isPlayable(codec: string | null, supports: (type: string) => boolean): boolean {
  return supports(`video/mp4; codecs="${codec ?? USUAL}"`)
}

export function codecName(codec: string): string {
  return NAMES.find(([beginning]) => codec.startsWith(beginning))?.[1] ?? codec
}

/** Whether this browser plays it. */
export function playsHere(codec: string | null): boolean {
  const known = globalThis as { ManagedMediaSource?: typeof MediaSource; MediaSource?: typeof MediaSource }
  const sources = known.ManagedMediaSource ?? known.MediaSource
  return sources !== undefined && isPlayable(codec, (type) => sources.isTypeSupported(type))
}
