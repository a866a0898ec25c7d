// The tools that look at the gateway: each tells what is there, through the registry as a model calls it.

import { createVitals } from '../../../src/services/operations/vitals.ts'
import { describe, expect, it } from 'vitest'
import type { Data } from '../../harness/client.ts'
import { createGatewayTools } from '../../../src/services/conversation/gateway-tools.ts'
import { createHealth } from '../../../src/services/operations/health.ts'
import { createConversation, KEY, OPERATOR } from './conversation.ts'

async function make() {
  const conversation = await createConversation({ config: { agents: { defaults: { model: 'builtin/operator' } } } })
  const { sessions, transcripts, agents, models, table, clock, bus, tools, sight } = conversation
  const health = createHealth({ table, agents, clock, bus, vitals: createVitals(), path: 'here' })
  for (const tool of createGatewayTools({ sessions, transcripts, agents, models, health, sight, status: () => ({ fine: true }) })) tools.add(tool)
  const ask = async (name: string, args: Data = {}) => {
    const { text, isError } = await tools.invoke(name, JSON.stringify(args), { principal: OPERATOR, sessionKey: KEY, signal: new AbortController().signal })
    return isError ? { error: text } : (JSON.parse(text.startsWith('{') || text.startsWith('[') ? text : JSON.stringify(text)) as Data)
  }
  return { ...conversation, ask }
}

const user = (content: string) => ({ role: 'user' as const, content, timestamp: 7 })

it('are all for readers, and described', async () => {
  const { tools } = await make()
  const reader = { id: 'r', role: 'operator' as const, scopes: new Set(['operator.read' as const]) }
  const offered = tools.offeredTo({ principal: reader, sessionKey: KEY })
  expect(offered.map((tool) => tool.name)).toEqual(['gateway_status', 'gateway_health', 'models_list', 'session_status', 'sessions_list', 'sessions_history'])
  expect(offered.every((tool) => tool.description!.length > 10)).toBe(true)
})

it('tell the state, the health and the models', async () => {
  const { ask } = await make()
  expect(await ask('gateway_status')).toEqual({ fine: true })
  expect(await ask('gateway_health')).toMatchObject({ ok: true, agents: [{ agentId: 'main' }] })
  expect(await ask('models_list')).toMatchObject([{ provider: 'builtin', model: 'operator', isDefault: true }])
})

describe('session_status', () => {
  it('is that of the conversation, or of the one that is named', async () => {
    const { ask, sessions } = await make()
    sessions.create({ key: KEY, via: 'operator' })
    sessions.append(KEY, user('the title'))
    sessions.create({ key: 'agent:main:notes', via: 'operator', label: 'n' })
    expect(await ask('session_status')).toMatchObject({ key: KEY, derivedTitle: 'the title' })
    expect(await ask('session_status', { key: 'Notes' })).toMatchObject({ key: 'agent:main:notes', label: 'n' })
    expect(await ask('session_status', { key: 'nothing' })).toBe('there is no session "nothing"')
    expect(await ask('session_status', { key: 'agent:' })).toEqual({ error: expect.stringContaining('invalid session key') })
  })
})

describe('sessions_list', () => {
  it('has the latest first, as many as asked for, none that is archived', async () => {
    const { ask, sessions, clock } = await make()
    for (let n = 1; n <= 12; n++) {
      sessions.create({ key: `agent:main:s${n}`, via: 'operator', label: `label ${n}` })
      sessions.append(`agent:main:s${n}`, user(`message ${n}`))
      await clock.advance(1)
    }
    sessions.patch('agent:main:s12', { archived: true })
    const { total, sessions: rows } = await ask('sessions_list')
    expect(total).toBe(11)
    expect(rows).toHaveLength(10)
    expect(rows[0]).toEqual({ key: 'agent:main:s11', label: 'label 11', title: 'message 11', lastMessage: 'message 11', updatedAt: expect.any(Number) })
    expect(await ask('sessions_list', { limit: 1, search: 'label 3' })).toMatchObject({ total: 1, sessions: [{ key: 'agent:main:s3' }] })
    expect(await ask('sessions_list', { limit: 51 })).toEqual({ error: expect.stringContaining('/limit') })
  })
})

describe('sessions_history', () => {
  it('is the last messages, behind the last reset', async () => {
    const { ask, sessions } = await make()
    sessions.create({ key: 'agent:main:notes', via: 'operator' })
    sessions.append('agent:main:notes', user('old'))
    sessions.reset('agent:main:notes')
    for (const text of ['one', 'two']) sessions.append('agent:main:notes', user(text))
    expect(await ask('sessions_history', { key: 'notes', limit: 2 })).toEqual([{ role: 'user', text: 'one', at: 7 }, { role: 'user', text: 'two', at: 7 }])
    expect(JSON.stringify(await ask('sessions_history', { key: 'notes' }))).not.toContain('old')
    expect(await ask('sessions_history', { key: 'nothing' })).toBe('there is no session "nothing"')
    expect(await ask('sessions_history')).toEqual({ error: expect.stringContaining("required property 'key'") })
  })
})
