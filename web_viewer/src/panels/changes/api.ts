import type { components } from '@/generated/api'
import { getJson } from '@/net/http'

type Schemas = components['schemas']
export type Differences = Schemas['Differences']
export type Difference = Schemas['Difference']
export type Kind = Difference['kind']

/** In the order of lists. */
export const KINDS: readonly Kind[] = ['added', 'changed', 'removed']

/** What the revision that is served changed. */
export function fetchDifferences(): Promise<Differences> {
  return getJson<Differences>('/api/model/differences')
}
