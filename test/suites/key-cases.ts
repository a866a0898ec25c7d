// Named keys: made over the socket, used over HTTP and on both kinds of socket, limited, revoked.

import { afterEach, expect, it } from 'vitest'
import { handshake, type Data } from '../harness/client.ts'
import { converse } from './responses-socket-cases.ts'
import { freshKey, script, type Reach, type Target } from './target.ts'

const CHAT = '/v1/chat/completions'

export function keyCases(at: Reach, get: () => Target): void {
  const made: string[] = []

  afterEach(async () => {
    const { client } = await at.join()
    for (const id of made.splice(0)) await client.call('keys.revoke', { id })
  })

  async function make(wish: Data = {}): Promise<{ key: string; row: Data }> {
    const { client } = await at.join()
    const { key, row } = await client.call('keys.create', { name: `of ${crypto.randomUUID()}`, ...wish })
    made.push(row.id as string)
    return { key: key as string, row: row as Data }
  }

  const rowOf = async (id: string): Promise<Data> => {
    const { client } = await at.join()
    let after: string | undefined
    for (;;) {
      const { keys, nextAfter } = await client.call('keys.list', after === undefined ? {} : { after })
      const found = (keys as Data[]).find((row) => row.id === id)
      if (found || nextAfter === null) return found as Data
      after = nextAfter as string
    }
  }

  const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })
  const ask = (key: string, body: Data = {}) => at.http(CHAT, { model: 'openclaw', messages: [{ role: 'user', content: script({ text: 'for a key' }) }], ...body }, bearer(key))
  const refusalOf = async (response: Response) => ({ status: response.status, ...((await response.json()) as Data).error }) as Data
  const inADay = () => Date.now() + 24 * 60 * 60 * 1000

  it('are shown once, and listed without the key', async () => {
    const { key, row } = await make({ scopes: ['operator.write'], models: ['mock/*'] })
    expect(key).toMatch(/^eck_[0-9a-f]{16}_[\w-]{43}$/)
    expect(await rowOf(row.id)).toEqual(row)
    expect(row).toMatchObject({ kind: 'opaque', madeBy: 'operator', usage: { requests: 0, totalTokens: 0, usd: 0 } })
    expect(JSON.stringify(row)).not.toContain(key)
  })

  it('let a program in, whichever kind they are, and count what it uses', async () => {
    for (const more of [{}, { kind: 'signed', expiresAtMs: inADay() }]) {
      const { key, row } = await make(more)
      const answer = (await (await ask(key)).json()) as Data
      expect(answer.choices[0].message.content).toBe('for a key')
      const listed = await rowOf(row.id)
      expect(listed.usage).toMatchObject({ requests: 1, inputTokens: answer.usage.prompt_tokens, outputTokens: answer.usage.completion_tokens })
    }
  })

  it('let nobody do what they do not say', async () => {
    const reader = await make({ scopes: ['operator.read'] })
    expect((await at.http('/v1/models', undefined, bearer(reader.key))).status).toBe(200)
    expect(await refusalOf(await ask(reader.key))).toMatchObject({ status: 403, type: 'permission_error', details: { code: 'MISSING_SCOPE', missingScope: 'operator.write' } })
    const client = await at.open({ unchecked: true })
    const hello = await handshake(client, { token: reader.key, scopes: ['operator.read', 'operator.write', 'operator.admin'] })
    expect(hello.auth.scopes).toEqual(['operator.read'])
    expect((await client.request('keys.create', { name: 'x' })).error!.message).toContain('missing scope')
    client.close()
  })

  it('reach only the agents and models that they name', async () => {
    const one = await make({ agents: ['second'] })
    expect((await ask(one.key, { model: 'openclaw/second' })).status).toBe(200)
    expect((await ask(one.key)).status, 'their own is the default one').toBe(200)
    expect(await refusalOf(await ask(one.key, { model: 'openclaw/main' }))).toMatchObject({ status: 403, details: { code: 'AGENT_NOT_ALLOWED' } })
    const session = { headers: { ...bearer(one.key).headers, 'x-openclaw-session-key': 'agent:main:main' } }
    const elsewhere = await at.http(CHAT, { model: 'openclaw', messages: [{ role: 'user', content: 'x' }] }, session)
    expect(await refusalOf(elsewhere)).toMatchObject({ status: 403 })
    const models = await make({ models: ['mock/plain'] })
    expect((await ask(models.key, { model: 'mock/plain' })).status).toBe(200)
    expect(await refusalOf(await ask(models.key, { model: 'mock/other' }))).toMatchObject({ status: 403, details: { code: 'MODEL_NOT_ALLOWED' } })
    expect(await refusalOf(await ask(models.key))).toMatchObject({ status: 403, details: { code: 'MODEL_NOT_ALLOWED' } })
    const list = (await (await at.http('/v1/models', undefined, bearer(models.key))).json()) as Data
    expect(list.data.filter((row: Data) => row.owned_by !== 'openclaw').map((row: Data) => row.id)).toEqual(['mock/plain'])
  })

  it('may not be used more often than they say', async () => {
    const { key } = await make({ requestsPerMinute: 2 })
    for (let n = 0; n < 2; n++) expect((await ask(key)).status).toBe(200)
    const refused = await ask(key)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refusalOf(refused)).toMatchObject({ status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' })
  })

  it('end with their budget', async () => {
    const { key, row } = await make({ budget: { tokens: 1, period: 'day' } })
    expect((await ask(key)).status).toBe(200)
    const refused = await ask(key)
    expect(refused.headers.get('x-should-retry')).toBe('false')
    expect(await refusalOf(refused)).toMatchObject({ status: 429, code: 'insufficient_quota', message: expect.stringContaining('budget') })
    expect((await rowOf(row.id)).periodUsage.requests).toBe(1)
  })

  it('that are counted use no models where nobody counts', async () => {
    const { key } = await make({ scopes: ['operator.write'], requestsPerMinute: 5 })
    const client = await at.open({ unchecked: true })
    await handshake(client, { token: key, scopes: ['operator.write', 'operator.talk'] })
    for (const [method, params] of [['wake', { mode: 'now', text: 'x' }], ['tts.speak', { text: 'x' }], ['tts.convert', { text: 'x' }], ['talk.speak', { text: 'x' }]] as const) {
      expect((await client.request(method, params)).error!.details, method).toEqual({ code: 'KEY_LIMITED' })
    }
    client.close()
  })

  it('end when they are revoked, and so do their connections', async () => {
    for (const more of [{}, { kind: 'signed', expiresAtMs: inADay() }]) {
      const { key, row } = await make(more)
      const client = await at.open({ unchecked: true })
      await handshake(client, { token: key, scopes: ['operator.write'] })
      await client.call('chat.send', { sessionKey: freshKey(), message: script({ text: 'over the socket' }), idempotencyKey: crypto.randomUUID() })
      await client.event('chat', (payload) => payload.state === 'final')
      const responses = converse(await get().open({ path: '/v1/responses', headers: { authorization: `Bearer ${key}` } }))
      responses.send({ input: script({ text: 'over the other socket' }) })
      expect((await responses.response()).at(-1)).toMatchObject({ type: 'response.completed' })
      const { client: admin } = await at.join()
      expect(await admin.call('keys.revoke', { id: row.id })).toEqual({ revoked: [row.id] })
      expect((await client.closed).code, 'the control plane').toBe(4001)
      expect((await responses.client.closed).code, 'the responses').toBe(4001)
      expect(await refusalOf(await ask(key))).toMatchObject({ status: 401, code: 'invalid_api_key' })
      expect((await rowOf(row.id)).revokedAtMs).toBeGreaterThan(0)
    }
  })

  it('are made by admins, who name what there is', async () => {
    const { client: writer } = await at.join({ scopes: ['operator.write'] })
    for (const [method, params] of [['keys.create', { name: 'x' }], ['keys.list', {}], ['keys.revoke', { id: 'x' }]] as const) {
      expect((await writer.request(method, params)).error!.message, method).toContain('missing scope: operator.admin')
    }
    const { client } = await at.join()
    const refused: readonly (readonly [params: Data, message: string])[] = [
      [{ name: 'x', agents: ['nobody'] }, 'there is no agent "nobody"'],
      [{ name: 'x', models: ['plain'] }, '/models/0'],
      [{ name: 'x', scopes: ['operator.everything'] }, 'scopes'],
      [{ name: 'x', budget: { period: 'day' } }, 'needs tokens or usd'],
      [{ name: 'x', kind: 'signed' }, 'needs an end within a year'],
      [{ name: 'x', expiresAtMs: 1 }, 'expired already'],
      [{ name: '  ' }, 'name'],
    ]
    for (const [params, message] of refused) expect((await client.request('keys.create', params)).error!.message).toContain(message)
    expect((await client.request('keys.revoke', { id: 'nothing' })).error!.message).toContain('there is no key "nothing"')
  })
}
