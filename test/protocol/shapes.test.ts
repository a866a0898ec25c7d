// Session keys have one form, and messages and usage add up.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addUsage,
  attachment,
  canonicalSessionKey,
  MAX_SESSION_KEY_CHARS,
  noUsage,
  presenceEntry,
  splitSessionKey,
  textOf,
  type Message,
} from '../../src/protocol/shapes.ts'

describe('session keys', () => {
  it('are put into one form', () => {
    const cases: readonly (readonly [given: string, canonical: string | null])[] = [
      ['main', 'agent:main:main'],
      [' Main ', 'agent:main:main'],
      ['agent:other:Main', 'agent:other:main'],
      ['AGENT:Other:x:y', 'agent:other:x:y'],
      ['agent', 'agent:main:agent'],
      ['discord:channel:5', 'agent:main:discord:channel:5'],
      ['', null],
      ['  ', null],
      ['agent:', null],
      ['agent:main', null],
      ['agent:main:', null],
      ['agent::x', null],
      ['a\u0000b', null],
      ['a\nb', null],
      ['a\u007fb', null],
    ]
    for (const [given, canonical] of cases) expect(canonicalSessionKey(given, 'main'), JSON.stringify(given)).toBe(canonical)
  })

  it('may be so long and no longer, agent included', () => {
    const room = MAX_SESSION_KEY_CHARS - 'agent:main:'.length
    expect(canonicalSessionKey('x'.repeat(room), 'main')).toHaveLength(MAX_SESSION_KEY_CHARS)
    expect(canonicalSessionKey('x'.repeat(room + 1), 'main')).toBeNull()
    expect(canonicalSessionKey(`agent:main:${'x'.repeat(room + 1)}`, 'main')).toBeNull()
  })

  it('keep a form that they have, whatever the default agent, and always name an agent', () => {
    const part = fc.string({ unit: fc.constantFrom(...'aZ0:-_ .üÉ'), maxLength: 12 })
    const given = fc.oneof(part, fc.tuple(part, part).map(([agent, rest]) => `agent:${agent}:${rest}`), fc.string())
    fc.assert(
      fc.property(given, (key) => {
        const canonical = canonicalSessionKey(key, 'main')
        if (canonical === null) return
        expect(canonicalSessionKey(canonical, 'other')).toBe(canonical)
        expect(canonicalSessionKey(` ${key.toUpperCase().toLowerCase()} `, 'main')).toBe(canonicalSessionKey(key.toUpperCase(), 'main'))
        expect(splitSessionKey(canonical)).not.toBeNull()
      }),
      { numRuns: 1000 },
    )
  })

  it('are taken apart where the agent ends', () => {
    expect(splitSessionKey('agent:main:cron:x:y')).toEqual({ agentId: 'main', rest: 'cron:x:y' })
    expect(splitSessionKey('agent:main:a\nb')).toEqual({ agentId: 'main', rest: 'a\nb' })
    for (const key of ['main', 'agent:main', 'agent:main:', 'agent::x', 'Agent:main:x', ' agent:main:x']) expect(splitSessionKey(key), key).toBeNull()
  })
})

describe('messages', () => {
  it('have the text of their text parts', () => {
    const usage = noUsage()
    const assistant: Message = {
      role: 'assistant',
      content: [{ type: 'thinking', thinking: 'hm' }, { type: 'text', text: 'a' }, { type: 'toolCall', id: 'c', name: 'f', arguments: {} }, { type: 'text', text: 'b' }],
      api: 'x',
      provider: 'p',
      model: 'm',
      usage,
      stopReason: 'stop',
      timestamp: 1,
    }
    expect(textOf(assistant)).toBe('ab')
    expect(textOf({ role: 'user', content: 'plain', timestamp: 1 })).toBe('plain')
    expect(textOf({ role: 'user', content: [{ type: 'image', mimeType: 'image/png', mediaId: 'i', sizeBytes: 1 }], timestamp: 1 })).toBe('')
  })

  it('of a client may have attachments with members that nobody reads', () => {
    const given = { mimeType: 'image/png', content: 'AA==', more: 1 }
    expect(attachment.parse(given)).toEqual(given)
    expect(attachment.safeParse({ mimeType: 5 }).success).toBe(false)
  })
})

describe('usage', () => {
  const amount = fc.nat({ max: 1_000_000 })
  const usage = fc.record({ input: amount, output: amount, cacheRead: amount, cacheWrite: amount, reasoning: amount, totalTokens: amount })

  it('adds up in any order, starting from none', () => {
    fc.assert(
      fc.property(usage, usage, usage, (a, b, c) => {
        expect(addUsage(a, noUsage())).toEqual(a)
        expect(addUsage(a, b)).toEqual(addUsage(b, a))
        expect(addUsage(addUsage(a, b), c)).toEqual(addUsage(a, addUsage(b, c)))
        for (const key of Object.keys(a) as (keyof typeof a)[]) expect(addUsage(a, b)[key]).toBe(a[key] + b[key])
      }),
    )
  })

  it('starts anew each time', () => {
    const first = noUsage()
    first.input = 5
    expect(noUsage().input).toBe(0)
  })
})

it('a presence entry has its time, and no member of its own making', () => {
  expect(presenceEntry.safeParse({ ts: 1, host: 'h', roles: ['operator'] }).success).toBe(true)
  for (const wrong of [{}, { ts: -1 }, { ts: 1, host: '' }, { ts: 1, token: 'x' }]) expect(presenceEntry.safeParse(wrong).success).toBe(false)
})
