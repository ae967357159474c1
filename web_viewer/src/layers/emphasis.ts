import { isFaultState } from '@/logic/faults'

/**
 * How strongly a layer's colour replaces the model's own, 0..255, which also says how loudly the element speaks: the
 * scene draws what is quiet as a smaller, fainter dot, and what is wrong on top of everything.
 */
export const WEIGHT = { quiet: 190, speaking: 235, alarm: 255 } as const

/** States in which nothing happens that anybody would look for. */
const QUIET_STATES = new Set([
  'off', 'ok', 'normal', 'idle', 'still', 'free', 'vacant', 'closed', 'locked', 'standby', 'docked', 'up', 'stopped', 'controlled', 'clear', 'dry', 'none',
])

/** The weight of a state's colour, by the state's key. */
export function stateWeight(key: string): number {
  if (isFaultState(key)) return WEIGHT.alarm
  return QUIET_STATES.has(key) ? WEIGHT.quiet : WEIGHT.speaking
}

/** The weight of a ramp's colour: nothing flows where a ramp that begins at zero is at zero. */
export function rampWeight(firstStop: number, value: number): number {
  return firstStop === 0 && value <= 0 ? WEIGHT.quiet : WEIGHT.speaking
}
