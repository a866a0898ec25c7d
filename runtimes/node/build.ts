// Builds dist/node.js: everything in one file, with nothing beside it but public/.

import { rmSync } from 'node:fs'
import { build } from 'rolldown'

const root = new URL('../..', import.meta.url).pathname
rmSync(`${root}dist`, { recursive: true, force: true })
await build({
  input: `${root}runtimes/node/index.ts`,
  platform: 'node',
  external: [/^node:/],
  output: {
    file: `${root}dist/node.js`,
    format: 'esm',
    minify: !process.env.NO_MINIFY,
    codeSplitting: false,
    banner: '#!/usr/bin/env node',
  },
})
