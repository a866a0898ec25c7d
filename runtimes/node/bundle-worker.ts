// From a Worker's source to what runs: worker.js, and in parts/ what it loads when it is first needed.

import { build } from 'rolldown'
import { inAscii } from './ascii.ts'
import { startPart } from './start-part.ts'

export async function bundleWorker(source: string, dir: string): Promise<void> {
  const start = startPart(source)
  await build({
    input: source,
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
}
