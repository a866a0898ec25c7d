// Calls from outside.

import { expect, it } from 'vitest'
import type { Data } from '../harness/client.ts'
import { HOOK_SECRET, HOOK_TOKEN, script, textIn, type Reach, type Target } from './target.ts'

async function hmac(text: string): Promise<string> {
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(HOOK_SECRET), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(text))
  return [...new Uint8Array(signature)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function hookCases(at: Reach, get: () => Target): void {
  const post = (path: string, body: unknown, headers: Record<string, string> = { authorization: `Bearer ${HOOK_TOKEN}` }, init: RequestInit = {}) =>
    get().fetch(`/hooks/${path}`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers }, ...init })
  const said = async (response: Response) => [response.status, await response.text()]

  it('wake: tells the main session', async () => {
    expect(await said(await post('wake', { text: 'something happened', mode: 'next-heartbeat' }))).toEqual([200, '{"ok":true,"mode":"next-heartbeat","eventOutcome":"queued"}'])
    expect(await said(await post('wake', {}))).toEqual([400, '{"ok":false,"error":"text required"}'])
    expect((await post('wake', { text: 'x', mode: 'never' })).status).toBe(400)
  })

  it('agent: runs a turn, in the name of the hook, and says which', async () => {
    const { client } = await at.join()
    const response = await post('agent', { message: script({ text: 'heard' }), name: 'CI', agentId: 'second' })
    const { ok, runId } = (await response.json()) as Data
    expect([response.status, ok]).toEqual([200, true])
    expect(await client.call('agent.wait', { runId, timeoutMs: 10_000 })).toMatchObject({ status: 'ok', terminalReply: { text: 'heard' } })
    await expect.poll(async () => (await client.call('hooks.requests.list', {})).requests.find(({ id }: Data) => id === runId)).toMatchObject({
      hook: 'agent',
      status: 'done',
      outcome: 'ok',
      sessionKey: expect.stringMatching(/^agent:second:hook:/),
    })
  })

  it.each<[object, RegExp]>([
    [{}, /^{"ok":false,"error":"message required"}$/],
    [{ message: ' ' }, /message required/],
    [{ message: 5 }, /at \/message: must be string/],
    [{ message: 'x', agentId: 'nobody' }, /unknown agent id/],
    [{ message: 'x', agentId: '' }, /unknown agent id/],
    [{ message: 'x', agentId: ' Main' }, /unknown agent id/],
    [{ message: 'x', agentId: ['main'] }, /must be string/],
    [{ message: 'x', agentId: 'fallback' }, /takes no hooks/],
    [{ message: 'x', sessionKey: 'agent:main:main' }, /not taken from calls/],
    [{ message: 'x', model: 'nobody/knows' }, /model/],
    [{ message: 'x', timeoutSeconds: -1 }, /timeoutSeconds/],
  ])('agent: %j is refused', async (body, reason) => {
    const [status, text] = await said(await post('agent', body))
    expect(status).toBe(400)
    expect(text).toMatch(reason)
  })

  it('lets nobody in without the token of the hooks', async () => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: `Bearer ${get().token}` }, { 'x-openclaw-token': '' }] as Record<string, string>[]) {
      for (const path of ['wake', 'agent', 'deploy', 'nothing']) expect(await said(await post(path, { text: 'x', message: 'x' }, headers)), path).toEqual([401, 'Unauthorized'])
    }
    expect((await post('wake', { text: 'x' }, { 'x-openclaw-token': HOOK_TOKEN })).status).toBe(200)
    expect((await post(`wake?token=${HOOK_TOKEN}`, { text: 'x' }, {})).status).toBe(400)
    expect((await at.http('/v1/models', undefined, { headers: { authorization: `Bearer ${HOOK_TOKEN}` } })).status).toBe(401)
  })

  it('knows its paths, its verb and JSON', async () => {
    expect(await said(await post('nothing', {}))).toEqual([404, 'Not Found'])
    expect((await post('', {})).status).toBe(404)
    const got = await get().fetch('/hooks/wake', { headers: { authorization: `Bearer ${HOOK_TOKEN}` } })
    expect([got.status, got.headers.get('allow')]).toEqual([405, 'POST'])
    expect(await said(await post('wake', '{bad'))).toEqual([400, '{"ok":false,"error":"invalid JSON"}'])
    const large = await post('wake', JSON.stringify({ text: 'x'.repeat(1_100_000) }))
    expect(large.status).toBe(413)
    // workerd may close the connection of a body that nobody reads before all of the answer is heard.
    if (get().direct) expect(await large.text()).toBe('{"ok":false,"error":"the body is too large: at most 1048576 bytes are accepted"}')
    else await large.body?.cancel()
  })

  it('a mapping makes a message of a call', async () => {
    const { client } = await at.join()
    const { runId } = (await (await post('deploy', { message: script({ text: 'deployed' }), stage: 'prod' })).json()) as Data
    expect(await client.call('agent.wait', { runId, timeoutMs: 10_000 })).toMatchObject({ status: 'ok', terminalReply: { text: 'deployed' } })
    const { messages } = await client.call('chat.history', { sessionKey: 'agent:main:hook:deploy:prod' })
    expect(textIn(messages.at(-1))).toBe('deployed')
    expect(await said(await post('alarm', { what: 'fire' }))).toEqual([200, '{"ok":true,"mode":"next-heartbeat","eventOutcome":"queued"}'])
    expect(await said(await post('deploy', {}))).toEqual([400, '{"ok":false,"error":"message required"}'])
  })

  it('a signed call is one of its sender, of now, and carried out once', async () => {
    const { client } = await at.join()
    const body = JSON.stringify({ message: script({ text: 'signed' }) })
    const time = String(Math.floor(Date.now() / 1000))
    const headers = { 'x-sig': await hmac(`${time}.${body}`), 'x-time': time, 'x-delivery': crypto.randomUUID() }
    const { runId } = (await (await post('signed', body, headers)).json()) as Data
    expect(await client.call('agent.wait', { runId, timeoutMs: 10_000 })).toMatchObject({ status: 'ok' })
    expect(((await (await post('signed', body, headers)).json()) as Data).runId).toBe(runId)
    expect(((await (await post('signed', body, { ...headers, 'x-delivery': crypto.randomUUID() })).json()) as Data).runId, 'a signature is good for one call').toBe(runId)
    const old = String(Number(time) - 4000)
    const bad = [{ ...headers, 'x-sig': 'ff' }, { ...headers, 'x-time': '' }, { ...headers, 'x-time': old, 'x-sig': await hmac(`${old}.${body}`) }, { authorization: `Bearer ${HOOK_TOKEN}` }]
    for (const each of bad as Record<string, string>[]) expect((await post('signed', body, each)).status).toBe(401)
    expect((await post('signed', `${body} `, headers)).status).toBe(401)
  })

  it('a mapping says things in other words, and is carried out item by item', async () => {
    const { client } = await at.join()
    const items = [{ say: script({ text: 'first' }), level: 'p1' }, { say: script({ text: 'second' }), level: 'p9' }]
    const { runId, runIds, dispatched } = (await (await post('batch', { items })).json()) as Data
    expect([runIds[0], dispatched]).toEqual([runId, 2])
    for (const [n, id] of (runIds as string[]).entries()) {
      expect(await client.call('agent.wait', { runId: id, timeoutMs: 10_000 })).toMatchObject({ terminalReply: { text: ['first', 'second'][n] } })
    }
    const { requests } = await client.call('hooks.requests.list', { limit: 200 })
    const keyOf = (id: string) => requests.find((request: Data) => request.id === id).sessionKey
    expect(runIds.map(keyOf)).toEqual(['agent:main:hook:batch:urgent', 'agent:main:hook:batch:other'])
    expect((await post('batch', { items: [] })).status).toBe(204)
  })

  it('a call with a key is carried out once', async () => {
    const key = crypto.randomUUID()
    const ask = async (message: string) => ((await (await post('agent', { message }, { authorization: `Bearer ${HOOK_TOKEN}`, 'idempotency-key': key })).json()) as Data).runId as string
    const first = await ask(script({ text: 'once' }))
    expect(await ask(script({ text: 'once' }))).toBe(first)
    expect(await ask(script({ text: 'something else' }))).not.toBe(first)
  })

  it('takes what GitHub sends', async () => {
    const { client } = await at.join()
    const body = JSON.stringify({ action: 'opened', repository: { full_name: `o/${crypto.randomUUID()}` }, sender: { login: 'ann' }, issue: { title: 'It broke' } })
    const headers = { 'x-github-event': 'issues', 'x-github-delivery': crypto.randomUUID(), 'x-hub-signature-256': `sha256=${await hmac(body)}` }
    const { runId } = (await (await post('github', body, headers)).json()) as Data
    await client.call('agent.wait', { runId, timeoutMs: 10_000 })
    const { requests } = await client.call('hooks.requests.list', { limit: 200 })
    const { sessionKey } = requests.find(({ id }: Data) => id === runId)
    const { messages } = await client.call('chat.history', { sessionKey })
    expect(textIn(messages[0])).toMatch(/^GitHub says "issues" \(opened\) of o\/.* by ann\.\n\nIt broke/)
    expect((await post('github', body, { ...headers, 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` })).status).toBe(401)
  })
}
