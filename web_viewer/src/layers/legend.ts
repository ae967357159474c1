import type { Names } from '@/net/types'

import { cssColour } from './colour'
import type { CompiledLayer, CompiledRule } from './compile'
import { rampGradient } from './ramp'
import type { LayerPoint } from './types'

/** A colour and what it means. */
export interface LegendState {
  readonly colour: string
  readonly name: Names
}

/** One block of the legend: a ramp with its ticks, or a list of states. */
export type LegendBlock =
  | {
      readonly kind: 'ramp'
      readonly label: Names | null
      readonly gradient: string
      readonly unit: string
      /** Values at even distances along the gradient. */
      readonly ticks: readonly number[]
    }
  | { readonly kind: 'states'; readonly label: Names | null; readonly states: readonly LegendState[] }

/** What the colours of a layer mean, as far as the venue has points for it; rules without points say nothing. */
export function legendOf(compiled: CompiledLayer, points: readonly LayerPoint[]): LegendBlock[] {
  return compiled.rules.flatMap((rule): LegendBlock[] => {
    const classes = new Set(rule.rule.pointClasses)
    const served = points.filter((point) => classes.has(point.pointClass))
    if (served.length === 0) return []
    if (rule.ramp !== null) return [rampBlock(rule, rule.ramp)]
    const states = rule.states === null ? [] : namedStates(rule.states, served)
    return states.length > 0 ? [{ kind: 'states', label: rule.rule.label, states }] : []
  })
}

function rampBlock(rule: CompiledRule, ramp: NonNullable<CompiledRule['ramp']>): LegendBlock {
  return {
    kind: 'ramp',
    label: rule.rule.label,
    gradient: rampGradient(ramp),
    unit: rule.rule.ramp?.unit ?? '',
    ticks: ramp.stops,
  }
}

/** Points of one class may speak of the same colour in different words: each word is listed once. */
function namedStates(
  colours: NonNullable<CompiledRule['states']>,
  points: readonly LayerPoint[],
): LegendState[] {
  const named: LegendState[] = []
  const seen = new Set<unknown>()
  for (const point of points) {
    const own = colours.get(point.pointIndex)
    // Points of one enumeration share their colours: one of them speaks for all.
    if (own === undefined || seen.has(own)) continue
    seen.add(own)
    for (const [value, { colour }] of own) {
      const state = point.states.at(value)
      if (state !== undefined) named.push({ colour: cssColour(colour), name: { zh: state.zh, en: state.en } })
    }
  }
  return unite([], named)
}

/** Joins blocks that show the same states in the same colours, such as several kinds of equipment. */
export function mergeBlocks(blocks: readonly LegendBlock[]): LegendBlock[] {
  const merged: LegendBlock[] = []
  const byStates = new Map<string, number>()
  for (const block of blocks) {
    if (block.kind === 'ramp' || block.label !== null) {
      merged.push(block)
      continue
    }
    const known = byStates.get('states')
    if (known === undefined) {
      byStates.set('states', merged.length)
      merged.push(block)
      continue
    }
    const before = merged[known]
    if (before.kind === 'states') merged[known] = { ...before, states: unite(before.states, block.states) }
  }
  return merged
}

function unite(first: readonly LegendState[], second: readonly LegendState[]): LegendState[] {
  const united = [...first]
  for (const state of second) {
    const same = united.findIndex((each) => each.colour === state.colour)
    if (same < 0) united.push(state)
    else united[same] = { colour: state.colour, name: joined(united[same].name, state.name) }
  }
  return united
}

function joined(first: Names, second: Names): Names {
  const join = (a: string, b: string): string =>
    [...new Set([...a.split(' / '), ...b.split(' / ')].filter(Boolean))].join(' / ')
  return { zh: join(first.zh, second.zh), en: join(first.en, second.en) }
}
