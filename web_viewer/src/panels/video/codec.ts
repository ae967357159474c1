/** What the server calls a camera's codec, to what a browser is asked about. */
const TYPES: Readonly<Record<string, string>> = {
  h264: 'video/mp4; codecs="avc1.42E01E"',
  hevc: 'video/mp4; codecs="hvc1.1.6.L93.B0"',
  h265: 'video/mp4; codecs="hvc1.1.6.L93.B0"',
  av1: 'video/mp4; codecs="av01.0.04M.08"',
  vp9: 'video/mp4; codecs="vp09.00.10.08"',
}

/** As people know them. */
const NAMES: Readonly<Record<string, string>> = { h264: 'H.264', hevc: 'H.265', h265: 'H.265', av1: 'AV1', vp9: 'VP9', mjpeg: 'MJPEG', mpeg4: 'MPEG-4' }

/** Whether `supports` (of the browser's media sources) plays a codec; an unknown one is tried where the name is missing. */
export function isPlayable(codec: string | null, supports: (type: string) => boolean): boolean {
  if (codec === null) return supports(TYPES.h264)
  const type = TYPES[codec.toLowerCase()] as string | undefined
  return type !== undefined && supports(type)
}

export function codecName(codec: string): string {
  return NAMES[codec.toLowerCase()] ?? codec
}

/** Whether this browser plays it. */
export function playsHere(codec: string | null): boolean {
  const sources = (globalThis as { ManagedMediaSource?: typeof MediaSource }).ManagedMediaSource ?? (globalThis as { MediaSource?: typeof MediaSource }).MediaSource
  return sources !== undefined && isPlayable(codec, (type) => sources.isTypeSupported(type))
}
