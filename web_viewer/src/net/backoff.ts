/**
 * The pause before reconnecting, ms: doubles with each failed attempt up to a cap, half of it random, so that a
 * wall of screens does not storm a server that has just come back.
 */
export function backoffMs(attempt: number, random: () => number, baseMs = 400, capMs = 5000): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(attempt, 16))
  return ceiling / 2 + (random() * ceiling) / 2
}
