import { describe, expect, it } from 'vitest'

import { compileRule } from './compile'
import { DEFAULT_LAYERS, servedLayers } from './defaults'
import { pointOf } from './fixture'

describe('the default layers', () => {
  it('have colours that can be read', () => {
    for (const rule of DEFAULT_LAYERS.flatMap((layer) => layer.rules)) {
      const point = pointOf(0, rule.pointClasses[0], 0, ['normal', 'alarm', 'fault'])
      const compiled = compileRule(rule, [point])
      expect(compiled.ramp?.stops.length ?? compiled.states?.get(0)?.size).toBe(
        rule.ramp?.stops.length ?? Object.keys(rule.states ?? {}).length,
      )
    }
  })

  it('are offered where there is something to show', () => {
    expect(servedLayers(new Set(['CO2_Level_Sensor'])).map((layer) => layer.id)).toEqual(['air_quality'])
    expect(servedLayers(new Set())).toEqual([])
  })
})
