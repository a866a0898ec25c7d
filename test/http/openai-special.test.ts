// Which model answers where none of language is asked for.

import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { agentIn, asked, assertAgent, found, modelFor, nameOf, parseBody, unknownModel } from '../../src/http/openai-special.ts'
import { invalid } from '../../src/protocol/errors.ts'
import { ModelError } from '../../src/ports/model.ts'
import { OPERATOR } from '../services/conversation/conversation.ts'

const choose = (model: string, configured?: string, headers: Record<string, string> = {}) =>
  modelFor(model, new Headers(headers), { configured, setting: 'models.embeddings', what: 'embeddings' })

describe('a model', () => {
  it.each([
    ['openclaw', 'default'],
    ['openclaw/default', 'default'],
    ['openclaw/second', 'second'],
    ['openclaw:second', 'second'],
    ['agent:second', 'second'],
    ['mock/x', null],
    ['text-embedding-3-small', null],
  ])('%s names the agent %s', (model, agent) => {
    expect(agentIn(model)).toBe(agent)
  })

  it('is the one that is named, else the configured one, else OpenAI’s of that name', () => {
    expect(choose('mock/x', 'other/y')).toBe('mock/x')
    expect(choose('openclaw', 'other/y')).toBe('other/y')
    expect(choose('agent:second', 'other/y')).toBe('other/y')
    expect(choose('y', 'other/y')).toBe('other/y')
    expect(choose('z', 'other/y')).toBe('openai/z')
    expect(choose('openclaw', 'other/y', { 'x-openclaw-model': 'third/w' })).toBe('third/w')
    expect(() => choose('openclaw')).toThrow(expect.objectContaining({ status: 503, retryable: false, message: expect.stringContaining('set models.embeddings') }))
  })

  it('of an agent needs that there is one, and that the key may use it', () => {
    const agents = { find: (id: string) => (id === 'second' ? ({} as never) : undefined) } as never
    const limited = { ...OPERATOR, key: { id: 'k', agents: ['main'] } }
    for (const model of ['openclaw', 'openclaw/default', 'mock/x', 'agent:second']) expect(() => assertAgent(model, OPERATOR, { agents })).not.toThrow()
    expect(() => assertAgent('agent:nobody', OPERATOR, { agents })).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
    expect(() => assertAgent('agent:second', limited, { agents })).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }))
    expect(() => assertAgent('openclaw', limited, { agents })).not.toThrow()
  })

  it('that means nothing is not found; other faults are told as they are', () => {
    const fail = (code?: string) => () => {
      throw invalid('why', code === undefined ? {} : { code })
    }
    expect(() => found('x', fail('model_not_found'))).toThrow(expect.objectContaining({ code: 'NOT_FOUND', status: 404 }))
    expect(() => found('x', fail())).toThrow('why')
    expect(found('x', () => 5)).toBe(5)
    expect(unknownModel('x'.repeat(1000)).message.length).toBeLessThan(400)
    expect(nameOf('a/b/c')).toEqual({ provider: 'a', model: 'b/c' })
  })
})

it('what fails at a provider is told as a run would tell it', async () => {
  await expect(asked(Promise.reject(new ModelError('rate_limit', 'slow', 429, 9000)))).rejects.toMatchObject({ code: 'RATE_LIMITED', options: { retryAfterMs: 9000 } })
  await expect(asked(Promise.reject(new ModelError('auth', 'no key')))).rejects.toMatchObject({ code: 'UPSTREAM', retryable: false })
  await expect(asked(Promise.reject(new TypeError('inside')))).rejects.toBeInstanceOf(TypeError)
})

it('a body is what its schema says, and faults have the name of their member', () => {
  const schema = z.looseObject({ a: z.number() })
  expect(parseBody(schema, '{"a":1}')).toEqual({ a: 1 })
  expect(() => parseBody(schema, '{')).toThrow('no JSON')
  expect(() => parseBody(schema, '{"a":"1"}')).toThrow(expect.objectContaining({ options: { param: 'a' } }))
  expect(() => parseBody(schema, '5')).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST', options: {} }))
})
