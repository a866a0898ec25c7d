// What becomes active of a text.

import { describe, expect, it } from 'vitest'
import { createConfigAdopt } from '../../../src/services/operations/config-adopt.ts'
import { createConfigState } from '../../../src/services/operations/config-state.ts'
import { createConfigText } from '../../../src/services/operations/config-text.ts'
import { startConfiguration, PATH } from './configuration.ts'

const BY = { by: 'somebody', how: 'test', note: 'because' }

async function create() {
  const on = await startConfiguration()
  const source = { path: PATH, read: async () => on.file.text, write: async () => {} }
  const text = createConfigText({ source, env: {}, state: createConfigState(on), log: on.log })
  const adopt = createConfigAdopt({ ...on, text, history: on.configHistory })
  return { ...on, adopt, toReading: (value: unknown) => text.preview(value as Record<string, unknown>) }
}

describe('what is wrong', () => {
  it('is told of the text, and of what it means here', async () => {
    const { adopt, toReading } = await create()
    expect(adopt.issuesOf(await toReading({ gateway: { port: 0 } }))).toMatchObject([{ path: 'gateway.port' }])
    expect(adopt.issuesOf(await toReading({ gateway: { bind: 'tailnet' } }))).toEqual([{ path: 'gateway', message: expect.stringContaining('is not supported yet') }])
    expect(adopt.issuesOf(await toReading({ session: {} }))).toEqual([])
  })

  it('makes no token only to find out', async () => {
    const kept = new Map<string, string>()
    const secrets = { get: (name: string) => kept.get(name) ?? null, set: (name: string, value: string) => void kept.set(name, value) }
    const on = await startConfiguration({ env: { OPENCLAW_GATEWAY_TOKEN: '' }, file: { ...(await startConfiguration()).file, text: '{ gateway: { auth: { token: "t" } } }' }, host: { secrets } })
    on.runtime.preview({})
    expect(kept.size).toBe(0)
  })

  it('is never adopted', async () => {
    const { adopt, config, toReading } = await create()
    const bad = await toReading({ gateway: { port: 0 } })
    expect(() => adopt.adopt(bad, BY)).toThrow('cannot be used')
    expect(config.current).toEqual({})
  })
})

it('is recorded and told when it is news, and only then', async () => {
  const { adopt, configHistory, commit, heard, toReading } = await create()
  const reading = await toReading({ session: { mainKey: 'x' } })
  adopt.adopt(reading, BY)
  adopt.adopt(reading, BY)
  await commit.flush()
  expect(configHistory.list(5)).toMatchObject([{ hash: reading.hash, by: 'somebody', how: 'test', note: 'because', paths: ['session'] }])
  expect(heard).toMatchObject([{ event: 'config.changed', payload: { hash: reading.hash } }])
})

it('asks for a restart once, and at the time that was named', async () => {
  const { adopt, clock, restarts, toReading } = await create()
  const first = adopt.adopt(await toReading({ gateway: { port: 1 } }), BY, { restartDelayMs: 3000 })
  expect(first.restart).toMatchObject({ reason: 'config change: gateway', coalesced: false })
  expect(adopt.adopt(await toReading({ gateway: { port: 2 } }), BY).restart).toMatchObject({ coalesced: true })
  await clock.advance(2999)
  expect(restarts).toEqual([])
  await clock.advance(1)
  expect(restarts).toEqual(['config change: gateway'])
})

it('has nothing waiting any more when the old setting comes back', async () => {
  const { adopt, config, toReading } = await create()
  adopt.adopt(await toReading({ gateway: { port: 1 } }), BY)
  expect(config.snapshot().waiting).toEqual(['gateway'])
  adopt.adopt(await toReading({}), BY)
  expect(config.snapshot().waiting).toEqual([])
  expect(config.snapshot().appliedHash).toBe(config.snapshot().revisionHash)
})
