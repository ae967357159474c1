/* eslint-disable @typescript-eslint/explicit-function-return-type -- plain JavaScript, which node runs as it is */
// Opens a package's tileset with implementations that are not ours: 3d-tiles-renderer as it comes, and loaders.gl.
// Prints one JSON object: implementation -> tiles, triangles and features drawn, spaces included.
// Usage: node open_tileset.mjs PACKAGE
import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { join, resolve } from 'node:path'

const folder = resolve(process.argv[2])
const base = new URL(`${pathToFileURL(folder).href}/`)
const arrayBuffer = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)

async function withThree() {
  // What the library takes from a browser.
  Object.assign(globalThis, {
    self: globalThis,
    window: { location: { href: base.href }, devicePixelRatio: 1 },
    requestAnimationFrame: (callback) => setTimeout(callback, 0),
    cancelAnimationFrame: clearTimeout,
  })
  const { InstancedMesh, Mesh, PerspectiveCamera } = await import('three')
  const { TilesRenderer } = await import('3d-tiles-renderer/three')
  const { GLTFExtensionsPlugin } = await import('3d-tiles-renderer/three/plugins')
  const { MeshoptDecoder } = await import('three/addons/libs/meshopt_decoder.module.js')
  const tiles = new TilesRenderer(new URL('tileset.json', base).href)
  const failures = []
  tiles.addEventListener('load-error', ({ error }) => failures.push(String(error)))
  tiles.registerPlugin(new GLTFExtensionsPlugin({ metadata: false, rtc: false, meshoptDecoder: MeshoptDecoder }))
  tiles.registerPlugin({ fetchData: async (url) => new Response(await readFile(new URL(url))) })
  tiles.errorTarget = 0
  const camera = new PerspectiveCamera(60, 1, 0.1, 1e6)
  tiles.setCamera(camera)
  tiles.setResolution(camera, 1000, 1000)
  tiles.addEventListener('load-root-tileset', ({ tileset }) => lookAt(camera, tileset.root.boundingVolume.box))
  await settled(tiles, failures)
  const found = { tiles: 0, triangles: 0, features: new Set() }
  tiles.forEachLoadedModel((scene) => {
    found.tiles++
    scene.traverse((object) => {
      if (!(object instanceof Mesh)) return
      const copies = object instanceof InstancedMesh ? object.count : 1
      found.triangles += (object.geometry.index.count / 3) * copies
      // three lowers the names of attributes of vertices, not of instances; either may be a view of more.
      const { _feature_id_0: ofVertices, _FEATURE_ID_0: ofInstances } = object.geometry.attributes
      const ids = ofInstances ?? ofVertices
      for (let i = 0; i < ids.count; i++) found.features.add(ids.getX(i))
    })
  })
  return summary(found)
}

function lookAt(camera, [x, y, z, ...axes]) {
  camera.position.set(x, y, z + 4 * Math.hypot(...axes))
  camera.lookAt(x, y, z)
  camera.updateMatrixWorld()
}

async function settled(tiles, failures) {
  const queues = () => [tiles.downloadQueue, tiles.parseQueue, tiles.processNodeQueue]
  for (let calm = 0; calm < 20; ) {
    tiles.update()
    await new Promise((done) => setTimeout(done, 5))
    calm = tiles.root && !queues().some((queue) => queue.running) ? calm + 1 : 0
    if (failures.length > 0) throw new Error(failures.join('\n'))
  }
}

async function withLoaders() {
  const { parse } = await import('@loaders.gl/core')
  const { Tiles3DLoader } = await import('@loaders.gl/3d-tiles')
  const { GLTFLoader, postProcessGLTF } = await import('@loaders.gl/gltf')
  const path = join(folder, 'tileset.json')
  const tileset = await parse(arrayBuffer(await readFile(path)), Tiles3DLoader, { '3d-tiles': { isTileset: true } }, { url: path })
  const found = { tiles: 0, triangles: 0, features: new Set() }
  for (const uri of contents(tileset.root)) {
    const gltf = postProcessGLTF(await parse(arrayBuffer(await readFile(join(folder, uri))), GLTFLoader))
    found.tiles++
    for (const node of gltf.scene.nodes) addNode(found, gltf, node)
  }
  return summary(found)
}

function contents(tile) {
  const uri = tile.content?.uri
  return [...(uri ? [uri] : []), ...(tile.children ?? []).flatMap(contents)]
}

function addNode(found, gltf, node) {
  const instances = node.extensions?.EXT_mesh_gpu_instancing?.attributes
  const owners = instances && gltf.accessors[instances._FEATURE_ID_0].value
  for (const { indices, attributes } of node.mesh.primitives) {
    found.triangles += (indices.count / 3) * (owners?.length ?? 1)
    addAll(found.features, owners ?? attributes._FEATURE_ID_0.value)
  }
}

function addAll(set, values) {
  for (const value of values) set.add(value)
}

function summary({ tiles, triangles, features }) {
  return { tiles, triangles, features: [...features].sort((a, b) => a - b) }
}

const opened = JSON.stringify({ three: await withThree(), loaders: await withLoaders() })
// Timers of the libraries would keep the process; what goes to a pipe must have gone first.
process.stdout.write(opened, () => process.exit(0))
