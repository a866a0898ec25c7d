// Placeholders on the way back.

import { describe, expect, it } from 'vitest'
import { redact, REDACTED } from '../../../src/services/operations/config-parse.ts'
import type { ConfigObject } from '../../../src/services/operations/config-merge.ts'
import { restoreSecrets } from '../../../src/services/operations/config-restore.ts'

const BEFORE: ConfigObject = {
  gateway: { auth: { token: 'the-token' }, port: 1 },
  models: { providers: { a: { apiKey: 'sk-a', headers: { 'x-one': 'h-1' }, models: [{ id: 'm' }] } } },
  channels: { list: [{ id: 'one', botToken: 't-1' }, { id: 'two', botToken: 't-2' }] },
  apiKeys: ['k-1', 'k-2'],
}

describe('a placeholder', () => {
  it('keeps the secret that stood there, wherever that is', () => {
    expect(restoreSecrets(redact(BEFORE) as ConfigObject, BEFORE)).toEqual(BEFORE)
  })

  it('finds the entry of a list by its id', () => {
    const next = { channels: { list: [{ id: 'two', botToken: REDACTED }, { id: 'one', botToken: 'new' }] } }
    expect(restoreSecrets(next, BEFORE)).toEqual({ channels: { list: [{ id: 'two', botToken: 't-2' }, { id: 'one', botToken: 'new' }] } })
  })

  it.each([
    [{ gateway: { auth: { password: REDACTED } } }, 'gateway.auth.password'],
    [{ gateway: { port: REDACTED } }, 'gateway.port'],
    [{ gateway: { auth: { token: `x${REDACTED}` } } }, 'gateway.auth.token'],
    [{ channels: { list: [{ id: 'three', botToken: REDACTED }] } }, 'channels.list[0].botToken'],
    [{ apiKeys: [REDACTED, REDACTED, REDACTED] }, 'apiKeys[2]'],
    [{ elsewhere: { token: REDACTED } }, 'elsewhere.token'],
    [{ constructor: { token: REDACTED } }, 'constructor.token'],
  ])('that stands for nothing is refused: %j', (next, path) => {
    expect(() => restoreSecrets(next, BEFORE)).toThrow(`Sentinel value "${REDACTED}" in key ${path} is not valid as real data`)
  })

  it('changes nothing else', () => {
    const next = { gateway: { port: 2, list: [1, 'x', null, true] } }
    expect(restoreSecrets(next, BEFORE)).toEqual(next)
  })
})
