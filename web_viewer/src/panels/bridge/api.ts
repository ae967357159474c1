import type { components } from '@/generated/api'
import { getJson } from '@/net/http'

type Schemas = components['schemas']
export type BridgeLine = Schemas['BridgeLine']
export type BridgeNote = Schemas['LineNote']
export type BridgeState = Schemas['BridgeState']

/** Each line to devices, and how it is; devices whose clocks are wrong. */
export function fetchBridge(): Promise<BridgeState> {
  return getJson<BridgeState>('/api/bridge')
}
