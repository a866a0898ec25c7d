import { expect, it } from 'vitest'
import { createSessionTools } from '../../../src/services/tools/session-tools.ts'
import { settled } from '../../harness/clock.ts'
import { script } from '../../suites/target.ts'
import { KEY } from '../conversation/conversation.ts'
import { openBench } from './bench.ts'

const OTHER = 'agent:main:there'

async function open() {
  const bench = await openBench()
  bench.add(createSessionTools(bench))
  bench.sessions.ensure(KEY, 'operator')
  bench.sessions.create({ key: OTHER, label: 'the other', via: 'operator' })
  return bench
}

it('hears the answer of another session, by key or label', async () => {
  const { json } = await open()
  expect(await json('sessions_send', { sessionKey: OTHER, message: script({ text: 'yes' }) })).toMatchObject({ status: 'ok', reply: 'yes' })
  expect(await json('sessions_send', { label: 'the other', message: script({ error: { message: 'ill' } }) })).toMatchObject({ status: 'error', error: 'ill' })
})

it('does not wait longer than it was told to', async () => {
  const { json, clock } = await open()
  expect(await json('sessions_send', { sessionKey: OTHER, message: script({ hang: true }), timeoutSeconds: 0 })).toMatchObject({ status: 'accepted' })
  const { pending } = clock
  const waiting = json('sessions_send', { sessionKey: OTHER, message: 'behind it', timeoutSeconds: 5 })
  while (clock.pending < pending + 2) await settled() // the tool's own limit, and this one: before it is a digest, which takes its real time
  await clock.advance(5000)
  expect(await waiting).toMatchObject({ status: 'timeout' })
})

it('sends to no stranger and not to itself', async () => {
  const { use } = await open()
  expect((await use('sessions_send', { sessionKey: 'agent:main:none', message: 'x' })).text).toContain('there is no session')
  expect((await use('sessions_send', { message: 'x' })).text).toContain('there is no session')
  expect((await use('sessions_send', { sessionKey: KEY, message: 'x' })).text).toContain('your own session')
})

it('spawns, lists and cancels, for those who may', async () => {
  const { json, use } = await open()
  const { runId, childSessionKey } = await json('sessions_spawn', { task: script({ hang: true }), label: 'slow' })
  expect(await json('subagents', { action: 'list' })).toMatchObject({ subagents: [{ runId, sessionKey: childSessionKey, label: 'slow', state: 'working' }] })
  const reader = { principal: { id: 'r', role: 'operator' as const, scopes: new Set(['operator.read'] as const) } }
  expect((await use('subagents', { action: 'cancel', target: runId }, reader)).text).toContain('operator.write')
  expect(await json('subagents', { action: 'cancel', target: 'slow' })).toEqual({ cancelled: true })
})
