/**
 * What the 3D core takes and gives. Frames: every point, box and polygon here is in the model's local frame
 * (metres, Z up, right-handed); the scene alone knows three's Y up.
 */

import type { PicturePart } from './picture'

/** x, y, z in the local frame, metres. */
export type Point3 = readonly [number, number, number]

export interface Box {
  readonly min: Point3
  readonly max: Point3
}

export type QualityLevel = 'low' | 'medium' | 'high'
export type Theme = 'dark' | 'light'

/** What is known of each element, by `element_index`. Arrays have `elementCount` entries. */
export interface ElementColumns {
  /** `element_index` of the element's storey, -1 for none. A storey's own entry is its own index. */
  readonly storey: Int32Array
  /** Position in `classNames`. */
  readonly classIndex: Uint16Array
  /** IFC class names, such as `IfcWall`. */
  readonly classNames: readonly string[]
  /** `element_index` of the space that contains it, -1 for none. */
  readonly space?: Int32Array
}

export interface Storey {
  /** `element_index` of the IfcBuildingStorey. */
  readonly index: number
  readonly elevationM: number
  readonly heightM: number
}

export interface TwinSceneOptions {
  readonly tilesetUrl: string
  readonly elementCount: number
  readonly columns: ElementColumns
  /** Box of everything drawn. */
  readonly bounds: Box
  /** The ground that the model brings with it: the scene's own ground lies around it, not in it. */
  readonly terrain?: Box | null
  readonly storeys?: readonly Storey[]
  /** `auto` (the default) begins by the kind of GPU and goes on by measured frame time. */
  readonly quality?: QualityLevel | 'auto'
  readonly theme?: Theme
  /** Whether camera moves are animated; the default follows `prefers-reduced-motion`. */
  readonly animate?: boolean
}

export interface Pick {
  readonly elementIndex: number
  readonly point: Point3
  /** Unit normal in the local frame, towards the viewer. */
  readonly normal: Point3
}

export interface SceneStats {
  readonly drawCalls: number
  readonly triangles: number
  /** Tile content fetched since the scene began, as sent over the wire where the browser tells. */
  readonly bytes: number
  readonly tilesLoaded: number
  readonly tilesPending: number
  /** Time that the last drawn frame took on the main thread, ms. */
  readonly frameMs: number
  readonly framesDrawn: number
  readonly quality: QualityLevel
}

export interface CameraPose {
  readonly position: Point3
  readonly target: Point3
  /** Of a camera of the venue: degrees across its picture, which the scene then shows as wide. */
  readonly acrossDeg?: number
}

/** Where people are counted; figures are placed inside the polygon. */
export interface PeopleSpace {
  /** `element_index` of the space. */
  readonly id: number
  /** Footprint, counter-clockwise or clockwise, not closed. */
  readonly polygon: readonly (readonly [number, number])[]
  readonly floorZ: number
  readonly count: number
}

export type ViewPreset = 'home' | 'top' | 'north' | 'south' | 'east' | 'west'

export interface SceneEvents {
  /** The root level is wholly on screen; ms since the page began. */
  firstpicture: number
  /** Share of the first picture that is loaded, 0..1. */
  progress: number
  /** A click or tap; null on empty ground. */
  pick: Pick | null
  /** The pointer rests on another element; null when it leaves. Client pixels of the pointer are given. */
  hover: { readonly elementIndex: number; readonly clientX: number; readonly clientY: number } | null
  /** After each frame in which the camera moved: labels must be placed anew. */
  camera: CameraPose
  stats: SceneStats
  /** Tiles could not be fetched; what was loaded stays. */
  error: Error
  /** The GPU context was lost (true) or came back (false). */
  contextlost: boolean
}

/**
 * The API that the panels use; `new TwinScene(container, options)` in `TwinScene.ts` implements it. Element
 * indices out of range are ignored, so that a late answer for an older package does no harm.
 */
