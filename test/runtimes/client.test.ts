// The client as it is published, against the gateway as it is started.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeStateDir, startProcess, type GatewayProcess, type StateDir } from '../harness/processes.ts'
import { clientCases } from '../suites/client-cases.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const TOKEN = 'a token for the client'

describe('dist/client.js', () => {
  let state: StateDir
  let gateway: GatewayProcess
  beforeAll(async () => {
    state = makeStateDir({ agents: { defaults: { model: 'builtin/operator' } } })
    gateway = await startProcess({ program: 'node', stateDir: state.path, env: { OPENCLAW_GATEWAY_TOKEN: TOKEN } })
  })
  afterAll(async () => {
    await gateway?.kill('SIGTERM')
    state?.remove()
  })

  clientCases(
    () => ({ url: gateway.url, token: TOKEN }),
    async () => ((await import(`${ROOT}dist/client.js`)) as typeof import('../../src/client.ts')).createClient,
  )

  it('is small, and imports nothing', () => {
    const text = readFileSync(`${ROOT}dist/client.js`, 'utf8')
    expect(text).not.toMatch(/\bimport\s*[({"']|\bfrom\s*["']/)
    expect(gzipSync(text).byteLength).toBeLessThan(4000)
  })

  it('has types that need no package', { timeout: 60_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'edgeclaw-types-'))
    const options = { strict: true, noEmit: true, skipLibCheck: false, module: 'nodenext', target: 'es2024', lib: ['es2024', 'dom'], types: [], exactOptionalPropertyTypes: true }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['use.mts'] }))
    const use = [
      `import { createClient } from '${ROOT}dist/types/client.js'`,
      `const client = createClient({ url: 'ws://127.0.0.1:1' })`,
      `const sent = client.request('chat.send', { sessionKey: 'a', message: 'b', idempotencyKey: 'c' })`,
      `client.on('tick', ({ ts }) => ts.toFixed())`,
      `// @ts-expect-error no such method`,
      `void client.request('chat.sent', {})`,
      `// @ts-expect-error the message is missing`,
      `void client.request('chat.send', { sessionKey: 'a', idempotencyKey: 'c' })`,
      `export const ids: Promise<string> = sent.then((answer) => ('runId' in answer ? answer.runId : answer.runIds.join()))`,
    ]
    writeFileSync(join(folder, 'use.mts'), use.join('\n'))
    try {
      execFileSync(`${ROOT}node_modules/.bin/tsc`, ['-p', folder], { encoding: 'utf8', stdio: 'pipe' })
    } catch (error) {
      expect.unreachable((error as { stdout: string }).stdout)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
