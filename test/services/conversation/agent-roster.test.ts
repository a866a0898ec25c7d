// Agents as a part of the configuration, in both forms in which it can have them.

import { createStorage } from 'unstorage'
import { describe, expect, it } from 'vitest'
import { createAgentFiles } from '../../../src/services/conversation/agent-files.ts'
import { createAgentRoster, toAgentId } from '../../../src/services/conversation/agent-roster.ts'
import { fakeFile, startConfiguration } from '../operations/configuration.ts'

async function create(value: unknown = {}) {
  const on = await startConfiguration({ file: fakeFile(JSON.stringify(value)) })
  const files = createAgentFiles({ ...on, files: createStorage(), host: {} })
  const roster = createAgentRoster({ config: on.config, writer: on.configWriter, files })
  return { ...on, roster, written: () => JSON.parse(on.file.text!) as unknown, ids: () => on.config.agents().map(({ id }) => id) }
}

describe('the first that is added', () => {
  it('does not displace the one that was there unnamed', async () => {
    const { roster, written, ids, config } = await create()
    expect(await roster.create({ name: 'Worker Bee' }, 'operator')).toEqual({ agentId: 'worker-bee', workspace: 'workspace:worker-bee' })
    expect(ids()).toEqual(['main', 'worker-bee'])
    expect(config.defaultAgentId()).toBe('main')
    expect(written()).toEqual({ agents: { ownership: 'explicit', entries: { main: {}, 'worker-bee': { name: 'Worker Bee', identity: { name: 'Worker Bee' } } } } })
  })
})

describe.each([
  ['a list', { agents: { list: [{ id: 'main' }, { id: 'other', name: 'Other', model: 'a/b' }] } }],
  ['a map', { agents: { entries: { main: {}, other: { name: 'Other', model: 'a/b' } } } }],
])('in %s', (_, value) => {
  it('one is added, changed and removed, and nothing else is touched', async () => {
    const before = { ...value, session: { mainKey: 'x' } }
    const { roster, ids, config, written } = await create(before)
    await roster.create({ name: 'Third', emoji: '🦊', avatar: 'a.png', model: 'm/n', workspace: '/w' }, 'operator')
    expect(ids()).toEqual(['main', 'other', 'third'])
    expect(config.agents()[2]).toEqual({ id: 'third', name: 'Third', identity: { name: 'Third', emoji: '🦊', avatar: 'a.png' }, model: 'm/n', workspace: '/w' })
    await roster.update('third', { name: 'Renamed', emoji: '', model: null }, 'operator')
    expect(config.agents()[2]).toEqual({ id: 'third', name: 'Renamed', identity: { name: 'Renamed', avatar: 'a.png' }, workspace: '/w' })
    await roster.remove('third', 'operator')
    const ownership = 'entries' in value.agents ? { ownership: 'explicit' } : {}
    expect(written()).toEqual({ ...before, agents: { ...value.agents, ...ownership } })
  })

  it('what it does not know is refused', async () => {
    const { roster, file } = await create(value)
    await expect(roster.create({ name: 'OTHER' }, 'x')).rejects.toThrow('agent "other" already exists')
    await expect(roster.update('nobody', {}, 'x')).rejects.toThrow('agent "nobody" not found')
    await expect(roster.remove('nobody', 'x')).rejects.toThrow('agent "nobody" not found')
    expect(file.written).toEqual([])
  })

  it('the last one stays', async () => {
    const { roster, ids } = await create(value)
    await roster.remove('main', 'x')
    await expect(roster.remove('other', 'x')).rejects.toThrow('Agent "other" is the only configured agent and cannot be deleted.')
    expect(ids()).toEqual(['other'])
  })

  it('goes with what is bound to it', async () => {
    const { roster, written } = await create({ ...value, bindings: [{ agentId: 'other' }, { agentId: 'main' }, 'odd'] })
    expect(await roster.remove('other', 'x')).toEqual({ removedBindings: 1 })
    expect(written()).toMatchObject({ bindings: [{ agentId: 'main' }, 'odd'] })
  })
})

it('is recorded under the name of the method and of the caller', async () => {
  const { roster, configHistory } = await create()
  await roster.create({ name: 'a' }, 'device:1')
  await roster.update('a', { name: 'b' }, 'device:2')
  await roster.remove('a', 'device:3')
  expect(configHistory.list(3).map(({ by, how }) => [by, how])).toEqual([['device:3', 'agents.delete'], ['device:2', 'agents.update'], ['device:1', 'agents.create']])
})

it.each([
  ['Worker Bee', 'worker-bee'],
  ['  Über 2 ', 'ber-2'],
  ['a__b', 'a__b'],
  ['__proto__', 'proto'],
  ['constructor', 'constructor'],
  ['x'.repeat(100), 'x'.repeat(64)],
])('%j has the id %s', (name, id) => {
  expect(toAgentId(name)).toBe(id)
})

it.each(['', '  ', '!!!', '---', '🦊'])('%j has none', (name) => {
  expect(() => toAgentId(name)).toThrow('has no valid id characters')
})

it('takes no id that would reach a prototype', async () => {
  const { roster, ids } = await create()
  await expect(roster.create({ name: 'constructor' }, 'x')).rejects.toThrow('is not allowed as a key')
  expect(ids()).toEqual(['main'])
})
