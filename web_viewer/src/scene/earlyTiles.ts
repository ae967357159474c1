import type { TileJson } from './tiles'

/** Before the scripts and styles of panels, which would take all connections. */
const SOON: RequestInit = { priority: 'high' }

/**
 * A plugin of the tiles' renderer that asks for the tileset and its first level at once, while the GPU context is
 * made and shaders compile, and before the page asks for anything else: what the first picture needs comes first.
 */
export class EarlyTiles {
  readonly name = 'EARLY_TILES'
  /** Settles when the first level is asked for, or when that failed. */
  readonly asked: Promise<void>
  private readonly underWay = new Map<string, Promise<Response>>()

  /** @param isWanted whether a tile belongs to the first picture; asked when the tileset has come. */
  constructor(tilesetUrl: string, isWanted: (tile: TileJson) => boolean) {
    const base = absolute(tilesetUrl, document.baseURI)
    const tileset = fetch(base, SOON)
    this.underWay.set(base, tileset.then((response) => response.clone()))
    const tiles = tileset.then(async (response) => {
      const { root } = (await response.json()) as { root: TileJson }
      for (const uri of firstLevel(root, isWanted)) this.ask(absolute(uri, base))
    })
    // A failure is met where the renderer asks again.
    this.asked = tiles.catch(() => undefined)
    this.underWay.get(base)!.catch(() => undefined)
  }

  /** Called by the renderer: what is under way already, or null, so that it asks itself. */
  fetchData(url: string, options?: RequestInit): Promise<Response> | null {
    const key = absolute(url, document.baseURI)
    const early = this.underWay.get(key)
    if (early === undefined) return null
    this.underWay.delete(key)
    return early.then((response) => (response.ok ? response : fetch(url, options))).catch(() => fetch(url, options))
  }

  private ask(url: string): void {
    const asked = fetch(url, SOON)
    asked.catch(() => undefined)
    this.underWay.set(url, asked)
  }
}

/** Addresses of the contents that no error holds back: those below tiles whose error is the whole building's. */
export function firstLevel(root: TileJson, isWanted: (tile: TileJson) => boolean): string[] {
  const below = (tile: TileJson): string[] => {
    if (!isWanted(tile)) return []
    const own = tile.content === undefined ? [] : [tile.content.uri]
    return tile.geometricError < root.geometricError ? own : [...own, ...(tile.children ?? []).flatMap(below)]
  }
  return below(root)
}

function absolute(url: string, base: string): string {
  return new URL(url, base).href
}
