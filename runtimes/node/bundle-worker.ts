// From a Worker's source to what runs: worker.js, and in parts/ what it loads when it is first needed.

import { build } from 'rolldown'
import { inAscii } from './ascii.ts'

export async function bundleWorker(source: string, dir: string): Promise<void> {
  await build({
    input: source,
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
}
