// @vitest-environment node
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { decodeFrame, frameBytes, WireError } from './wire'

const golden = new URL('../../../tests/telemetry_bridge/golden/', import.meta.url)

function bytesOf(buffer: Buffer): ArrayBuffer {
  return new Uint8Array(buffer).buffer
}

function read(name: string): Buffer {
  return readFileSync(fileURLToPath(new URL(name, golden)))
}

interface Expected {
  kind: number
  replay: boolean
  seq: number
  time: number
  pointIndex: number[]
  value: (number | null)[]
  quality: number[]
}

const index = JSON.parse(read('index.json').toString()) as {
  frames: Record<string, Expected>
  refused: Record<string, string>
}

describe('decodeFrame', () => {
  it.each(Object.entries(index.frames))('reads what Python wrote: %s', (name, expected) => {
    const data = bytesOf(read(`${name}.bin`))
    const frame = decodeFrame(data)
    expect({
      ...frame,
      pointIndex: [...frame.pointIndex],
      value: [...frame.value],
      quality: [...frame.quality],
    }).toEqual({ ...expected, value: expected.value.map((each) => each ?? Number.NaN) })
    expect(data.byteLength).toBe(frameBytes(frame.pointIndex.length))
  })

  it.each(Object.entries(index.refused))('refuses what Python refuses: %s', (_name, hex) => {
    expect(() => decodeFrame(bytesOf(Buffer.from(hex, 'hex')))).toThrow(WireError)
  })

  it('refuses a frame that is cut short anywhere, or goes on', () => {
    const whole = read('snapshot.bin')
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeFrame(bytesOf(whole.subarray(0, length)))).toThrow(WireError)
    }
    expect(() => decodeFrame(bytesOf(Buffer.concat([whole, Buffer.alloc(1)])))).toThrow(WireError)
  })
})
