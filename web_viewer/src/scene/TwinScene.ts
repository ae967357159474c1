import { Color, DataTexture, Scene, Vector3, WebGLRenderer } from 'three'
import { Backdrop } from './backdrop'
import { CameraRig, coveredEdges } from './cameraRig'
import { contentMask, ghostMask, spaceMask, storeyParts } from './classes'
import { setDaylight } from './daylight'
import { Dots } from './dots'
import { EarlyTiles } from './earlyTiles'
import { Emitter } from './emitter'
import { localFromWorld, worldBox, worldFromLocal } from './frames'
import { FrameTimer } from './frameTimer'
import { boxRadius, groundHeight, isBox, storeyBox, storeyCut } from './framing'
import { installHooks } from './hooks'
import { listenToInput } from './input'
import { createUniforms, NO_CLIP, TileMaterials } from './materials'
import { ElementPaint } from './paint'
import { People } from './people'
import { OtherPaint } from './otherPaint'
import { Picker } from './picker'
import { pictureOf, type PicturePart } from './picture'
import { Pipeline } from './pipeline'
import type { FrameCost, FrameRequest } from './pipeline'
import { initialLevel, PROFILES, QualityGovernor } from './quality'
import { RouteRibbon } from './routeRibbon'
import { textureShape } from './stateTexture'
import { SunShadow } from './sunShadow'
import { BuildingTiles, isWanted } from './tiles'
import { loadedElementBox } from './tileBoxes'
import { TileTraffic } from './traffic'
import type {
  Box, CameraPose, PeopleSpace, Pick, Point3, QualityLevel, SceneEvents, SceneStats, Theme, TwinSceneApi,
  TwinSceneOptions, ViewPreset,
} from './types'

const NO_ELEMENT = -9
const BLACK = new Color(0)
const REST_MS = 180
const SHADOW_WHILE_LOADING_MS = 600
const SUN_AZIMUTH_DEG = 228
const SUN_ALTITUDE_DEG = 44
/** A slow GPU spends its time on the whole picture and shows parts of it no more often than this. */
const PARTIAL_PICTURE_MS = 1200
/** Up to so many radii of the building away edges are drawn at full strength. */
const EDGES_WHOLE_RADII = 1.3
const EDGES_FROM_AFAR = 0.35
const STATS_EVERY_MS = 500
/** While time is dragged, painted glass follows no more often than this: a view is dear to keep. */
const KEPT_AT_LEAST_MS = 8000
/** The same of ghosts, which are most of what an x-ray shows. */
const GHOSTS_KEPT_AT_LEAST_MS = 1000
const GHOSTS_AROUND_ROOMS = 0.45
const MUTED_AROUND_ROOMS = 0.8
/** In the x-ray what lies under the ground, which stays solid, is seen through it. */
const DOTS_THROUGH = 0.6
const PULSE_MS = 1400
/** On a slow GPU the scene draws at most this share of the time. */
const SLOW_DUTY = 0.5

/** The 3D core: one building, streamed, painted by element. See `types.ts` for what each call does. */
export class TwinScene implements TwinSceneApi {
  readonly canvas: HTMLCanvasElement
  private readonly renderer: WebGLRenderer
  private readonly scene = new Scene()
  private readonly uniforms = createUniforms()
  private readonly materials = new TileMaterials(this.uniforms)
  private readonly tiles: BuildingTiles
  private readonly paint: ElementPaint
  private readonly stateTexture: DataTexture
  private readonly rig: CameraRig
  private readonly pipeline: Pipeline
  private readonly picker: Picker
  private readonly shadow: SunShadow
  private readonly backdrop: Backdrop
  private readonly people: People
  private readonly route = new RouteRibbon()
  private readonly timer: FrameTimer
  private readonly traffic: TileTraffic
  private readonly events = new Emitter<SceneEvents>()
  private readonly envelope: Uint8Array
  private readonly spaces: Uint8Array
  private readonly animate: boolean
  private readonly groundM: number
  private readonly cleanup: (() => void)[] = []
  private governor: QualityGovernor
  private autoQuality: boolean
  /** Of the view, CSS pixels: of the canvas, or of either of two beside each other. */
  private size = { width: 1, height: 1 }
  /** Where the view that is painted begins, CSS pixels; the one it is compared with is at its left. */
  private viewX = 0
  private other: OtherPaint | null = null
  private hurried = false

