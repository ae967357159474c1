import { defineConfig } from 'vite'

const bench = new URL('./bench/', import.meta.url).pathname

/** Builds the pages of `benchmarks/first_view.py` and `benchmarks/latency.py`; the folder is given by `--outDir`. */
export default defineConfig({
  root: bench,
  resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } },
  build: { target: 'es2022', emptyOutDir: true, rolldownOptions: { input: [`${bench}plain.html`, `${bench}latency.html`] } },
})
