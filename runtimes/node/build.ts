// Builds dist/: node.js, and in parts/ what it loads when it is first needed, which stands alone with public/ beside it; and
// client.js.

import { rmSync } from 'node:fs'
import { build } from 'rolldown'
import { inAscii } from './ascii.ts'
import { startPart } from './start-part.ts'

const root = new URL('../..', import.meta.url).pathname
for (const built of ['node.js', 'parts']) rmSync(`${root}dist/${built}`, { recursive: true, force: true })
const start = startPart(`${root}runtimes/node/main.ts`)
await build({
  input: `${root}runtimes/node/index.ts`,
  plugins: [inAscii, start.plugin],
  platform: 'node',
  external: [/^node:/],
  output: {
    dir: `${root}dist`,
    entryFileNames: 'node.js',
    chunkFileNames: 'parts/[name]-[hash].js',
    format: 'esm',
    codeSplitting: { groups: [start.group] },
    minify: !process.env.NO_MINIFY,
    banner: (chunk) => (chunk.isEntry ? '#!/usr/bin/env node' : ''),
  },
})
await import('./build-client.ts')