  private frameHandle = 0
  private timeoutHandle = 0
  private lastFrameAt = 0
  private lastDrawAt = -Infinity
  private lastMovedAt = -Infinity
  private lastShadowAt = -Infinity
  private lastStatsAt = 0
  private needsDraw = true
  private depthDirty = true
  private shadowDirty = true
  private drawnAtRest = false
  /** Whether the kept view was drawn while the camera moved, coarser. */
  private keptMoving = false
  private settled = false
  /** Nobody moved the camera yet: the home view is framed anew when the picture's size changes. */
  private atHome = true
  private wholeDrawn = false
  private firstPictureAt: number | null = null
  private visibilityDrawn = -1
  private roomsDrawn = -1
  private throughDrawn = -1
  private lastKeptAt = -Infinity
  private isolated: number | null = null
  private selected = NO_ELEMENT
  private hovered = NO_ELEMENT
  private clip: number | null = null
  private storeyClip: number | null = null
  private spacesShown = false
  private xrayOn = false
  private crowd: readonly PeopleSpace[] = []
  private boxes: Float32Array | null = null
  private cost = { drawCalls: 0, triangles: 0 }
  private framesDrawn = 0
  private hoverTicket = 0
  /** Who places things over the scene knows the view as it is. */
  private isViewTold = false
  private contextLost = false
  private disposed = false

  /**
   * @param container an element with a size; the canvas fills it.
   * @param early tiles that are on their way already.
   * @throws Error where WebGL2 is missing.
   */
  constructor(
    private readonly container: HTMLElement,
    private readonly options: TwinSceneOptions,
    early: EarlyTiles = askForTiles(options),
  ) {
    this.renderer = createRenderer()
    this.canvas = this.renderer.domElement
    container.append(this.canvas)
    this.animate = options.animate ?? !matchMedia('(prefers-reduced-motion: reduce)').matches
    this.autoQuality = (options.quality ?? 'auto') === 'auto'
    this.governor = new QualityGovernor(this.autoQuality ? initialLevel(gpuName(this.renderer)) : (options.quality as QualityLevel))

    const shape = textureShape(options.elementCount)
    this.spaces = spaceMask(options.columns)
    this.paint = new ElementPaint(options.elementCount, shape.width * shape.height, contentMask(options.columns), this.spaces)
    this.stateTexture = new DataTexture(this.paint.texels, shape.width, shape.height)
    this.uniforms.uState.value = this.stateTexture
    this.uniforms.uStateWidthLog2.value = shape.widthLog2
    this.envelope = ghostMask(options.columns)

    this.groundM = groundHeight(this.bounds, options.storeys ?? [])
    this.traffic = new TileTraffic(options.tilesetUrl)
    this.tiles = new BuildingTiles(options.tilesetUrl, this.materials, {
      changed: () => this.onTilesChanged(),
      pending: () => this.schedule(),
      outlined: (boxes) => this.frameParts(boxes),
      glass: (ids) => this.paint.markGlass(ids),
      failed: (error) => this.events.emit('error', error),
    }, early)
    this.tiles.setFilter({ later: underground(options) })
    this.rig = new CameraRig(this.canvas, this.bounds, this.groundM, this.animate)
    this.shadow = new SunShadow(this.renderer, this.uniforms, PROFILES[this.quality].shadowSize)
    this.backdrop = new Backdrop(this.uniforms, this.centre, this.radius, this.groundM, options.terrain ?? null)
    this.people = new People(this.materials.forName('opaque', false).material)
    this.pipeline = new Pipeline(this.renderer, this.scene, this.rig.camera, this.materials, this.uniforms, [this.backdrop, this.route])
    this.picker = new Picker(this.renderer, this.scene, this.rig.camera, this.materials)
    this.timer = new FrameTimer(this.renderer)
    this.scene.add(this.tiles.renderer.group, this.people.mesh, this.route.group, this.backdrop.sky, this.backdrop.ground)
    this.setTheme(options.theme ?? 'dark')
    this.setFast()
    this.setSun(SUN_AZIMUTH_DEG, SUN_ALTITUDE_DEG)
    this.observe()
    void this.rig.goToPreset('home', false)
    this.invalidate()
  }

