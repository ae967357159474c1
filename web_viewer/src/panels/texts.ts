import { addPanelTexts } from '@/i18n'

import type { TwinPanel } from './registry'

const asked = new Map<string, Promise<void>>()

/**
 * Loads the texts of some panels, each once. A page has those of its panel, the desk those of all: what a phone
 * in the building shows does not wait for words it never says.
 */
export async function loadTexts(panels: readonly TwinPanel[]): Promise<void> {
  await Promise.all(panels.map(loadOnce))
}

function loadOnce(panel: TwinPanel): Promise<void> {
  const known = asked.get(panel.id)
  if (known) return known
  const asking = load(panel)
  asked.set(panel.id, asking)
  // What did not come because the network was away is asked for again.
  asking.catch(() => asked.delete(panel.id))
  return asking
}

async function load(panel: TwinPanel): Promise<void> {
  addPanelTexts(panel.id, await panel.messages())
}
