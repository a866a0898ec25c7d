// Newer versions: looked for when somebody asks, installed once at a time, and followed by a restart.

import { describe, expect, it } from 'vitest'
import type { Updater } from '../../../src/ports/updater.ts'
import { createUpdates } from '../../../src/services/operations/updates.ts'
import { settled } from '../../harness/clock.ts'
import { fakeFile, startConfiguration } from './configuration.ts'

async function create(changes: Partial<Updater> | null, text = '{}') {
  const asked: string[] = []
  const updater: Updater = {
    kind: 'git',
    current: async () => ({ sha: 'aaa' }),
    async latest() {
      asked.push('latest')
      return { version: '2.0.0', sha: 'bbb', upstreamRef: 'origin/main', commitsBehind: 3 }
    },
    install: async () => void asked.push('install'),
    ...changes,
  }
  const on = await startConfiguration({ file: fakeFile(text), host: changes === null ? {} : { update: updater } })
  return { ...on, asked, updates: createUpdates({ ...on, log: on.log }) }
}

describe('the status', () => {
  it('costs nothing until somebody asks for a look', async () => {
    const { asked, updates } = await create({})
    expect(await updates.status(false)).toEqual({ kind: 'git', channel: 'stable', sha: 'aaa', available: null, failure: null, looked: false })
    expect(asked).toEqual([])
    const found = await updates.status(true)
    expect(found).toMatchObject({ available: { version: '2.0.0', commitsBehind: 3 }, looked: true })
    expect(await updates.status(false)).toEqual(found)
    expect(asked).toEqual(['latest'])
  })

  it('says why nothing was found out, and does not wait for ever', async () => {
    const broken = await create({ latest: () => Promise.reject(new Error('this branch has no upstream')) })
    expect(await broken.updates.status(true)).toMatchObject({ available: null, failure: 'this branch has no upstream' })
    const slow = await create({ latest: (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))) })
    const status = slow.updates.status(true)
    await slow.clock.advance(20_000)
    expect(await status).toMatchObject({ failure: 'it took longer than 20000 ms' })
  })

  it('has the channel of the configuration', async () => {
    const { updates } = await create({ kind: 'package' }, '{ update: { channel: "beta" } }')
    expect(await updates.status(false)).toEqual({ kind: 'package', channel: 'beta', available: null, failure: null, looked: false })
  })
})

describe('an update', () => {
  it('is installed, and restarted into', async () => {
    const { asked, clock, restarts, updates } = await create({})
    expect(await updates.run({})).toMatchObject({ ok: true, kind: 'git', status: 'installed', version: '2.0.0', restart: { reason: 'update' } })
    expect(asked).toEqual(['latest', 'install'])
    await clock.advance(1000)
    expect(restarts).toEqual(['update'])
  })

  it('is left out when there is nothing newer', async () => {
    const { restarts, clock, updates } = await create({ latest: async () => null })
    expect(await updates.run({})).toMatchObject({ ok: true, status: 'current', restart: null })
    await clock.advance(1000)
    expect(restarts).toEqual([])
  })

  it.each([
    ['cannot be found', { latest: () => Promise.reject(new Error('offline')) }, 'offline'],
    ['cannot be installed', { install: () => Promise.reject(new Error('npm ci failed')) }, 'npm ci failed'],
  ])('that %s changes nothing, and is explained', async (_, changes, reason) => {
    const { restarts, clock, updates } = await create(changes)
    expect(await updates.run({})).toMatchObject({ ok: false, status: 'failed', reason, restart: null })
    await clock.advance(1000)
    expect(restarts).toEqual([])
  })

  it('is installed once at a time, within its limit', async () => {
    const { clock, updates } = await create({ install: (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))) })
    const first = updates.run({ timeoutMs: 5000 })
    await expect(updates.run({})).rejects.toThrow('an update is being installed')
    await clock.advance(5000)
    expect(await first).toMatchObject({ ok: false, reason: 'it took longer than 5000 ms' })
    const second = updates.run({ timeoutMs: 1 })
    await settled()
    await clock.advance(1)
    expect(await second).toMatchObject({ status: 'failed' })
  })

  it('is refused where the program cannot replace itself', async () => {
    for (const changes of [null, { kind: 'unknown' as const }]) {
      const { updates } = await create(changes)
      await expect(updates.run({})).rejects.toThrow('neither an npm package nor a git checkout')
    }
    const { updates } = await create({ kind: 'package' })
    await expect(updates.run({ sha: 'a'.repeat(40) })).rejects.toThrow('this is no git checkout')
  })
})
