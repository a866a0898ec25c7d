// One writer, and an end that loses nothing: real processes on one state directory.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeStateDir, runToEnd, startProcess, type GatewayProcess, type StateDir } from '../harness/processes.ts'
import { connect } from '../harness/ws.ts'
import { script } from '../suites/target.ts'

const TOKEN = 'token-of-the-single-writer'

let state: StateDir
const running: GatewayProcess[] = []
const options = () => ({ program: 'node' as const, stateDir: state.path, env: { OPENCLAW_GATEWAY_TOKEN: TOKEN } })
const start = async () => {
  const gateway = await startProcess(options())
  running.push(gateway)
  return gateway
}

beforeEach(() => {
  state = makeStateDir({ agents: { defaults: { model: 'builtin/operator' } } })
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.kill('SIGKILL')))
  state.remove()
})

describe('R11 a single writer', () => {
  it('R11 of three that start at once on one state one serves, and the others say why they do not', async () => {
    const found = await Promise.allSettled([start(), start(), start()])
    const refused = found.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []))
    expect(refused).toHaveLength(2)
    for (const reason of refused) expect(reason).toMatch(/ended with 1: .*is in use by another gateway/s)
    const { client } = await connect(running[0]!.url, { token: TOKEN })
    expect(await client.call('health')).toMatchObject({ ok: true })
    client.close()
  })

  it('R11 one that is paused stays the owner, and goes on when it may', async () => {
    const owner = await start()
    const { client } = await connect(owner.url, { token: TOKEN })
    const sent = (n: number) => ({ sessionKey: 'agent:main:main', message: script({ text: `${n}` }), idempotencyKey: `k${n}` })
    await client.call('chat.send', sent(1))
    process.kill(owner.pid, 'SIGSTOP')
    const paused = client.call('chat.send', sent(2))
    const { code, output } = await runToEnd(options())
    expect([code, output]).toEqual([1, expect.stringContaining(`is in use by another gateway (process ${owner.pid})`)])
    process.kill(owner.pid, 'SIGCONT')
    expect(await paused).toMatchObject({ runId: 'k2' })
    for (const runId of ['k1', 'k2']) expect(await client.call('agent.wait', { runId, timeoutMs: 5000 })).toMatchObject({ status: 'ok' })
    client.close()
  })
})

describe('R12 a graceful end', () => {
  it('R12 under load tells everybody, ends in time, and what was acknowledged is answered by the next process', async () => {
    const gateway = await start()
    const clients = await Promise.all(Array.from({ length: 8 }, async () => (await connect(gateway.url, { token: TOKEN })).client))
    const acknowledged: string[] = []
    const refusals: string[] = []
    const many = Promise.withResolvers<void>()
    const under = clients.map(async (client, index) => {
      for (let n = 0; client.isOpen; n++) {
        const sent = { sessionKey: `agent:main:${index}-${n % 3}`, message: script({ delayMs: n % 2 ? 0 : 40 }, { text: 'answered' }), idempotencyKey: `${index}-${n}` }
        const answer = await client.request('chat.send', sent).catch(() => null)
        if (answer?.ok && acknowledged.push(sent.idempotencyKey) === 100) many.resolve()
        if (answer?.ok) continue
        if (answer) refusals.push(answer.error!.code)
      }
    })
    await many.promise
    const toldAt = performance.now()
    const code = await gateway.kill('SIGTERM')
    expect([code, performance.now() - toldAt < 35_000]).toEqual([0, true])
    await Promise.all(under)
    for (const client of clients) {
      expect(client.events('shutdown')).toEqual([{ reason: 'service restart' }])
      expect(await client.closed).toEqual({ code: 1012, reason: 'service restart' })
    }
    expect([...new Set(refusals)].filter((each) => each !== 'UNAVAILABLE')).toEqual([])

    const next = await start()
    const { client } = await connect(next.url, { token: TOKEN })
    const ends = await Promise.all(acknowledged.map((runId) => client.call('agent.wait', { runId, timeoutMs: 10_000 })))
    expect(ends.filter(({ status }) => status === 'timeout'), 'of these nothing is known').toEqual([])
    expect(ends.filter(({ status }) => status === 'ok').length).toBeGreaterThan(acknowledged.length / 2)
    client.close()
  })
})
