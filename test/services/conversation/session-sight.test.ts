import { expect, it } from 'vitest'
import { createSessionSight } from '../../../src/services/conversation/session-sight.ts'
import { createConversation } from './conversation.ts'

const CHILD = 'agent:main:subagent:1'
const OTHER = 'agent:second:other'

async function seenFrom(own: string, visibility?: string): Promise<string[]> {
  const config = { agents: { list: [{ id: 'main' }, { id: 'second' }] }, ...(visibility !== undefined && { tools: { sessions: { visibility } } }) }
  const c = await createConversation({ config })
  const sight = createSessionSight(c)
  const records = [
    c.sessions.create({ key: 'agent:main:main', via: 'operator' }),
    c.sessions.create({ key: 'agent:main:side', via: 'operator' }),
    c.sessions.create({ key: CHILD, parentKey: 'agent:main:side', via: 'spawn' }),
    c.sessions.create({ key: `${CHILD}:subagent:2`, parentKey: CHILD, via: 'spawn' }),
    c.sessions.create({ key: 'agent:second:subagent:3', parentKey: 'agent:main:side', via: 'spawn' }),
    c.sessions.create({ key: OTHER, via: 'operator' }),
  ]
  return records.filter((record) => sight.sees(own, record)).map(({ key }) => key.replace('agent:', ''))
}

const MAIN = ['main:main', 'main:side', 'main:subagent:1', 'main:subagent:1:subagent:2']

it.each([
  ['agent:main:main', undefined, MAIN],
  ['agent:main:side', undefined, [...MAIN, 'second:subagent:3']],
  ['agent:main:side', 'tree', ['main:side', 'main:subagent:1', 'main:subagent:1:subagent:2', 'second:subagent:3']],
  ['agent:main:main', 'tree', MAIN],
  ['agent:main:side', 'self', ['main:side']],
  [CHILD, undefined, ['main:subagent:1', 'main:subagent:1:subagent:2']],
  [CHILD, 'all', ['main:subagent:1', 'main:subagent:1:subagent:2']],
  [OTHER, undefined, ['second:subagent:3', 'second:other']],
  [OTHER, 'all', [...MAIN, 'second:subagent:3', 'second:other']],
])('from %s, with %s: %j', async (own, visibility, expected) => {
  expect(await seenFrom(own, visibility)).toEqual(expected)
})