  get stats(): SceneStats {
    return {
      ...this.cost,
      bytes: this.traffic.bytes,
      tilesLoaded: this.tiles.tilesLoaded,
      tilesPending: this.tiles.tilesPending,
      frameMs: this.timer.ms,
      framesDrawn: this.framesDrawn,
      quality: this.quality,
    }
  }

  get cameraPose(): CameraPose {
    return this.rig.pose
  }

  /** When the first whole picture was drawn, ms since the page began; null before. */
  get firstPicture(): number | null {
    return this.firstPictureAt
  }

  /** Whether everything that the view asks for is loaded and drawn at rest. */
  get isIdle(): boolean {
    return this.settled && this.drawnAtRest && !this.needsDraw
  }

  setColours(elementIndices: Uint32Array, rgba: Uint8Array): void {
    this.paint.setColours(elementIndices, rgba)
    this.recolour()
  }

  clearColours(): void {
    this.paint.clearColours()
    this.recolour()
  }

  hurry(on: boolean): void {
    if (on === this.hurried) return
    const waited = this.isQuick
    this.hurried = on
    if (!waited) return
    // What was left for later.
    this.setPeople(this.crowd)
    this.drawnAtRest = false
    this.invalidate()
  }

  compare(colours: { readonly indices: Uint32Array; readonly rgba: Uint8Array } | null): void {
    const wasSplit = this.other !== null
    if (colours === null) {
      this.other?.dispose()
      this.other = null
    } else {
      const { width, height } = this.stateTexture.image as { width: number; height: number }
      this.other ??= new OtherPaint(width, height)
      this.other.setColours(colours.indices, colours.rgba)
      this.other.follow(this.paint.texels)
      this.recolour()
    }
    if (wasSplit === (this.other !== null)) return
    this.drawnAtRest = false
    this.resize()
  }

  picture(mostPx: number, part: PicturePart | null = null): Promise<Blob> {
    return pictureOf(this.canvas, () => { this.draw(performance.now(), true) }, mostPx, part)
  }

  setHidden(elementIndices: Iterable<number>, hidden: boolean): void {
    this.paint.setHidden(elementIndices, hidden)
    this.invalidate()
  }

  showAll(): void {
    this.paint.showAll()
    this.invalidate()
  }

  isolateStorey(storeyIndex: number | null): void {
    this.isolated = storeyIndex
    this.uniforms.uFloorsOnly.value = storeyIndex !== null
    this.paint.isolate(this.options.columns.storey, storeyIndex)
    this.tiles.setFilter({ storey: storeyIndex })
    const storey = this.options.storeys?.find((s) => s.index === storeyIndex)
    const below = storey !== undefined && storey.elevationM < this.groundM - 0.5
    this.backdrop.show(!below, storeyIndex === null)
    this.rig.allowUnderground(below)
    this.storeyClip = storey ? storeyCut(storey) : null
    this.applyClip()
    this.setPeople(this.crowd)
  }

  xray(on: boolean): void {
    this.xrayOn = on
    this.paint.ghost(on ? this.envelope : null)
    this.showDotsThrough()
    this.invalidate()
  }

  showSpaces(on: boolean): void {
    this.spacesShown = on
    // Rooms are to be read: what is around them steps back.
    this.uniforms.uGhostStrength.value = on ? GHOSTS_AROUND_ROOMS : 1
    this.uniforms.uMuted.value = on ? MUTED_AROUND_ROOMS : 0
    this.tiles.setFilter({ spaces: on })
    this.invalidate()
  }

  setClipHeight(heightM: number | null): void {
    this.clip = heightM
    this.applyClip()
  }

  async pick(clientX: number, clientY: number): Promise<Pick | null> {
    const box = this.canvas.getBoundingClientRect()
    const y = clientY - box.top
    let x = clientX - box.left - this.viewX
    if (this.other !== null && x < 0) x += this.size.width
    if (x < 0 || y < 0 || x >= this.size.width || y >= this.size.height) return null
    this.uploadState()
    const hit = await this.picker.pick(x, y, this.size.width, this.size.height, this.spacesShown)
    if (hit === null) return null
    return { elementIndex: hit.elementIndex, point: localFromWorld(hit.point), normal: localFromWorld(hit.normal) }
  }

