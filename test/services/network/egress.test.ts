// Whoever asks somebody outside does it through the one guarded way; but for those whose address the configuration names.

import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

/** Hold the unguarded way out, and why they may. */
const UNGUARDED: Readonly<Record<string, string>> = {
  'services/conversation/model-probe.ts': 'providers of the configuration',
  'services/conversation/models.ts': 'providers of the configuration, and servers of this machine',
  'services/conversation/services.ts': 'hands it to both',
  'services/tools/mcp-fetch.ts': 'MCP servers of the configuration',
  'services/tools/mcp-session.ts': 'hands it on',
  'services/tools/services.ts': 'hands it on',
  'services/voice/openai-speech.ts': 'providers of the configuration',
  'services/voice/speech-sources.ts': 'hands it on',
  'services/network/guarded-fetch.ts': 'is the guard',
  'services/network/services.ts': 'makes the guard',
}

const unguarded = (text: string): boolean => /\bFetch\b|\bplatform\.fetch\b|\bglobalThis\.fetch\b|\bsql, clock, fetch\b/.test(text) || /\bawait fetch\(/.test(text)

it('is held by nobody else', () => {
  const root = new URL('../../../src/', import.meta.url).pathname
  const found = globSync('{services,methods,rpc,socket,http,store,kit}/**/*.ts', { cwd: root }).filter((path) => unguarded(readFileSync(root + path, 'utf8')))
  expect(found.toSorted()).toEqual(Object.keys(UNGUARDED).toSorted())
})

it('would be noticed', () => {
  for (const text of ["import type { Fetch } from '../ports/fetch.ts'", 'deps: { fetch: platform.fetch }', 'const r = await fetch(url)', 'globalThis.fetch(url)']) expect(unguarded(text), text).toBe(true)
  for (const text of ['await outside.fetch(url, wanted)', 'prefetch()', 'gateway.fetch(request)']) expect(unguarded(text), text).toBe(false)
})
