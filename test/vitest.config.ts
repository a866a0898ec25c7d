import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { countReporter } from './harness/count-reporter.ts'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    reporters: process.env['CI'] ? ['default', countReporter] : ['default'],
    // No module holds state (test/architecture.test.ts), so that files can share what they have loaded.
    isolate: false,
    // Those of the runtimes mostly wait: with one for each core, the others go on beside them.
    maxWorkers: availableParallelism(),
    // The runtime tests start processes; each has its own time limits.
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