  /** Where an element is seen now: client pixels well inside it and its share of the picture; null when unseen. */
  async findOnScreen(elementIndex: number): Promise<{ x: number; y: number; share: number } | null> {
    const { width, height } = this.size
    this.uploadState()
    const area = await this.picker.find(elementIndex, width, height, this.spaces[elementIndex] === 1)
    if (area === null) return null
    const box = this.canvas.getBoundingClientRect()
    return { x: box.left + this.viewX + area.x + 0.5, y: box.top + height - area.y - 0.5, share: area.pixels / (width * height) }
  }

  select(elementIndex: number | null): void {
    this.selected = elementIndex ?? NO_ELEMENT
    this.updateTargets()
  }

  hover(elementIndex: number | null): void {
    const next = elementIndex ?? NO_ELEMENT
    if (next === this.hovered) return
    this.hovered = next
    this.updateTargets()
  }

  async flyTo(target: Box | number | CameraPose): Promise<void> {
    this.atHome = false
    if (typeof target === 'number') {
      const box = this.elementBox(target)
      if (box) await this.rig.goToElement(box)
    } else if ('position' in target) {
      await this.rig.goTo(target)
    } else if (isBox(target)) {
      await this.rig.goToElement(target)
    }
  }

  async setView(view: ViewPreset | number): Promise<void> {
    this.atHome = view === 'home'
    if (typeof view !== 'number') return this.rig.goToPreset(view)
    const storey = this.options.storeys?.find((s) => s.index === view)
    if (storey) await this.rig.goToStorey(storey, storeyParts(this.options.columns, this.boxes, view) ?? [storeyBox(storey, this.bounds)])
  }

  elementBox(elementIndex: number): Box | null {
    const boxes = this.boxes
    if (boxes && elementIndex >= 0 && elementIndex < this.options.elementCount) {
      const [x0, y0, z0, x1, y1, z1] = boxes.subarray(elementIndex * 6, elementIndex * 6 + 6) as unknown as number[]
      const box: Box = { min: [x0!, y0!, z0!], max: [x1!, y1!, z1!] }
      if (isBox(box)) return box
    }
    return loadedElementBox(this.tiles, elementIndex)
  }

  setBoxes(boxes: Float32Array): void {
    this.boxes = boxes
    this.pipeline.dots?.dispose()
    this.pipeline.dots = new Dots(this.uniforms, boxes, this.spaces)
    this.pipeline.dots.stale = this.pipeline.composite.stale
    this.showDotsThrough()
    this.invalidate()
  }

  screenPosition(point: Point3): { readonly x: number; readonly y: number; readonly visible: boolean } {
    const v = worldFromLocal(point).project(this.rig.camera)
    const visible = Math.abs(v.x) <= 1 && Math.abs(v.y) <= 1 && Math.abs(v.z) <= 1
    return { x: this.viewX + ((v.x + 1) / 2) * this.size.width, y: ((1 - v.y) / 2) * this.size.height, visible }
  }

  setPeople(spaces: readonly PeopleSpace[]): void {
    this.crowd = spaces
    if (this.isQuick) return
    const storeyOf = this.options.columns.storey
    if (this.firstPictureAt === null) return
    this.people.set(spaces, PROFILES[this.quality].peopleLimit, (space) => this.isolated === null || storeyOf[space] === this.isolated)
    this.depthDirty = true
    this.invalidate()
  }

  setRoute(polylines: readonly (readonly Point3[])[]): void {
    this.route.set(polylines)
    this.invalidate()
  }

  ghostStoreys(except: number | null): void {
    const storeyOf = this.options.columns.storey
    this.paint.ghost(except === null ? null : Uint8Array.from(storeyOf, (storey) => (storey === except ? 0 : 1)))
    this.xrayOn = except !== null
    this.invalidate()
  }

  setTheme(theme: Theme): void {
    this.backdrop.setTheme(theme)
    this.invalidate()
  }

  setSun(azimuthDeg: number, altitudeDeg: number): void {
    setDaylight(this.uniforms, azimuthDeg, altitudeDeg)
    this.shadowDirty = true
    if (!this.isQuick) this.invalidate()
  }

  setQuality(quality: QualityLevel | 'auto'): void {
    this.autoQuality = quality === 'auto'
    this.governor = new QualityGovernor(quality === 'auto' ? initialLevel(gpuName(this.renderer)) : quality)
    this.applyQuality()
  }

