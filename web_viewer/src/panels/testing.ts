import { PANELS } from './registry'
import { loadTexts } from './texts'

// Tests of components find every text known, as they are on the desk.
await loadTexts(PANELS)
