// What the failure of an upstream means: its kind, its words, when to come again. Never the key.

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toFailure, toStreamFailure } from '../../src/models/openai-failure.ts'

const KEY = 'sk-secret-of-the-provider'
const SPEC = { provider: 'mock', model: 'm', baseUrl: 'http://mock.test', apiKey: KEY, headers: {}, timeoutMs: 1000 }

const failure = (status: number, text = '', headers: Record<string, string> = {}, apiKey: string | null = KEY) =>
  toFailure({ ...SPEC, apiKey }, { status, headers: { get: (name) => headers[name] ?? null }, body: null, text: async () => text })

describe('the kind', () => {
  it.each([
    [400, 'invalid', false],
    [401, 'auth', false],
    [403, 'auth', false],
    [404, 'invalid', false],
    [408, 'timeout', true],
    [422, 'invalid', false],
    [429, 'rate_limit', true],
    [500, 'server', true],
    [503, 'server', true],
    [504, 'timeout', true],
    [529, 'server', true],
  ] as const)('of %i is %s, and worth another try: %s', async (status, kind, transient) => {
    expect(await failure(status)).toMatchObject({ kind, status, transient })
  })

  it.each(["This model's maximum context length is 8000", 'context_length_exceeded', 'context length', 'too many tokens'])('of 400 with "%s" is the length', async (message) => {
    expect(await failure(400, JSON.stringify({ error: { message } }))).toMatchObject({ kind: 'context_length' })
  })
})

describe('the words', () => {
  it.each([
    ['{"error":{"message":"no such model"}}', 'no such model'],
    ['{"error":"no such model"}', 'no such model'],
    ['{"message":"no such model"}', 'no such model'],
    ['{"detail":"other"}', '{"detail":"other"}'],
    ['Bad Gateway', 'Bad Gateway'],
    ['null', 'null'],
    ['', 'no reason given'],
  ])('in %s are "%s"', async (body, said) => {
    expect((await failure(404, body)).message).toBe(`mock answered 404: ${said}`)
  })

  it('are at most 300 characters', async () => {
    for (const body of ['x'.repeat(5000), JSON.stringify({ error: { message: 'x'.repeat(5000) } }), JSON.stringify({ message: 'x'.repeat(5000) })]) {
      expect((await failure(500, body)).message).toBe(`mock answered 500: ${'x'.repeat(300)}`)
    }
  })

  it('may be unreadable', async () => {
    const response = { status: 500, headers: { get: () => null }, body: null, text: () => Promise.reject(new Error('cut')) }
    expect((await toFailure(SPEC, response)).message).toBe('mock answered 500: no reason given')
  })
})

describe('when to come again', () => {
  it.each([
    ['7', 7000],
    ['0.5', 500],
    ['0', null],
    ['-1', null],
    ['soon', null],
    ['Wed, 21 Oct 2026 07:28:00 GMT', null],
  ])('Retry-After: %s is %s', async (value, ms) => {
    expect((await failure(429, '', { 'retry-after': value })).retryAfterMs).toBe(ms)
  })

  it('is not said by who does not say it', async () => {
    expect((await failure(429)).retryAfterMs).toBeNull()
  })
})

describe('the key', () => {
  const around = fc.string({ maxLength: 200 }).filter((text) => !text.includes('[key]'))

  it('is never in the words', async () => {
    await fc.assert(
      fc.asyncProperty(around, around, fc.constantFrom('json', 'text', 'stream'), async (before, behind, how) => {
        const said = `${before}${KEY}${behind}`.slice(0, 300)
        fc.pre(said.includes(KEY))
        const error = how === 'stream' ? toStreamFailure(SPEC, { message: said }) : await failure(401, how === 'json' ? JSON.stringify({ error: { message: said } }) : said)
        expect(error.message).not.toContain(KEY)
        expect(error.message).toContain('[key]')
      }),
    )
  })

  it('is not looked for where there is none, or one so short that it is no secret', async () => {
    expect((await failure(400, 'nothing', {}, null)).message).toContain('nothing')
    expect((await failure(400, 'nothing', {}, 'none')).message).toContain('nothing')
  })

  it.each(['json', 'text', 'stream'])('is not in the words by halves, where these are cut (%s)', async (how) => {
    const said = `${'x'.repeat(290)}${KEY}`
    const error = how === 'stream' ? toStreamFailure(SPEC, said) : await failure(401, how === 'json' ? JSON.stringify({ error: { message: said } }) : said)
    expect(error.message).not.toContain(KEY.slice(0, 6))
  })
})