  setStale(stale: boolean): void {
    const amount = stale ? 1 : 0
    this.pipeline.composite.stale = amount
    if (this.pipeline.dots) this.pipeline.dots.stale = amount
    this.invalidate()
  }

  on<K extends keyof SceneEvents>(event: K, listener: (value: SceneEvents[K]) => void): () => void {
    return this.events.on(event, listener)
  }

  dispose(): void {
    if (this.disposed) return
    this.disposed = true
    cancelAnimationFrame(this.frameHandle)
    window.clearTimeout(this.timeoutHandle)
    for (const undo of this.cleanup) undo()
    const parts = [this.rig, this.tiles, this.pipeline, this.picker, this.shadow, this.backdrop, this.people, this.route, this.materials, this.traffic, this.stateTexture]
    for (const part of parts) part.dispose()
    this.other?.dispose()
    this.renderer.dispose()
    this.canvas.remove()
    this.events.clear()
  }

  private get bounds(): Box {
    return this.options.bounds
  }

  private get centre(): Vector3 {
    return worldBox(this.bounds).getCenter(new Vector3())
  }

  private get radius(): number {
    return Math.max(1, boxRadius(this.bounds))
  }

  private get quality(): QualityLevel {
    return this.governor.level
  }

  /** Whether a kept view is repainted instead of drawing the model for every change of colours. */
  private get isQuick(): boolean {
    return this.hurried && this.quality === 'low'
  }

  /** Whether the GPU is still at what it was sent; repainting is so short that the next may wait behind the last. */
  private get isBusy(): boolean {
    return this.timer.isBusy(this.isQuick ? 1 : 0)
  }

  private observe(): void {
    const resize = new ResizeObserver(() => this.resize())
    resize.observe(this.container)
    this.cleanup.push(() => resize.disconnect(), this.listenToHands(), installHooks(this))
    this.rig.onControl(() => this.invalidate())
    this.rig.onHands(() => (this.atHome = false))
    const onLost = (event: Event): void => {
      event.preventDefault()
      this.contextLost = true
      this.timer.reset()
      this.events.emit('contextlost', true)
    }
    const onRestored = (): void => {
      this.contextLost = false
      this.shadow.clear()
      this.stateTexture.needsUpdate = true
      this.shadowDirty = this.depthDirty = true
      this.events.emit('contextlost', false)
      this.invalidate()
    }
    this.canvas.addEventListener('webglcontextlost', onLost)
    this.canvas.addEventListener('webglcontextrestored', onRestored)
    this.resize()
  }

  private listenToHands(): () => void {
    return listenToInput(
      this.canvas,
      {
        click: (x, y) => void this.pick(x, y).then((pick) => this.events.emit('pick', pick)),
        doubleClick: (x, y) => void this.focusAt(x, y),
        rest: (x, y) => void this.hoverAt(x, y),
        leave: () => this.endHover(),
        key: (key) => this.onKey(key),
      },
      () => (this.quality === 'low' ? 140 : 40),
    )
  }

  private resize(): void {
    const { clientWidth, clientHeight } = this.container
    const [width, height] = [Math.max(1, clientWidth), Math.max(1, clientHeight)]
    this.renderer.setPixelRatio(this.canvasRatio)
    this.renderer.setSize(width, height)
    const isSplit = this.other !== null
    const { left, right } = isSplit ? coveredEdges(this.container) : { left: 0, right: 0 }
    const each = isSplit ? Math.max(1, Math.floor((width - left - right) / 2)) : width
    this.viewX = isSplit ? left + each : 0
    this.size = { width: each, height }
    this.rig.resize(each, height, isSplit)
    if (this.atHome) void this.rig.goToPreset('home', false)
    this.depthDirty = true
    this.invalidate()
  }

  private setFast(): void {
    this.materials.setFast(this.quality === 'low')
    this.backdrop.setFast(this.quality === 'low')
  }

  private applyQuality(): void {
    this.setFast()
    this.shadow.resize(PROFILES[this.quality].shadowSize)
    this.shadowDirty = true
    this.setPeople(this.crowd)
    this.resize()
  }

  private showDotsThrough(): void {
    if (this.pipeline.dots) this.pipeline.dots.through = this.xrayOn ? DOTS_THROUGH : 0
  }

