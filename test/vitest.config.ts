import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    // The runtime tests start processes; each has its own time limits.
    testTimeout: 20_000,
    hookTimeout: 60_000,
  },
})
