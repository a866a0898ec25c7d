// Tools of those who came with a key for some agents.

import { expect, it } from 'vitest'
import { createToolPolicy, GROUPS, type ToolUser } from '../../../src/services/conversation/tool-policy.ts'

const policy = createToolPolicy({ current: {}, agents: () => [] } as never)
const allowed = (principal: ToolUser['principal'], sessionKey = 'agent:main:s') => GROUPS.filter((group) => policy.of({ principal, sessionKey }).permits({ name: 'x', group }))

it('work in their sessions, and reach no others', () => {
  expect(allowed({ id: 'operator' })).toEqual([...GROUPS])
  expect(allowed({ id: 'key:a', key: { id: 'a', models: ['m/*'] } })).toEqual([...GROUPS])
  const some = { id: 'key:b', key: { id: 'b', agents: ['main'] } }
  expect(allowed(some)).toEqual(['fs', 'runtime', 'memory', 'web', 'media', 'mcp'])
  expect(allowed(some, 'agent:second:s')).toEqual([])
})