  /** A cut by hand takes all that is above; the one that opens a storey leaves devices and furniture. */
  private applyClip(): void {
    this.materials.setClip(this.clip ?? this.storeyClip ?? NO_CLIP, this.clip !== null)
    this.shadowDirty = this.depthDirty = true
    this.invalidate()
  }

  private updateTargets(): void {
    this.uniforms.uTargets.value = [this.selected, this.hovered === this.selected ? NO_ELEMENT : this.hovered]
    this.invalidate()
  }

  private async focusAt(x: number, y: number): Promise<void> {
    const pick = await this.pick(x, y)
    this.atHome = false
    if (pick) await this.rig.focus(worldFromLocal(pick.point))
  }

  private async hoverAt(clientX: number, clientY: number): Promise<void> {
    const ticket = ++this.hoverTicket
    const pick = await this.pick(clientX, clientY)
    if (ticket !== this.hoverTicket || this.disposed) return
    const before = this.hovered
    this.hover(pick?.elementIndex ?? null)
    if (this.hovered === before) return
    this.events.emit('hover', pick && { elementIndex: pick.elementIndex, clientX, clientY })
  }

  private endHover(): void {
    this.hoverTicket++
    if (this.hovered === NO_ELEMENT) return
    this.hover(null)
    this.events.emit('hover', null)
  }

  private onKey(key: string): boolean {
    const steps: Partial<Record<string, () => void>> = {
      ArrowLeft: () => this.rig.nudge({ right: -0.08 }),
      ArrowRight: () => this.rig.nudge({ right: 0.08 }),
      ArrowUp: () => this.rig.nudge({ forward: 0.08 }),
      ArrowDown: () => this.rig.nudge({ forward: -0.08 }),
      q: () => this.rig.nudge({ turnDeg: -15 }),
      e: () => this.rig.nudge({ turnDeg: 15 }),
      '+': () => this.rig.nudge({ zoom: 1.3 }),
      '=': () => this.rig.nudge({ zoom: 1.3 }),
      '-': () => this.rig.nudge({ zoom: 1 / 1.3 }),
      Home: () => void this.rig.goToPreset('home'),
    }
    const step = steps[key]
    if (step !== undefined) this.atHome = key === 'Home'
    step?.()
    this.invalidate()
    return step !== undefined
  }

  private frameParts(boxes: readonly Box[]): void {
    if (boxes.length === 0) return
    this.rig.parts = boxes
    if (this.atHome) void this.rig.goToPreset('home', false)
    this.invalidate()
  }

  private onTilesChanged(): void {
    this.depthDirty = true
    this.shadowDirty = true
    this.invalidate()
  }

  /** Asks for a frame; many calls before it make one. */
  private invalidate(): void {
    this.isViewTold = false
    this.pipeline.forgetView()
    this.recolour()
  }

  /** As `invalidate`, where nothing but colours changed. */
  private recolour(): void {
    this.needsDraw = true
    this.schedule()
  }

  private schedule(delayMs = 0): void {
    if (this.disposed || this.contextLost) return
    if (delayMs > 0) {
      window.clearTimeout(this.timeoutHandle)
      this.timeoutHandle = window.setTimeout(() => this.schedule(), delayMs)
    } else if (this.frameHandle === 0) {
      this.frameHandle = requestAnimationFrame((now) => this.frame(now))
    }
  }

  private frame(now: number): void {
    this.frameHandle = 0
    if (this.contextLost) return
    if (this.isBusy) return this.schedule()
    if (this.wholeDrawn && this.firstPictureAt === null) this.tellFirstPicture()
    const seconds = Math.min(0.1, (now - this.lastFrameAt) / 1000)
    this.lastFrameAt = now
    const moved = this.rig.update(seconds)
    if (moved) this.onMoved(now)
    this.tiles.update(this.rig.camera, this.size.width, this.size.height)
    this.noteSettled()
    const resting = now - this.lastMovedAt > REST_MS
    const wait = moved ? 0 : this.breath(now)
    if (wait > 0) return this.schedule(wait)
    if (moved || this.isDue(resting)) this.draw(now, resting)
    this.planNext(moved)
    this.walkPeople(now)
  }

  private isDue(resting: boolean): boolean {
    return this.needsDraw || this.keptIsOldIn === 0 || (resting && !this.drawnAtRest)
  }

