// The Durable Object in a workerd of its own: what happens when it reaches the network, and when it dies.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Data } from '../harness/client.ts'
import type { ServerProcess } from '../harness/processes.ts'
import { startUpstream, type Upstream } from '../harness/upstream.ts'
import { placeWorker, startWorkerd } from '../harness/workerd.ts'
import { connect } from '../harness/ws.ts'
import { freshKey, script, suiteConfig, textIn } from '../suites/target.ts'

const TOKEN = 'token-of-the-workerd-suite'

describe('workerd', () => {
  let dir: string
  let upstream: Upstream
  let workerd: ServerProcess

  const start = async () => {
    const vars = { OPENCLAW_CONFIG: JSON.stringify(suiteConfig(upstream)), OPENCLAW_GATEWAY_TOKEN: TOKEN }
    workerd = await startWorkerd({ dir, vars })
  }
  const join_ = async () => (await connect(workerd.url, { token: TOKEN })).client
  const chatHistory = async (sessionKey: string): Promise<Data[]> => (await (await join_()).call('chat.history', { sessionKey })).messages

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'edgeclaw-workerd-'))
    upstream = await startUpstream()
    placeWorker(dir)
  })
  afterEach(() => workerd.kill('SIGKILL'))
  afterAll(async () => {
    await upstream.close()
    rmSync(dir, { recursive: true, force: true })
  })

  it('ends the upstream request when a run is aborted', async () => {
    const gone = Promise.withResolvers<void>()
    upstream.on('silent', (exchange) => {
      exchange.begin()
      exchange.chunk({ content: 'partial' })
      void exchange.gone.then(gone.resolve)
    })
    await start()
    const client = await join_()
    const { key } = await client.call('sessions.create', { model: 'mock/silent' })
    const runId = freshKey()
    await client.call('chat.send', { sessionKey: key, message: 'hello', idempotencyKey: runId })
    await client.event('chat', (payload) => payload.runId === runId && payload.state === 'delta')
    await client.call('chat.abort', { sessionKey: key })
    await gone.promise
    expect(textIn((await client.ended(runId)).message)).toBe('partial')
  })

  it('R1 keeps everything that it acknowledged when it is killed', async () => {
    await start()
    const client = await join_()
    const sessionKey = freshKey()
    const sent = Array.from({ length: 20 }, (_, n) => ({ sessionKey, message: script({ text: `answer ${n}` }), idempotencyKey: freshKey() }))
    for (const each of sent) await client.call('chat.send', each)
    await workerd.kill('SIGKILL')
    await start()
    const after = await join_()
    for (const each of sent) expect(await after.call('agent.wait', { runId: each.idempotencyKey, timeoutMs: 10_000 })).toHaveProperty('endedAt')
    const messages = await chatHistory(sessionKey)
    expect(messages.filter((message) => message.role === 'user').map(textIn)).toEqual(sent.map((each) => each.message))
  })

  it('is woken by its alarm after a death in the middle of a run, and closes the run', async () => {
    await start()
    const client = await join_()
    const sent = { sessionKey: freshKey(), message: script({ text: 'seen' }, { hang: true }), idempotencyKey: freshKey() }
    await client.call('chat.send', sent)
    await client.event('chat', (payload) => payload.runId === sent.idempotencyKey && payload.state === 'delta')
    await workerd.kill('SIGKILL')
    await start()
    // Nobody asks the gateway for anything: what its log says, it says because the alarm rang.
    await expect.poll(() => workerd.output(), { timeout: 45_000, interval: 500 }).toContain(`run ${sent.idempotencyKey} was interrupted by a restart and is closed`)
    const messages = await chatHistory(sent.sessionKey)
    expect(messages.map(textIn)).toEqual([sent.message, 'seen'])
    expect(messages[1]).toMatchObject({ stopReason: 'restart' })
  }, 60_000)
})
