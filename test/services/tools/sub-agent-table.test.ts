import { expect, it } from 'vitest'
import { createSubAgentTable } from '../../../src/services/tools/sub-agent-table.ts'
import { foundation } from '../../harness/foundation.ts'
import { OPERATOR } from '../conversation/conversation.ts'

const spawned = (runId: string, more = {}) => ({ runId, parentKey: 'agent:main:main', childKey: `agent:main:subagent:${runId}`, label: runId, principal: OPERATOR, createdAt: 1, ...more })

it('keeps who spawned whom, in whose name, and of whom was told', () => {
  const table = createSubAgentTable(foundation().sql)
  table.insert(spawned('a'))
  table.insert(spawned('b', { createdAt: 2 }))
  table.insert(spawned('c', { parentKey: 'agent:main:other' }))
  expect(table.get('a')).toEqual({ ...spawned('a'), toldAt: null })
  expect(table.get('x')).toBeNull()
  expect(table.of('agent:main:main', 10).map(({ runId }) => runId)).toEqual(['b', 'a'])
  table.tell('a', 5)
  expect(table.untold().map(({ runId }) => runId)).toEqual(['c', 'b'])
  table.prune(6)
  expect(table.get('a')).toBeNull()
  expect(table.untold()).toHaveLength(2)
})
