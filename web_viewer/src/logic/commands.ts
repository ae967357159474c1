import type { components } from '@/generated/api'

export type Command = components['schemas']['CommandOut']

/** A command that the device does not obey, yet or at all. */
export interface Unmet {
  readonly state: 'pending' | 'failed'
  readonly desired: number
  /** What the device reports instead; NaN: nothing, or the report itself does not tell why. */
  readonly reported: number
}

/** A device may round: so much of the point's range is the same value. */
const TOLERANCE = 0.01

/** What is still open between a point's last command and what it reads; null: nothing. */
export function unmetBy(command: Command | undefined, reads: number, range: readonly [number, number] | null, isState: boolean): Unmet | null {
  if (command === undefined || command.state === 'confirmed') return null
  const span = range === null ? Math.max(1, Math.abs(command.value)) : range[1] - range[0]
  const slack = isState ? 0.5 : TOLERANCE * (Number.isFinite(span) ? span : 1)
  // Somebody may have done by hand what the command could not.
  if (Math.abs(reads - command.value) <= slack) return null
  return { state: command.state === 'sent' ? 'pending' : 'failed', desired: command.value, reported: reads }
}

/** Commands by their point, `device/point`. */
export function byPoint(commands: readonly Command[]): ReadonlyMap<string, Command> {
  return new Map(commands.map((command) => [`${command.device}/${command.point}`, command]))
}
