import { defineConfig } from 'vite'

/** Builds the baseline page of `benchmarks/first_view.py`; the folder is given by `--outDir`. */
export default defineConfig({
  root: new URL('./bench', import.meta.url).pathname,
  build: { target: 'es2022', emptyOutDir: true, rolldownOptions: { input: new URL('./bench/plain.html', import.meta.url).pathname } },
})
