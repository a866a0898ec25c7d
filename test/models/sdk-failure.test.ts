// What failures of the AI SDK mean.

import { describe, expect, it } from 'vitest'
import { ModelError } from '../../src/ports/model.ts'
import { toSdkFailure } from '../../src/models/sdk-failure.ts'
import { TransportError } from '../../src/models/sdk-fetch.ts'

const SPEC = { provider: 'mock', model: 'm', baseUrl: 'http://m.test', apiKey: 'sk-secret', headers: {}, timeoutMs: 1000, options: { secretAccessKey: 'very-secret', sessionToken: 'token-secret' } }
const failed = (name: string, more: object = {}, message = 'words') => Object.assign(new Error(message), { name }, more)
const kindOf = (error: unknown) => toSdkFailure(SPEC, error, 'mock cannot be reached')

describe('a status', () => {
  it.each([[400, 'invalid'], [401, 'auth'], [403, 'auth'], [404, 'invalid'], [408, 'timeout'], [413, 'invalid'], [429, 'rate_limit'], [500, 'server'], [503, 'server'], [504, 'timeout'], [529, 'server']] as const)('%i is %s', (statusCode, kind) => {
    expect(kindOf(failed('AI_APICallError', { statusCode }))).toMatchObject({ kind, status: statusCode, message: `mock answered ${statusCode}: words` })
  })

  it('says how long to wait, in every form', () => {
    const after = (responseHeaders: Record<string, string>, responseBody = '') => kindOf(failed('AI_APICallError', { statusCode: 429, responseHeaders, responseBody })).retryAfterMs
    expect(after({ 'retry-after': '12' })).toBe(12_000)
    expect(after({ 'retry-after-ms': '250', 'retry-after': '1' })).toBe(250)
    expect(after({ 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT', date: 'Wed, 21 Oct 2026 07:28:00 GMT' })).toBe(30_000)
    expect(after({}, '{"error":{"details":[{"@type":"RetryInfo","retryDelay": "34.5s"}]}}')).toBe(34_500)
    expect(after({ 'retry-after': 'soon' })).toBeNull()
    expect(after({})).toBeNull()
  })

  it('has the words of the body, in whatever form they come', () => {
    for (const body of [{ error: { message: 'mine' } }, { message: 'mine' }, { error: 'mine' }]) {
      expect(kindOf(failed('AI_APICallError', { statusCode: 400, responseBody: JSON.stringify(body) })).message).toBe('mock answered 400: mine')
    }
  })

  it('tells a request that is too long', () => {
    for (const words of ['prompt is too long: 1 > 0', 'Input is too long for requested model.', 'The input token count (9) exceeds the maximum number of tokens allowed (1).', "This model's maximum context length is 8"]) {
      expect(kindOf(failed('AI_APICallError', { statusCode: 400 }, words)).kind, words).toBe('context_length')
    }
  })
})

describe('without a status', () => {
  it.each([['AI_UnsupportedFunctionalityError', 'invalid'], ['AI_InvalidPromptError', 'invalid'], ['AI_LoadAPIKeyError', 'auth'], ['AI_JSONParseError', 'server'], ['AI_TypeValidationError', 'server'], ['Error', 'network'], ['TypeError', 'network']] as const)('%s is %s', (name, kind) => {
    expect(kindOf(failed(name)).kind).toBe(kind)
  })

  it('is the network when the transport is the cause, however deep', () => {
    const error = failed('AI_APICallError', { statusCode: 200, cause: failed('AI_InvalidResponseDataError', { cause: new TransportError('reset') }) })
    expect(kindOf(error)).toMatchObject({ kind: 'network', message: 'mock cannot be reached: reset' })
  })

  it('is what the vendor calls it in the middle of a stream', () => {
    expect(kindOf({ type: 'overloaded_error', message: 'busy' })).toMatchObject({ kind: 'server', message: 'mock failed: busy' })
    expect(kindOf({ type: 'rate_limit_error', message: 'slow' }).kind).toBe('rate_limit')
    expect(kindOf({ type: 'authentication_error', message: 'who?' }).kind).toBe('auth')
    expect(kindOf('just words').message).toBe('mock failed: just words')
  })

  it('is what it was', () => {
    const error = new ModelError('refusal', 'no')
    expect(kindOf(error)).toBe(error)
  })
})

it('never repeats a secret', () => {
  const said = kindOf(failed('AI_APICallError', { statusCode: 403 }, 'sk-secret very-secret token-secret')).message
  expect(said).toBe('mock answered 403: [key] [key] [key]')
})
