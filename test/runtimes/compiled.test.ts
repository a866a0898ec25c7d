// What Node has compiled, kept for the next start.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { makeStateDir, startProcess, type StateDir } from '../harness/processes.ts'

let state: StateDir
const folder = mkdtempSync(join(tmpdir(), 'edgeclaw-caches-'))

afterEach(() => {
  state.remove()
  rmSync(folder, { recursive: true, force: true })
})

it('lies in the caches of the user; where there can be none, the gateway starts without', async () => {
  state = makeStateDir({})
  const run = async (caches: string) => {
    const gateway = await startProcess({ program: 'node', stateDir: state.path, env: { XDG_CACHE_HOME: caches, NODE_COMPILE_CACHE: '' } })
    const { status } = await fetch(`${gateway.url}/health`)
    return { status, code: await gateway.kill('SIGTERM') }
  }
  expect(await run(folder)).toEqual({ status: 200, code: 0 })
  expect(readdirSync(join(folder, 'edgeclaw')).length).toBeGreaterThan(0)
  const file = join(folder, 'no-folder')
  writeFileSync(file, '')
  expect(await run(file)).toEqual({ status: 200, code: 0 })
})
