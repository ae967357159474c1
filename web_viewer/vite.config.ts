import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import Components from 'unplugin-vue-components/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const SERVER = process.env.TWIN_SERVER ?? 'http://127.0.0.1:8000'
const PRECOMPRESSED = /\.(js|css|html|svg|json|webmanifest)$/
const SMALLEST_WORTH_BYTES = 1024

/** Writes `.br` and `.gz` beside each text file of the build, so that the server never compresses one itself. */
function precompress(): Plugin {
  let folder = 'dist'
  return {
    name: 'precompress',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir
    },
    closeBundle() {
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !PRECOMPRESSED.test(entry.name)) continue
        const path = join(entry.parentPath, entry.name)
        const bytes = readFileSync(path)
        if (bytes.length < SMALLEST_WORTH_BYTES) continue
        writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }))
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
      }
    },
  }
}

export default defineConfig({
  plugins: [
    vue(),
    Components({ dirs: [], dts: false, resolvers: [ElementPlusResolver({ importStyle: 'css' })] }),
    precompress(),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2022',
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      output: {
        // The scene's libraries change rarely and load first; panels and Element Plus come after the first picture.
        codeSplitting: {
          groups: [
            // Every page has it; left to itself it lands in the scene's chunk and drags that along.
            { name: 'preload', test: /preload-helper/, priority: 2 },
            { name: 'scene-core', test: /node_modules[\\/](three|3d-tiles-renderer|camera-controls)[\\/]/ },
            { name: 'vue-core', test: /node_modules[\\/](@vue|vue|pinia|vue-router)[\\/]/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': SERVER,
      '/tiles': SERVER,
      '/docs': SERVER,
      '/openapi.json': SERVER,
      '/ws': { target: SERVER, ws: true },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    setupFiles: ['src/panels/testing.ts'],
    pool: 'threads',
    maxWorkers: 1,
  },
})
