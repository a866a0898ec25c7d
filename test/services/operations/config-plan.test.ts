// What a change takes: nothing, a moment, or a restart.

import { describe, expect, it } from 'vitest'
import type { Config } from '../../../src/services/operations/config-schema.ts'
import { planChange, reloadKindOf } from '../../../src/services/operations/config-plan.ts'
import type { RuntimeSettings } from '../../../src/services/operations/runtime-settings.ts'

const SETTINGS: RuntimeSettings = { auth: { mode: 'token', secret: 's' }, host: '127.0.0.1', port: 1, maxPayload: 1000 }

describe('a plan', () => {
  const active: Config = { gateway: { port: 1, auth: { token: 's' } }, session: { mainKey: 'a' } }
  const next: Config = { gateway: { port: 2, bind: 'lan', auth: { token: 'other' } }, session: { mainKey: 'b' } }

  it('lets everything change where the settings stay the same', () => {
    const { paths, deep, now } = planChange(active, next, SETTINGS, SETTINGS)
    expect(paths.toSorted()).toEqual(['gateway.auth.token', 'gateway.bind', 'gateway.port', 'session.mainKey'])
    expect([deep, now]).toEqual([[], next])
  })

  it('holds back what the settings say', () => {
    const { deep, now } = planChange(active, next, SETTINGS, { ...SETTINGS, port: 2, host: '0.0.0.0' })
    expect(deep.toSorted()).toEqual(['gateway.bind', 'gateway.port'])
    expect(now).toEqual({ gateway: { port: 1, auth: { token: 'other' } }, session: { mainKey: 'b' } })
  })

  it('holds back all of the access when its kind changes, so that nobody gets in by halves', () => {
    const other: Config = { gateway: { auth: { mode: 'password', password: 'p' } } }
    const { deep, now } = planChange(active, other, SETTINGS, { ...SETTINGS, auth: { mode: 'password', secret: 'p' } })
    expect(deep.toSorted()).toEqual(['gateway.auth.mode', 'gateway.auth.password', 'gateway.auth.token'])
    expect(now.gateway).toEqual({ auth: { token: 's' } })
  })

  it('makes no member where there was none', () => {
    const { now } = planChange({}, { gateway: { maxPayloadBytes: 65_536 } }, SETTINGS, { ...SETTINGS, maxPayload: 65_536 })
    expect(now).toEqual({ gateway: {} })
  })
})

it.each([
  ['gateway.port', 'restart'],
  ['gateway', 'restart'],
  ['', 'restart'],
  ['gateway.auth', 'restart'],
  ['gateway.auth.mode', 'restart'],
  ['gateway.auth.token', 'hot'],
  ['gateway.controlUi', 'hot'],
  ['logging.level', 'hot'],
  ['models.providers.*.apiKey', 'hot'],
  ['gateway.reload.mode', 'none'],
  ['meta', 'none'],
])('a change of "%s" takes: %s', (path, kind) => {
  expect(reloadKindOf(path)).toBe(kind)
})
