import { BufferAttribute, InstancedMesh, Mesh } from 'three'
import type { BufferGeometry, Camera, InterleavedBufferAttribute, Material, Object3D } from 'three'
import { TilesRenderer } from '3d-tiles-renderer/three'
import { GLTFExtensionsPlugin, UpdateOnChangePlugin } from '3d-tiles-renderer/three/plugins'
import { MeshoptDecoder } from 'three/addons/libs/meshopt_decoder.module.js'
import type { EarlyTiles } from './earlyTiles'
import { LAYER_GLASS, LAYER_SPACE } from './materials'
import type { TileMaterials } from './materials'
import { mergeTile } from './merging'
import type { Box, Point3 } from './types'

const GIB = 2 ** 30
const CACHE_BYTES = 1 * GIB
const CACHE_FLOOR_BYTES = 0.6 * GIB
const DOWNLOADS_AT_ONCE = 16
const PARSES_AT_ONCE = 4
/** Screen-space error, CSS pixels, at which a tile is fetched: coarse until the first picture stands, then fine. */
const FIRST_ERROR_TARGET_PX = 48
const ERROR_TARGET_PX = 16

export interface TileExtras {
  readonly storey?: number | null
  readonly kind?: 'building' | 'spaces'
}

interface LoadedTile {
  readonly extras?: TileExtras
  readonly parent?: LoadedTile | null
  engineData?: { materials: Material[] | null; geometry: BufferGeometry[] | null }
}

/** The part of a tile's JSON that says where it lies; boxes are in the tileset's frame, which is the local one. */
export interface TileJson {
  readonly boundingVolume: { readonly box?: readonly number[] }
  readonly geometricError: number
  readonly content?: { readonly uri: string }
  readonly extras?: TileExtras
  readonly children?: readonly TileJson[]
}

/** Boxes of the tiles with building content, in the local frame; tiles of spaces are left out. */
export function buildingBoxes(tile: TileJson): Box[] {
  const below = (tile.children ?? []).flatMap(buildingBoxes)
  const volume = tile.boundingVolume.box
  if (!volume || tile.content === undefined || tile.extras?.kind === 'spaces') return below
  const half = [0, 1, 2].map((axis) => Math.abs(volume[3 + axis]!) + Math.abs(volume[6 + axis]!) + Math.abs(volume[9 + axis]!))
  const corner = (sign: number): Point3 => [volume[0]! + sign * half[0]!, volume[1]! + sign * half[1]!, volume[2]! + sign * half[2]!]
  return [{ min: corner(-1), max: corner(1) }, ...below]
}

/** What tells a tile that the present view has no use for it. */
export interface TileFilter {
  spaces: boolean
  storey: number | null
  /** Storeys that can wait: those under the ground, which the first picture does not show. */
  later: ReadonlySet<number>
}

/** Keeps tiles of other storeys, and of spaces where they are off, from being fetched or drawn. */
class TileMask {
  readonly name = 'TILE_MASK'
  constructor(private readonly filter: TileFilter) {}

  calculateTileViewError(tile: LoadedTile, target: { inView: boolean; error: number }): boolean {
    if (isWanted(tile.extras, this.filter)) return false
    target.inView = false
    return true
  }
}

/** Whether a tile with these extras belongs to the view that the filter describes. */
export function isWanted(extras: TileExtras | undefined, filter: TileFilter): boolean {
  if (extras?.kind === 'spaces' && !filter.spaces) return false
  const storey = extras?.storey ?? null
  if (storey !== null && filter.later.has(storey)) return false
  return filter.storey === null || storey === null || storey === filter.storey
}

export interface TileEvents {
  /** What is drawn changed. */
  changed(): void
  /** The next update has work to do. */
  pending(): void
  /** The tileset is known; local boxes of the tiles that make up the building. */
  outlined(boxes: readonly Box[]): void
  /** These elements are of glass; -1 is none. */
  glass(ids: Iterable<number>): void
  failed(error: Error): void
}

/** The streamed building: fetches tiles for the camera and dresses them in the shared materials. */
export class BuildingTiles {
  readonly renderer: TilesRenderer
  readonly filter: TileFilter = { spaces: false, storey: null, later: new Set() }
  private loaded = 0

  constructor(
    url: string,
    private readonly materials: TileMaterials,
    private readonly events: TileEvents,
    early: EarlyTiles,
  ) {
    this.renderer = new TilesRenderer(url)
    this.renderer.errorTarget = FIRST_ERROR_TARGET_PX
    this.renderer.autoDisableRendererCulling = false
    this.renderer.loadSiblings = false
    this.renderer.lruCache.maxBytesSize = CACHE_BYTES
    this.renderer.lruCache.minBytesSize = CACHE_FLOOR_BYTES
    this.renderer.downloadQueue.maxJobsPerOrigin = DOWNLOADS_AT_ONCE
    this.renderer.parseQueue.maxJobs = PARSES_AT_ONCE
    this.renderer.registerPlugin(new GLTFExtensionsPlugin({ metadata: false, rtc: false, meshoptDecoder: MeshoptDecoder }))
    this.renderer.registerPlugin(early)
    this.renderer.registerPlugin(new UpdateOnChangePlugin())
    this.renderer.registerPlugin(new TileMask(this.filter))
    // The tileset is Z up, three is Y up: viewer_from_local takes (x, y, z) to (x, z, -y).
    this.renderer.group.rotation.x = -Math.PI / 2
    this.listen()
  }

