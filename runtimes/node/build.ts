// Builds dist/: node.js, and in parts/ what it loads when it is first needed. It stands alone, with public/ beside it.

import { rmSync } from 'node:fs'
import { build } from 'rolldown'

const root = new URL('../..', import.meta.url).pathname
for (const built of ['node.js', 'parts']) rmSync(`${root}dist/${built}`, { recursive: true, force: true })
await build({
  input: `${root}runtimes/node/index.ts`,
  platform: 'node',
  external: [/^node:/],
  output: {
    dir: `${root}dist`,
    entryFileNames: 'node.js',
    chunkFileNames: 'parts/[name]-[hash].js',
    format: 'esm',
    minify: !process.env.NO_MINIFY,
    banner: (chunk) => (chunk.isEntry ? '#!/usr/bin/env node' : ''),
  },
})
