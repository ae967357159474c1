import { OPACITY_CONTENT, OPACITY_GHOST, OPACITY_HIDDEN, OPACITY_SOLID, packAlpha, quantizeWeight, WEIGHT_ALARM, weightOf } from './stateTexture'

/** Indices `[from, to)` that changed. */
export interface DirtyRange {
  readonly from: number
  readonly to: number
}

const HIDDEN_BY_HAND = 1
const OUTSIDE_STOREY = 2
const GHOSTED = 4
const CONTENT = 8

/**
 * Composes what each element looks like from the layer's colour, what is hidden by hand, the isolated storey and
 * the x-ray, and keeps the texels of it. Hidden wins over ghosted, ghosted over solid; the colour stays beneath.
 */
export class ElementPaint {
  /** `(count, 4)` as `stateTexture.ts` lays it out, ready for upload; may be longer than `count` texels. */
  readonly texels: Uint8Array
  private readonly flags: Uint8Array
  private dirtyFrom = 0
  private dirtyTo: number
  private shapeRevision = 0
  private loud = 0
  private roomsRevision = 0
  private throughRevision = 0
  private readonly glass: Uint8Array

  /**
   * @param count number of elements.
   * @param capacity number of texels to keep, at least `count`.
   * @param contents `(count,)` 1 for devices, furniture and the like, which the cut through a storey leaves whole.
   * @param spaces `(count,)` 1 for rooms.
   */
  constructor(
    readonly count: number,
    capacity = count,
    contents: Uint8Array | null = null,
    private readonly spaces: Uint8Array | null = null,
  ) {
    this.texels = new Uint8Array(Math.max(capacity, count) * 4)
    this.flags = new Uint8Array(count)
    this.glass = new Uint8Array(count)
    for (let i = 0; i < count; i++) {
      this.flags[i] = contents?.[i] === 1 ? CONTENT : 0
      this.texels[i * 4 + 3] = packAlpha(opacityOfFlags(this.flags[i]!), 0)
    }
    this.dirtyTo = count
  }

  /** Number of elements whose colour has the weight of an alarm. */
  get alarmCount(): number {
    return this.loud
  }

  /** Counts up whenever what is visible changes (not when a mere colour does): shadows depend on it. */
  get visibilityRevision(): number {
    return this.shapeRevision
  }

  /** Counts up whenever a room is painted that was not, or the other way: only painted ones hide what is behind them. */
  get paintedRoomsRevision(): number {
    return this.roomsRevision
  }

  /** Counts up whenever the colour of something changes that is seen through: of glass or a ghost. */
  get seenThroughRevision(): number {
    return this.throughRevision
  }

  /** Takes these elements for glass; indices out of range are ignored. */
  markGlass(indices: Iterable<number>): void {
    for (const index of indices) if (index >= 0 && index < this.count) this.glass[index] = 1
  }

  /** Sets layer colours: `(n,)` indices, `(n, 4)` sRGB and weight 0..255. Indices out of range are ignored. */
  setColours(indices: Uint32Array, rgba: Uint8Array): void {
    for (let k = 0; k < indices.length; k++) {
      const index = indices[k]!
      if (index < this.count) this.setColour(index, rgba, k * 4)
    }
  }

  /** Takes every layer colour away. */
  clearColours(): void {
    for (let i = 0; i < this.count; i++) this.texels[i * 4 + 3]! &= 0xf0
    this.loud = 0
    this.roomsRevision++
    this.throughRevision++
    this.markDirty(0, this.count)
  }

  /** Hides or shows elements by hand. */
  setHidden(indices: Iterable<number>, hidden: boolean): void {
    for (const index of indices) this.setFlag(index, HIDDEN_BY_HAND, hidden)
  }

  /** Shows everything that was hidden by hand. */
  showAll(): void {
    for (let i = 0; i < this.count; i++) this.setFlag(i, HIDDEN_BY_HAND, false)
  }

  /**
   * Shows the elements of one storey alone.
   * @param storeyOf `(count,)` storey's element index of each element, -1 for none.
   * @param storey element index of the storey, or null for all.
   */
  isolate(storeyOf: Int32Array, storey: number | null): void {
    for (let i = 0; i < this.count; i++) {
      const outside = storey !== null && storeyOf[i] !== storey && i !== storey
      this.setFlag(i, OUTSIDE_STOREY, outside)
    }
  }

  /** Ghosts the elements whose entry in `ghosted` is 1; `(count,)`. Null ghosts none. */
  ghost(ghosted: Uint8Array | null): void {
    for (let i = 0; i < this.count; i++) this.setFlag(i, GHOSTED, ghosted !== null && ghosted[i] === 1)
  }

  /** Whether the element is neither hidden by hand nor outside the isolated storey. */
  isVisible(index: number): boolean {
    return index >= 0 && index < this.count && this.texels[index * 4 + 3]! >> 4 !== OPACITY_HIDDEN
  }

  /** What changed since the last call; null when nothing did. */
  takeDirty(): DirtyRange | null {
    if (this.dirtyFrom >= this.dirtyTo) return null
    const range = { from: this.dirtyFrom, to: this.dirtyTo }
    this.dirtyFrom = this.count
    this.dirtyTo = 0
    return range
  }

  private setColour(index: number, rgba: Uint8Array, at: number): void {
    const t = index * 4
    this.noteRevisions(index, rgba, at)
    this.loud += Number(quantizeWeight(rgba[at + 3]!) === WEIGHT_ALARM) - Number(weightOf(this.texels[t + 3]!) === WEIGHT_ALARM)
    this.texels[t] = rgba[at]!
    this.texels[t + 1] = rgba[at + 1]!
    this.texels[t + 2] = rgba[at + 2]!
    this.texels[t + 3] = (this.texels[t + 3]! & 0xf0) | quantizeWeight(rgba[at + 3]!)
    this.markDirty(index, index + 1)
  }

  private noteRevisions(index: number, rgba: Uint8Array, at: number): void {
    const t = index * 4
    const [before, after] = [weightOf(this.texels[t + 3]!), quantizeWeight(rgba[at + 3]!)]
    if (this.spaces?.[index] === 1 && (before === 0) !== (after === 0)) this.roomsRevision++
    if (this.glass[index] === 0 && (this.flags[index]! & GHOSTED) === 0) return
    const isSame = before === after && (after === 0 || [0, 1, 2].every((part) => rgba[at + part] === this.texels[t + part]))
    if (!isSame) this.throughRevision++
  }

  private setFlag(index: number, flag: number, on: boolean): void {
    if (index < 0 || index >= this.count) return
    const before = this.flags[index]!
    const after = on ? before | flag : before & ~flag
    if (after === before) return
    this.flags[index] = after
    const t = index * 4 + 3
    this.texels[t] = packAlpha(opacityOfFlags(after), this.texels[t]! & 15)
    this.shapeRevision++
    this.markDirty(index, index + 1)
  }

  private markDirty(from: number, to: number): void {
    this.dirtyFrom = Math.min(this.dirtyFrom, from)
    this.dirtyTo = Math.max(this.dirtyTo, to)
  }
}

function opacityOfFlags(flags: number): number {
  if (flags & (HIDDEN_BY_HAND | OUTSIDE_STOREY)) return OPACITY_HIDDEN
  if (flags & GHOSTED) return OPACITY_GHOST
  return flags & CONTENT ? OPACITY_CONTENT : OPACITY_SOLID
}