  /** Number of tiles with content that are held now. */
  get tilesLoaded(): number {
    return this.loaded
  }

  get tilesPending(): number {
    const stats = (this.renderer as unknown as { stats: { downloading: number; parsing: number; queued: number } }).stats
    return stats.downloading + stats.parsing + stats.queued
  }

  /** Whether everything that the last update asked for is there. */
  get isSettled(): boolean {
    const { downloadQueue, parseQueue, processNodeQueue } = this.renderer
    return this.renderer.root !== null && !downloadQueue.running && !parseQueue.running && !processNodeQueue.running
  }

  /** Share of what is asked for that has come, 0..1. */
  get progress(): number {
    return this.renderer.loadProgress
  }

  /** Fetches and shows what the camera needs; resolution in CSS pixels. */
  update(camera: Camera, width: number, height: number): void {
    this.renderer.setCamera(camera)
    this.renderer.setResolution(camera, width, height)
    this.renderer.update()
  }

  /** Goes on from the first picture to the detail that the view deserves. */
  refine(): void {
    this.renderer.errorTarget = ERROR_TARGET_PX
    this.filter.later = new Set()
    this.renderer.dispatchEvent({ type: 'needs-update' })
  }

  setFilter(change: Partial<TileFilter>): void {
    Object.assign(this.filter, change)
    this.renderer.dispatchEvent({ type: 'needs-update' })
  }

  /** Every mesh that is held, shown or not. */
  forEachMesh(visit: (mesh: Mesh) => void): void {
    this.renderer.forEachLoadedModel((scene: Object3D) => {
      scene.traverse((object) => {
        if (object instanceof Mesh) visit(object)
      })
    })
  }

  dispose(): void {
    this.renderer.dispose()
  }

  private listen(): void {
    this.renderer.addEventListener('load-model', ({ scene, tile }) => {
      this.loaded++
      this.dress(scene as Object3D, tile as unknown as LoadedTile)
      this.events.changed()
    })
    this.renderer.addEventListener('dispose-model', () => this.loaded--)
    this.renderer.addEventListener('tile-visibility-change', () => this.events.changed())
    this.renderer.addEventListener('load-root-tileset', ({ tileset }) => {
      this.events.outlined(buildingBoxes((tileset as unknown as { root: TileJson }).root))
    })
    for (const event of ['needs-update', 'tiles-load-end']) this.renderer.addEventListener(event, () => this.events.pending())
    this.renderer.addEventListener('load-error', ({ error }) => this.events.failed(error))
  }

  private dress(scene: Object3D, tile: LoadedTile): void {
    scene.traverse((object) => {
      if (object instanceof Mesh) prepareGeometry(object.geometry as BufferGeometry)
    })
    const geometry = mergeTile(scene)
    scene.traverse((object) => {
      if (!(object instanceof Mesh)) return
      const own = object.material as Material
      const { material, layer } = this.materials.forName(own.name, own.transparent)
      own.dispose()
      object.material = material
      object.layers.set(layer)
      // Rooms hide what lies behind them, and are seen through glass.
      if (layer === LAYER_SPACE) object.renderOrder = -0.5
      if (layer === LAYER_GLASS) this.events.glass(idsOf(object.geometry as BufferGeometry))
      if (object instanceof InstancedMesh) object.computeBoundingSphere()
    })
    // The shared materials must outlive the tile.
    if (tile.engineData) Object.assign(tile.engineData, { materials: [], geometry })
  }
}

function idsOf(geometry: BufferGeometry): Set<number> {
  const ids = geometry.getAttribute('elementId')
  return new Set(Array.from({ length: ids.count }, (_, i) => ids.getX(i)))
}

/** Names attributes as the shaders want them; where a tile has no colours or ids, fills in white and "no element". */
export function prepareGeometry(geometry: BufferGeometry): void {
  const ids = geometry.getAttribute('_feature_id_0') ?? geometry.getAttribute('_FEATURE_ID_0')
  const colours = geometry.getAttribute('color') as BufferAttribute | InterleavedBufferAttribute | undefined
  const count = geometry.getAttribute('position').count
  geometry.setAttribute('elementId', ids ?? new BufferAttribute(new Float32Array(count).fill(-1), 1))
  geometry.setAttribute('tint', rgbaColours(colours, count))
  for (const name of ['_feature_id_0', '_FEATURE_ID_0', 'color', 'uv']) geometry.deleteAttribute(name)
}

function rgbaColours(colours: BufferAttribute | InterleavedBufferAttribute | undefined, count: number): BufferAttribute | InterleavedBufferAttribute {
  if (colours?.itemSize === 4) return colours
  const rgba = new Float32Array(count * 4).fill(0.8)
  for (let i = 0; i < count; i++) {
    if (colours) rgba.set([colours.getX(i), colours.getY(i), colours.getZ(i)], i * 4)
    rgba[i * 4 + 3] = 1
  }
  return new BufferAttribute(rgba, 4)
}
