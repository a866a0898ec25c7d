// Frames after the handshake: answers, errors, limits, events and their numbers.

import { expect, it } from 'vitest'
import { CLI } from '../harness/client.ts'
import { freshKey, script, type Reach, type Target } from './target.ts'

export function frameCases(at: Reach, get: () => Target): void {
  it('answers requests side by side, in the order in which they are done', async () => {
    const { client } = await at.join()
    const slow = client.request('agent.wait', { runId: freshKey(), timeoutMs: 300 })
    const fast = client.request('health')
    await Promise.all([slow, fast])
    const answers = client.frames.filter((frame) => frame.type === 'res').map((frame) => client.asked.get(frame.id!))
    expect(answers).toEqual(['connect', 'health', 'agent.wait'])
  })

  it('names a method that it does not have', async () => {
    const { client } = await at.join()
    const { error } = await client.request('no.such.method', {})
    expect(error).toMatchObject({ code: 'INVALID_REQUEST', message: 'unknown method: no.such.method' })
  })

  it('names every wrong param, missing ones first', async () => {
    const { client } = await at.join()
    const { error } = await client.request('chat.send', { sessionKey: 'main', idempotencyKey: 5, bogus: 1 })
    expect(error!.code).toBe('INVALID_REQUEST')
    expect(error!.message).toBe(
      "invalid chat.send params: must have required property 'message'; at root: unexpected property 'bogus'; at /idempotencyKey: must be string",
    )
  })

  it('refuses each method to callers without its scope, before it looks at the params', async () => {
    const { client, hello } = await at.join({ client: CLI, scopes: [] })
    for (const method of hello.features.methods as string[]) {
      const { error } = await client.request(method, { nonsense: true })
      const refusal = error?.details?.code ?? error?.message
      expect(['MISSING_SCOPE', 'unauthorized role: operator'], method).toContain(refusal)
    }
  })

  it('lets readers read, and not write', async () => {
    const { client } = await at.join({ scopes: ['operator.read'] })
    expect((await client.request('sessions.list', {})).ok).toBe(true)
    const { error } = await client.request('chat.send', { sessionKey: 'main', message: 'x', idempotencyKey: 'x' })
    expect(error).toMatchObject({ code: 'FORBIDDEN', message: 'missing scope: operator.write', details: { code: 'MISSING_SCOPE', missingScope: 'operator.write' } })
  })

  it('R15 ignores what is not JSON, and goes on', async () => {
    const { client } = await at.join()
    client.send('{bad json')
    client.send('')
    expect(await client.call('health')).toMatchObject({ ok: true })
  })

  it('R15 answers what is JSON and no request', async () => {
    const { client } = await at.join()
    const cases: readonly (readonly [frame: unknown, id: string, said: RegExp])[] = [
      [{ id: 'n1', method: 'health' }, 'n1', /must have required property 'type'/],
      [{ type: 'req', id: 'n2', method: 'health', bogus: 1 }, 'n2', /unexpected property 'bogus'/],
      [{ type: 'req', id: 'n3' }, 'n3', /must have required property 'method'/],
      [{ type: 'req', id: 5, method: 'health' }, 'invalid', /at \/id: must be string/],
      [[1], 'invalid', /invalid request frame/],
      [7, 'invalid', /invalid request frame/],
    ]
    for (const [frame, id, said] of cases) {
      const seen = client.frames.length
      client.send(frame)
      const answer = await client.next((each) => client.frames.indexOf(each) >= seen && each.type === 'res')
      expect(answer).toMatchObject({ id, ok: false, error: { code: 'INVALID_REQUEST' } })
      expect(answer.error!.message).toMatch(said)
    }
  })

  it('closes on a message beyond policy.maxPayload', async () => {
    const { client, hello } = await at.join()
    const room = hello.policy.maxPayload - 200
    expect((await client.request('health', { padding: 'x'.repeat(room) })).ok).toBe(true)
    client.send({ type: 'req', id: 'big', method: 'health', params: { padding: 'x'.repeat(hello.policy.maxPayload) } })
    expect((await client.closed).code).toBe(1009)
  })

  it('takes a bounded number of requests at once, and says when to come back', async () => {
    const { client } = await at.join()
    const waits = Array.from({ length: 300 }, () => client.request('agent.wait', { runId: freshKey(), timeoutMs: 1500 }))
    const refused = (await Promise.all(waits)).filter((frame) => !frame.ok)
    expect(refused.length).toBe(300 - 256)
    expect(refused[0]!.error).toMatchObject({ code: 'UNAVAILABLE', retryable: true, details: { code: 'TOO_MANY_REQUESTS' } })
    expect(refused[0]!.error!.retryAfterMs).toBeGreaterThan(0)
    expect(await client.call('health')).toMatchObject({ ok: true })
  })

  it('numbers the events of each connection without gaps', async () => {
    const { client } = await at.join()
    await client.call('sessions.subscribe', {})
    const runs = [1, 2, 3].map(() => ({ sessionKey: freshKey(), idempotencyKey: freshKey(), message: script({ text: 'a', times: 5 }) }))
    await Promise.all(runs.map((run) => client.call('chat.send', run)))
    await Promise.all(runs.map((run) => client.ended(run.idempotencyKey)))
    const numbers = client.frames.filter((frame) => frame.type === 'event' && frame.event !== 'connect.challenge').map((frame) => frame.seq)
    expect(numbers.length).toBeGreaterThan(20)
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index))
  })

  it('tells of presence with the version of the state', async () => {
    const { client } = await at.join()
    const instanceId = crypto.randomUUID()
    const { client: other } = await at.join({ client: { id: 'openclaw-macos', mode: 'ui', displayName: 'A Mac', instanceId } })
    const isThere = (payload: { presence: { instanceId?: string }[] }) => payload.presence.some((entry) => entry.instanceId === instanceId)
    const frame = await client.next((each) => each.event === 'presence' && isThere(each.payload), 'presence with the other')
    expect(frame.stateVersion!.presence).toBeGreaterThan(0)
    expect(frame.payload.presence.find((entry: { instanceId?: string }) => entry.instanceId === instanceId)).toMatchObject({ host: 'A Mac', mode: 'ui', reason: 'connect' })
    other.close()
    const later = client.frames.length
    await client.next((each) => client.frames.indexOf(each) >= later && each.event === 'presence' && !isThere(each.payload), 'presence without the other')
  })

  it('sends no events to a connection that may not read', async () => {
    const { client: reader } = await at.join()
    const { client: blind } = await at.join({ scopes: [] })
    const run = { sessionKey: freshKey(), idempotencyKey: freshKey(), message: script({ text: 'secret' }) }
    await reader.call('chat.send', run)
    await reader.ended(run.idempotencyKey)
    await blind.request('health')
    expect(blind.frames.filter((frame) => frame.event === 'chat' || frame.event === 'agent' || frame.event === 'presence')).toEqual([])
  })

  it('refuses an upgrade to anything but a WebSocket', async () => {
    const response = await get().fetch('/', { headers: { connection: 'upgrade', upgrade: 'h2c' } }).catch((error: unknown) => error)
    // The fetch of some runtimes will not even send the headers; what matters is that nothing hangs and nothing switches.
    if (response instanceof Response) expect([200, 302, 400, 426]).toContain(response.status)
  })
}