  private planNext(moved: boolean): void {
    const old = this.keptIsOldIn
    if (moved) this.schedule()
    else if (!this.drawnAtRest) this.schedule(REST_MS)
    else if (old !== null) this.schedule(Math.max(1, old))
  }

  private noteSettled(): void {
    const settled = this.tiles.isSettled
    if (settled && !this.settled) this.needsDraw = true
    this.settled = settled
  }

  /** How long a slow GPU is left in peace before another picture of the same view, ms. */
  private breath(now: number): number {
    if (this.quality !== 'low' || this.isQuick) return 0
    if (this.firstPictureAt === null) return this.settled ? 0 : this.lastDrawAt + PARTIAL_PICTURE_MS - now
    return this.lastDrawAt + this.timer.ms / SLOW_DUTY - now
  }

  private onMoved(now: number): void {
    this.lastMovedAt = now
    this.isViewTold = false
    this.depthDirty = true
    this.drawnAtRest = false
    if (this.autoQuality && this.governor.observe(this.timer.ms)) this.applyQuality()
  }

  private draw(now: number, resting: boolean): void {
    this.needsDraw = false
    this.lastDrawAt = now
    this.uploadState()
    this.drawShadow(now)
    // The first picture is a cheap one too: it shows at once, and the better one follows.
    const still = resting && this.firstPictureAt !== null
    this.timer.begin()
    this.cost = this.render(still)
    this.timer.end()
    this.framesDrawn++
    this.depthDirty = false
    this.drawnAtRest = still
    this.tell(now)
  }

  /** Device pixels per CSS pixel of the canvas: a picture that is repainted all the time is no finer than it is drawn. */
  private get canvasRatio(): number {
    return Math.min(window.devicePixelRatio, PROFILES[this.quality][this.isQuick ? 'moving' : 'rest'].pixelRatio)
  }

  private render(still: boolean): FrameCost {
    const { width, height } = this.size
    if (this.renderer.getPixelRatio() !== this.canvasRatio) this.renderer.setPixelRatio(this.canvasRatio)
    const request = this.requestFor(still && !this.isQuick)
    if (this.depthDirty || !still !== this.keptMoving) this.pipeline.forgetView()
    this.keptMoving = !still
    if (!this.pipeline.isViewKept) this.noteKept()
    if (this.other === null) {
      if (!this.isQuick || !still) return this.pipeline.render(request, width, height)
      return this.pipeline.repainted(request, [{ state: this.stateTexture, x: 0 }], width, height)
    }
    this.clearCanvas()
    const views = [{ state: this.stateTexture, x: this.viewX }, { state: this.other.texture, x: this.viewX - width }]
    return this.pipeline.repainted(request, views, width, height)
  }

  private requestFor(fine: boolean): FrameRequest {
    const away = this.rig.camera.position.distanceTo(this.centre)
    return {
      profile: PROFILES[this.quality][fine ? 'rest' : 'moving'],
      depthChanged: this.depthDirty,
      showSpaces: this.spacesShown,
      hasGhosts: this.xrayOn,
      hasOutline: this.selected >= 0 || this.hovered >= 0,
      reach: away + this.radius,
      // Seen from afar, lines crowd and would turn into a stain.
      edges: Math.min(1, Math.max(EDGES_FROM_AFAR, (EDGES_WHOLE_RADII * this.radius) / away)),
      isHasty: this.isQuick,
    }
  }

  /** Two views leave the canvas empty under the panels at its sides. */
  private clearCanvas(): void {
    this.renderer.setRenderTarget(null)
    this.renderer.setClearColor(this.backdrop.edge)
    this.renderer.clear()
    this.renderer.setClearColor(BLACK)
  }

  private uploadState(): void {
    if (this.keptIsOldIn === 0) this.pipeline.forgetView()
    if (this.paint.takeDirty() === null) return
    this.stateTexture.needsUpdate = true
    this.other?.follow(this.paint.texels)
    if (this.paint.visibilityRevision === this.visibilityDrawn) return
    this.visibilityDrawn = this.paint.visibilityRevision
    this.shadowDirty = this.depthDirty = true
  }

