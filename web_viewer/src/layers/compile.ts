import type { ElementColumns } from '@/scene/types'

import { parseColour, type Rgb } from './colour'
import { stateWeight } from './emphasis'
import { compileRamp, type CompiledRamp } from './ramp'
import type { Layer, LayerPoint, LayerRule } from './types'

/** How a state is painted. */
export interface StatePaint {
  readonly colour: Rgb
  /** See `emphasis.ts`. */
  readonly weight: number
}

/** Paint by the value of an enumeration. */
export type StateColours = ReadonlyMap<number, StatePaint>

/** A rule ready to turn values into colours: one of `ramp` and `states` is set. */
export interface CompiledRule {
  readonly rule: LayerRule
  readonly ramp: CompiledRamp | null
  /** By point_index: colour by state value. The same key may be another value in another enumeration. */
  readonly states: ReadonlyMap<number, StateColours> | null
}

/**
 * A layer joined with the venue's points: which points decide the colour of which element.
 *
 * `targets` are the painted elements; target t is decided by entries `entryStart[t]` to `entryStart[t + 1]` of
 * `entryPoint` and `entryRule`, in ascending order of rule. `targetsOfPoint` leads from a point to its targets.
 */
export interface CompiledLayer {
  readonly layer: Layer
  readonly rules: readonly CompiledRule[]
  readonly targets: Uint32Array
  readonly entryStart: Uint32Array
  readonly entryPoint: Uint32Array
  readonly entryRule: Uint16Array
  readonly targetsOfPoint: ReadonlyMap<number, readonly number[]>
  /** Whether any rule paints spaces, so that space volumes must be shown. */
  readonly paintsSpaces: boolean
}

interface Entry {
  readonly element: number
  readonly rule: number
  readonly point: number
}

/** Joins a layer with points and elements. Points without an element, or outside any space, paint nothing. */
export function compileLayer(
  layer: Layer,
  points: readonly LayerPoint[],
  columns: Pick<ElementColumns, 'space' | 'classIndex' | 'classNames'>,
): CompiledLayer {
  const entries = layer.rules.flatMap((rule, index) => entriesOf(rule, index, points, columns))
  entries.sort((a, b) => a.element - b.element || a.rule - b.rule || a.point - b.point)
  return {
    layer,
    rules: layer.rules.map((rule) => compileRule(rule, points)),
    ...tabulate(entries),
    entryPoint: Uint32Array.from(entries, (entry) => entry.point),
    entryRule: Uint16Array.from(entries, (entry) => entry.rule),
    paintsSpaces: layer.rules.some((rule) => rule.paint === 'space'),
  }
}

function entriesOf(
  rule: LayerRule,
  index: number,
  points: readonly LayerPoint[],
  columns: Pick<ElementColumns, 'space' | 'classIndex' | 'classNames'>,
): Entry[] {
  const classes = new Set(rule.pointClasses)
  return points.flatMap((point) => {
    if (!classes.has(point.pointClass)) return []
    const element = rule.paint === 'space' ? spaceOf(point.elementIndex, columns) : point.elementIndex
    return element >= 0 ? [{ element, rule: index, point: point.pointIndex }] : []
  })
}

/** The space that an element stands in; a space is its own. -1 for none. */
export function spaceOf(
  element: number,
  columns: Pick<ElementColumns, 'space' | 'classIndex' | 'classNames'>,
): number {
  if (element < 0) return -1
  if (columns.classNames[columns.classIndex[element]] === 'IfcSpace') return element
  return columns.space?.[element] ?? -1
}

/** Spaces that no point of the layer decides the colour of. */
export function unpaintedSpaces(
  compiled: Pick<CompiledLayer, 'targets'>,
  columns: Pick<ElementColumns, 'classIndex' | 'classNames'>,
): number[] {
  const painted = new Set(compiled.targets)
  const spaceClass = columns.classNames.indexOf('IfcSpace')
  return [...columns.classIndex.keys()].filter(
    (element) => columns.classIndex[element] === spaceClass && !painted.has(element),
  )
}

function tabulate(entries: readonly Entry[]): Pick<CompiledLayer, 'targets' | 'entryStart' | 'targetsOfPoint'> {
  const targets: number[] = []
  const starts: number[] = []
  const targetsOfPoint = new Map<number, number[]>()
  for (const [position, entry] of entries.entries()) {
    if (targets.at(-1) !== entry.element) {
      targets.push(entry.element)
      starts.push(position)
    }
    const target = targets.length - 1
    const known = targetsOfPoint.get(entry.point)
    if (known === undefined) targetsOfPoint.set(entry.point, [target])
    else if (!known.includes(target)) known.push(target)
  }
  return { targets: Uint32Array.from(targets), entryStart: Uint32Array.from([...starts, entries.length]), targetsOfPoint }
}

/** Prepares a rule's colours. A rule whose colours cannot be read paints nothing. */
export function compileRule(rule: LayerRule, points: readonly LayerPoint[]): CompiledRule {
  return {
    rule,
    ramp: rule.ramp ? compileRamp(rule.ramp) : null,
    states: rule.states ? statesByPoint(rule, rule.states, points) : null,
  }
}

function statesByPoint(
  rule: LayerRule,
  colours: Readonly<Record<string, string>>,
  points: readonly LayerPoint[],
): Map<number, StateColours> {
  const byEnumeration = new Map<string, StateColours>()
  const byPoint = new Map<number, StateColours>()
  for (const point of points) {
    if (!rule.pointClasses.includes(point.pointClass)) continue
    const enumeration = point.states.map((state) => state.key).join('\n')
    const known = byEnumeration.get(enumeration) ?? coloursOf(colours, point)
    byEnumeration.set(enumeration, known)
    byPoint.set(point.pointIndex, known)
  }
  return byPoint
}

function coloursOf(colours: Readonly<Record<string, string>>, point: LayerPoint): StateColours {
  const byValue = new Map<number, StatePaint>()
  for (const [key, text] of Object.entries(colours)) {
    const colour = parseColour(text)
    const named = point.states.findIndex((state) => state.key === key)
    const value = named >= 0 ? named : Number.parseInt(key, 10)
    if (colour !== null && value >= 0) byValue.set(value, { colour, weight: stateWeight(point.states[value]?.key ?? '') })
  }
  return byValue
}
