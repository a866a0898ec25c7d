// Secrets do not stand in the log.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../../src/kit/log.ts'
import { hide, hideUserinfo, redact, redactText } from '../../src/kit/redact.ts'

const record = (message: string, fields?: Record<string, unknown>): LogRecord => ({ at: 1, level: 'info', scope: 'gateway', message, ...(fields && { fields }) })

describe('a text', () => {
  it.each([
    ['Incorrect API key provided: sk-proj-abcDEF1234567890.', 'Incorrect API key provided: [redacted].'],
    ['authorization: Bearer abc.def-123', 'authorization: Bearer [redacted]'],
    ['basic dXNlcjpwYXNz', 'basic [redacted]'],
    ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_def end', 'jwt [redacted] end'],
    ['ghp_0123456789abcdefghij and xoxb-123456789012-abc', '[redacted] and [redacted]'],
    ['AKIAIOSFODNN7EXAMPLE', '[redacted]'],
    ['GET https://h.example/a?x=1&token=abc&y=2', 'GET https://h.example/a?x=1&token=[redacted]&y=2'],
    ['postgres://user:pass@db/x', 'postgres://[redacted]@db/x'],
    ['-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----', '[redacted]'],
  ])('%s', (text, shown) => {
    expect(redactText(text)).toBe(shown)
  })

  it.each(['the run agent:main:main took 5 ms', 'sk-1', 'https://h.example/models?limit=5', 'task-force of risk-averse people', 'bearer of news', 'model openai/gpt-5'])('%s stays as it is', (text) => {
    expect(redactText(text)).toBe(text)
  })
})

describe('a record', () => {
  it('shows no member that is secret by its name, however deep', () => {
    const fields = { apiKey: 'plain', 'x-api-key': 'plain', headers: { Authorization: 'plain', accept: 'json' }, list: [{ gatewayToken: 'plain' }], client_secret: { a: 'plain' }, outputTokens: 7, tokens: 3, keys: 2, cookie: null }
    const shown = redact(record('x', fields))
    expect(JSON.stringify(shown)).not.toContain('plain')
    expect(shown.fields).toMatchObject({ headers: { accept: 'json' }, outputTokens: 7, tokens: 3, keys: 2, cookie: null })
  })

  it('without a secret says what it said', () => {
    const plain = record('the start took 5 ms', { id: 'r1', stack: 'Error\n at x', deep: { a: [1, null, true, 'x'] }, at: new Date(0) })
    expect(redact(plain)).toEqual(plain)
  })

  it('shows no canary, wherever it is put', () => {
    const canary = 'sk-canary-0123456789abcdef'
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.jsonValue(), (before, name, rest) => {
        const shown = redact(record(`${before} ${canary}`, { [name]: ` ${canary} `, rest, list: [{ [name]: { deep: ` ${canary}` } }] }))
        expect(JSON.stringify(shown)).not.toContain('0123456789abcdef')
      }),
    )
  })

  it('ends where it goes round in a circle', () => {
    const round: Record<string, unknown> = {}
    round['self'] = round
    expect(() => JSON.stringify(redact(record('x', round)))).not.toThrow()
  })
})

describe('secrets that are known', () => {
  it('are gone wherever somebody repeats them; what is too short to be one stays', () => {
    expect(hide('no key-of-mine, and key-of-mine again: abc', ['key-of-mine', 'abc', null, 7])).toBe('no [redacted], and [redacted] again: abc')
    expect(hide('key-of-mine', ['key-of-mine'], '[key]')).toBe('[key]')
  })

  it('leave no tail where one begins as another does', () => {
    expect(hide('key-of-mine-too', ['key-of-mine', 'key-of-mine-too'])).toBe('[redacted]')
  })

  it('are gone from before the host of an address, whatever is in them', () => {
    expect(hideUserinfo('see https://user:p@ss@host/x@y and ftp://me@host', '[key]')).toBe('see https://[key]@host/x@y and ftp://[key]@host')
  })

  it('are no patterns', () => {
    expect(hide('a.b.c.d.e axbxcxdxe', ['a.b.c.d.e'])).toBe('[redacted] axbxcxdxe')
  })
})