  /**
   * In how many ms what repainting does not reach must be drawn anew: which rooms are blocks, and the paint that is
   * seen through. Null: the kept view has it as it is, or none is shown.
   */
  private get keptIsOldIn(): number | null {
    if (!this.pipeline.isViewKept || (!this.isQuick && this.other === null)) return null
    const { paintedRoomsRevision: rooms, seenThroughRevision: through } = this.paint
    if (this.spacesShown && rooms !== this.roomsDrawn) return 0
    if (through === this.throughDrawn) return null
    const keptFor = this.xrayOn ? GHOSTS_KEPT_AT_LEAST_MS : KEPT_AT_LEAST_MS
    return Math.max(0, this.lastKeptAt + keptFor - performance.now())
  }

  private noteKept(): void {
    this.roomsDrawn = this.paint.paintedRoomsRevision
    this.throughDrawn = this.paint.seenThroughRevision
    this.lastKeptAt = performance.now()
  }

  private drawShadow(now: number): void {
    if (!this.shadowDirty || this.isQuick || (this.quality === 'low' && this.firstPictureAt === null)) return
    if (!this.settled && now - this.lastShadowAt < SHADOW_WHILE_LOADING_MS) return
    this.shadow.render(this.scene, this.materials, this.centre, this.radius)
    this.shadowDirty = false
    this.lastShadowAt = now
  }

  private tell(now: number): void {
    if (this.firstPictureAt === null) this.awaitFirstPicture()
    this.tellCamera()
    if (now - this.lastStatsAt < STATS_EVERY_MS) return
    this.lastStatsAt = now
    this.events.emit('stats', this.stats)
  }

  /** What stands over the scene is placed anew with each picture, but not where the same view is only repainted. */
  private tellCamera(): void {
    if (this.isQuick && this.isViewTold) return
    this.isViewTold = true
    this.events.emit('camera', this.rig.pose)
  }

  /** The first whole picture counts once the GPU has drawn it, not when it was asked to. */
  private awaitFirstPicture(): void {
    this.wholeDrawn = this.settled
    if (this.wholeDrawn) this.schedule()
    else this.events.emit('progress', this.tiles.progress)
  }

  private tellFirstPicture(): void {
    this.firstPictureAt = performance.now()
    performance.mark('twin-first-picture')
    this.events.emit('progress', 1)
    this.events.emit('firstpicture', this.firstPictureAt)
    this.tiles.refine()
    this.setPeople(this.crowd)
  }

  private walkPeople(now: number): void {
    const fps = this.animate ? PROFILES[this.quality].peopleFps : 0
    const pulsing = this.pipeline.dots !== null && this.paint.alarmCount > 0
    if (fps === 0 || (this.people.count === 0 && !pulsing) || document.hidden) return
    this.people.move(now / 1000)
    if (this.pipeline.dots) this.pipeline.dots.pulse = (Math.sin((now / PULSE_MS) * Math.PI * 2) + 1) / 2
    this.needsDraw = true
    this.schedule(1000 / fps)
  }
}

/** Asks for what the first picture shows; a scene takes it over. The GPU context, made next, holds the page up. */
export function askForTiles(options: TwinSceneOptions): EarlyTiles {
  const filter = { spaces: false, storey: null, later: underground(options) }
  return new EarlyTiles(options.tilesetUrl, (tile) => isWanted(tile.extras, filter))
}

/** Storeys wholly under the ground; none where there is nothing else. */
function underground({ bounds, storeys = [] }: TwinSceneOptions): ReadonlySet<number> {
  const groundM = groundHeight(bounds, storeys)
  const below = storeys.filter((storey) => storey.elevationM + storey.heightM <= groundM + 0.1)
  return new Set(below.length < storeys.length ? below.map((storey) => storey.index) : [])
}

function createRenderer(): WebGLRenderer {
  const renderer = new WebGLRenderer({ antialias: false, depth: false, stencil: false, alpha: false, powerPreference: 'high-performance' })
  // Asking a shader whether it is sound waits until it is compiled; a build's shaders are.
  renderer.debug.checkShaderErrors = import.meta.env.DEV
  const style = renderer.domElement.style
  Object.assign(style, { display: 'block', width: '100%', height: '100%', outline: 'none', touchAction: 'none' })
  renderer.domElement.tabIndex = 0
  return renderer
}

function gpuName(renderer: WebGLRenderer): string {
  const gl = renderer.getContext()
  const info = gl.getExtension('WEBGL_debug_renderer_info')
  return info ? String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)) : ''
}
