// Builds dist/worker/: worker.js, and in parts/ what it loads when it is first needed. wrangler runs it, and uploads all.

import { rmSync } from 'node:fs'
import { build } from 'rolldown'
import { inAscii } from './ascii.ts'

const root = new URL('../..', import.meta.url).pathname
const dir = `${root}dist/worker`
rmSync(dir, { recursive: true, force: true })
await build({
  input: `${root}runtimes/cloudflare/worker.ts`,
  plugins: [inAscii],
  platform: 'browser',
  external: [/^cloudflare:/],
  resolve: { conditionNames: ['workerd', 'worker', 'import'] },
  output: {
    dir,
    entryFileNames: 'worker.js',
    chunkFileNames: 'parts/[name]-[hash].js',
    format: 'esm',
    minify: !process.env.NO_MINIFY,
  },
})
