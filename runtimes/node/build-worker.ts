// Builds dist/worker/: worker.js, and in parts/ what it loads when it is first needed. wrangler runs it, and uploads all.

import { rmSync } from 'node:fs'
import { build } from 'rolldown'
import { inAscii } from './ascii.ts'
import { startPart } from './start-part.ts'

const root = new URL('../..', import.meta.url).pathname
const dir = `${root}dist/worker`
rmSync(dir, { recursive: true, force: true })
const entry = `${root}runtimes/cloudflare/worker.ts`
const start = startPart(entry)
await build({
  input: entry,
  plugins: [inAscii, start.plugin],
  platform: 'browser',
  external: [/^cloudflare:/],
  resolve: { conditionNames: ['workerd', 'worker', 'import'] },
  output: {
    dir,
    entryFileNames: 'worker.js',
    chunkFileNames: 'parts/[name]-[hash].js',
    format: 'esm',
    codeSplitting: { groups: [start.group] },
    minify: !process.env.NO_MINIFY,
  },
})