export interface TwinSceneApi {
  /**
   * Sets the layer colour of elements.
   * @param elementIndices element indices.
   * @param rgba 4 bytes an element, sRGB; the fourth is the weight of the colour against the model's own
   *   (255 replaces it, 0 leaves it). From afar an element is seen as a dot: below 208 a small faint one, from 247
   *   on one that pulses on top of everything.
   */
  setColours(elementIndices: Uint32Array, rgba: Uint8Array): void
  /** Takes every layer colour away. */
  clearColours(): void
  /**
   * Colours follow each other quickly, as when time is dragged: a slow GPU then repaints a kept view, coarser and
   * without new shadows and figures, instead of drawing the model for each. Off again, the picture is whole.
   */
  hurry(on: boolean): void
  /**
   * Shows the view twice, side by side under one camera: at the left in these colours (as of `setColours`), at the
   * right as it is painted. Null shows it once.
   */
  compare(colours: { readonly indices: Uint32Array; readonly rgba: Uint8Array } | null): void
  /** What is on screen now, or a part of it (CSS pixels of the page), as a PNG at most so many pixels wide or high. */
  picture(mostPx: number, part?: PicturePart | null): Promise<Blob>
  /** Hides or shows elements, beside what storey isolation does. */
  setHidden(elementIndices: Iterable<number>, hidden: boolean): void
  /** Shows everything that `setHidden` hid. */
  showAll(): void
  /** Shows one storey (its `element_index`) alone, its walls cut open from above; null shows all. */
  isolateStorey(storeyIndex: number | null): void
  /** Ghosts the envelope, so that what is inside is visible. */
  xray(on: boolean): void
  /** Shows space volumes, translucent. Off at the beginning. */
  showSpaces(on: boolean): void
  /** Cuts away what lies above this height; null for no cut. */
  setClipHeight(heightM: number | null): void
  /** What is drawn at a client position (as in a mouse event); null on empty ground. */
  pick(clientX: number, clientY: number): Promise<Pick | null>
  /** Outlines an element in the accent colour, also through walls; null for none. */
  select(elementIndex: number | null): void
  /** Outlines an element lightly; the scene does this by itself under the pointer. */
  hover(elementIndex: number | null): void
  /** Moves the camera to a box, an element, or back to a pose. */
  flyTo(target: Box | number | CameraPose): Promise<void>
  /** A preset, or a storey's `element_index` seen from above. */
  setView(view: ViewPreset | number): Promise<void>
  /** Takes `(elementCount, 6)` boxes, min xyz then max xyz, NaN where nothing is drawn: devices are then seen from afar. */
  setBoxes(boxes: Float32Array): void
  /** The element's box; null when unknown. Before `setBoxes` it comes from the loaded tiles. */
  elementBox(elementIndex: number): Box | null
  /** CSS pixels from the container's top left; `visible` is false behind the camera or off screen. */
  screenPosition(point: Point3): { readonly x: number; readonly y: number; readonly visible: boolean }
  setPeople(spaces: readonly PeopleSpace[]): void
  /** Draws a way as a ribbon over the floors; polylines of metres, none takes it away. */
  setRoute(polylines: readonly (readonly Point3[])[]): void
  /** Ghosts all storeys but one (its `element_index`), so that it is seen within the building; null ghosts none. */
  ghostStoreys(except: number | null): void
  setTheme(theme: Theme): void
  /** Direction to the sun: azimuth in degrees clockwise from +Y (north), altitude in degrees above the horizon. */
  setSun(azimuthDeg: number, altitudeDeg: number): void
  setQuality(quality: QualityLevel | 'auto'): void
  /** Greys the scene while data is old. */
  setStale(stale: boolean): void
  readonly stats: SceneStats
  readonly cameraPose: CameraPose
  /** Listens; the returned function stops listening. */
  on<K extends keyof SceneEvents>(event: K, listener: (value: SceneEvents[K]) => void): () => void
  dispose(): void
}
