// What pages are told of models.

import { describe, expect, it } from 'vitest'
import type { ModelRow, ModelRows } from '../../../src/services/conversation/model-rows.ts'
import type { Connection, JoinListener, Said } from '../../../src/services/identity/connections.ts'
import { createPageNews } from '../../../src/services/operations/page-news.ts'
import type { ConfigChange } from '../../../src/services/operations/config.ts'
import { settled } from '../../harness/clock.ts'
import { foundation } from '../../harness/foundation.ts'

const ROW: ModelRow = { id: 'm', name: 'm', provider: 'p', reasoning: false, tags: [], thinkingLevels: [], thinkingDefault: 'off', available: true }

function make(list: ModelRows['list'] = async ({ agentId } = {}) => [{ ...ROW, name: agentId ?? 'of the gateway' }]) {
  const base = foundation()
  const joins: JoinListener[] = []
  const changes: ((change: ConfigChange) => void)[] = []
  const agents = {
    find: (id: string) => (id === 'main' || id === 'second' ? { id } : undefined),
    sessionKey: (key: string) => (key === 'main' ? 'agent:main:main' : key),
    ofSession(key: string) {
      const id = key.split(':')[1]!
      if (id !== 'main' && id !== 'second') throw new Error('no such agent')
      return id
    },
  }
  createPageNews({ ...base, connections: { onJoin: (listener) => void joins.push(listener) }, agents, rows: { list }, config: { onChange: (listener) => void changes.push(listener) } })
  const join = (said: Partial<Said> | null, caps: readonly string[] = ['model-catalog-snapshot'], reads = true) => {
    const connection = { id: 'c1', caps: new Set(caps), holds: () => reads } as unknown as Connection
    for (const listener of joins) listener(connection, said as Said | null)
    return settled()
  }
  const change = (...sections: string[]) => changes.forEach((listener) => listener({ sections: new Set(sections) } as unknown as ConfigChange))
  return { ...base, join, change }
}

describe('a page that joins', () => {
  it.each([
    [{}, 'of the gateway'],
    [{ sessionKey: 'main' }, 'main'],
    [{ sessionKey: 'agent:second:x' }, 'second'],
    [{ agentId: 'second' }, 'second'],
    [{ agentId: 'nobody' }, 'of the gateway'],
    [{ sessionKey: 'agent:nobody:x' }, 'of the gateway'],
    [{ shortId: 'abc' }, 'of the gateway'],
  ])('is told the models of %j', async (modelCatalog, name) => {
    const { join, heard } = make()
    await join({ modelCatalog })
    expect(heard).toEqual([{ event: 'models.snapshot', payload: { target: modelCatalog, scope: modelCatalog, catalog: { models: [{ ...ROW, name }] } }, audience: { connection: 'c1' } }])
  })

  it.each([
    ['did not ask', {}, ['model-catalog-snapshot'], true],
    ['does not understand', { modelCatalog: {} }, [], true],
    ['may not read', { modelCatalog: {} }, ['model-catalog-snapshot'], false],
    ['was taken up again after a sleep', null, ['model-catalog-snapshot'], true],
  ] as const)('is told nothing if it %s', async (_, said, caps, reads) => {
    const { join, heard } = make()
    await join(said, caps, reads)
    expect(heard).toEqual([])
  })

  it('is told nothing when the models cannot be listed, and the log says why', async () => {
    const { join, heard, logged } = make(() => Promise.reject(new Error('no disk')))
    await join({ modelCatalog: {} })
    expect(heard).toEqual([])
    expect(logged).toMatchObject([{ level: 'warn', fields: { error: 'no disk' } }])
  })
})

it('tells everybody when the configuration changes what a conversation can use', async () => {
  const { change, heard } = make()
  change('logging')
  await settled()
  expect(heard).toEqual([])
  change('models', 'agents')
  await settled()
  expect(heard).toEqual([{ event: 'chat.metadata.changed', payload: {}, audience: {} }])
})
