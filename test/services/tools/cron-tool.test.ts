import { expect, it } from 'vitest'
import { createCronTool } from '../../../src/services/tools/cron-tool.ts'
import type { Principal } from '../../../src/protocol/scopes.ts'
import { createAutomation } from '../automation/automation.ts'
import { OPERATOR } from '../conversation/conversation.ts'

const JOB = { name: 'look', schedule: { kind: 'every', everyMs: 60_000 }, sessionTarget: 'isolated', wakeMode: 'now', payload: { kind: 'agentTurn', message: 'look around' } }

async function open() {
  const a = await createAutomation({ config: { agents: { list: [{ id: 'main' }, { id: 'second' }] } } })
  a.tools.add(createCronTool(a))
  const use = async (args: unknown, principal: Principal = OPERATOR, sessionKey = 'agent:main:here') => {
    const { text, isError } = await a.tools.call('cron', JSON.stringify(args), { principal, sessionKey, signal: new AbortController().signal })
    return isError ? { error: text } : JSON.parse(text)
  }
  return { ...a, use }
}

it('makes jobs of its own agent, with the scopes of whoever it works for', async () => {
  const { use, cron } = await open()
  const writer = { ...OPERATOR, scopes: new Set(['operator.read', 'operator.write', 'operator.admin'] as const) }
  const { id, agentId } = await use({ action: 'add', job: JOB }, writer, 'agent:second:main')
  expect(agentId).toBe('second')
  expect(cron.get(id).scopes.toSorted()).toEqual(['operator.admin', 'operator.read', 'operator.write'])
})

it('needs to be told no more than what to do, and when', async () => {
  const { use } = await open()
  const { schedule } = JOB
  expect(await use({ action: 'add', job: { name: 'look', schedule, payload: JOB.payload } })).toMatchObject({ sessionTarget: 'isolated', wakeMode: 'now' })
  const told = { name: 'tell', schedule: { kind: 'cron', expr: '0 7 * * *', tz: 'Europe/Berlin' }, payload: { kind: 'systemEvent', text: 'morning' } }
  expect(await use({ action: 'add', job: told })).toMatchObject({ sessionTarget: 'main', wakeMode: 'now' })
})

it.each([
  [{ schedule: { kind: 'on-exit', command: 'ls' } }, 'schedule'],
  [{ payload: { kind: 'command', argv: ['ls'] } }, 'payload'],
  [{ sessionTarget: 'elsewhere' }, 'sessionTarget'],
  [{ delivery: { mode: 'webhook' } }, 'delivery'],
  [{ owner: {} }, 'owner'],
])('is refused what is not for agents, with what is wrong: %j', async (more, named) => {
  const { use } = await open()
  const { error } = await use({ action: 'add', job: { ...JOB, ...more } })
  expect(error).toContain('invalid cron arguments')
  expect(error).toContain(named)
})

it('lists, changes, runs and removes them', async () => {
  const { use } = await open()
  const { id } = await use({ action: 'add', job: JOB })
  expect(await use({ action: 'update', id, patch: { name: 'look twice' } })).toMatchObject({ id, name: 'look twice' })
  expect(await use({ action: 'list' })).toMatchObject({ total: 1, jobs: [{ id }] })
  expect(await use({ action: 'run', id })).toHaveProperty('runId')
  expect(await use({ action: 'runs', id })).toMatchObject({ entries: [] })
  expect(await use({ action: 'remove', id })).toEqual({ removed: true })
  expect((await use({ action: 'remove', id })).error).toContain('not found')
})

it('lets readers look, and admins alone change', async () => {
  const { use } = await open()
  const reader = { ...OPERATOR, scopes: new Set(['operator.read', 'operator.write'] as const) }
  expect(await use({ action: 'list' }, reader)).toEqual({ total: 0, jobs: [] })
  for (const args of [{ action: 'add', job: JOB }, { action: 'update', id: 'x', patch: {} }, { action: 'remove', id: 'x' }, { action: 'run', id: 'x' }]) {
    expect((await use(args, reader)).error, args.action).toContain('needs the scope operator.admin')
  }
})
