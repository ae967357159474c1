import type { Layer, LayerPoint, LayerRule } from './types'

/** A rule for tests: everything that is not given is absent. */
export function rule(given: Partial<LayerRule>): LayerRule {
  return { pointClasses: [], paint: 'element', ramp: null, states: null, label: null, ...given }
}

/** A layer for tests. */
export function layerOf(...rules: LayerRule[]): Layer {
  return { id: 'test', name: { zh: '测试', en: 'Test' }, isDefault: false, rules }
}

/** A point of class `pointClass` on an element. */
export function pointOf(pointIndex: number, pointClass: string, elementIndex: number, states: string[] = []): LayerPoint {
  return { pointIndex, pointClass, elementIndex, unit: '1', states: states.map((key) => ({ key, zh: key, en: key })) }
}

/** Five elements: 0 a space; 1 and 2 sensors in it; 3 a lamp outside any space; 4 another space. */
export const COLUMNS = {
  classNames: ['IfcSpace', 'IfcSensor'],
  classIndex: Uint16Array.from([0, 1, 1, 1, 0]),
  space: Int32Array.from([-1, 0, 0, -1, -1]),
}
