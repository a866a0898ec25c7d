// Builds dist/worker/. wrangler runs it, and uploads all.

import { rmSync } from 'node:fs'
import { bundleWorker } from './bundle-worker.ts'

const root = new URL('../..', import.meta.url).pathname
const dir = `${root}dist/worker`
rmSync(dir, { recursive: true, force: true })
await bundleWorker(`${root}runtimes/cloudflare/worker.ts`, dir)
