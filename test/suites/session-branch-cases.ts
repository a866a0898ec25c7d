// Conversations that go back, branch, are compacted, grouped and tidied up.

import { expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { freshKey, script, textIn, type Reach, type Target } from './target.ts'

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

async function say(client: Client, sessionKey: string, text: string, more: Data = {}): Promise<Data> {
  const idempotencyKey = crypto.randomUUID()
  await client.call('chat.send', { sessionKey, message: text, idempotencyKey, ...more })
  return client.ended(idempotencyKey)
}

const history = async (client: Client, sessionKey: string): Promise<Data[]> => (await client.call('chat.history', { sessionKey })).messages
const texts = async (client: Client, sessionKey: string): Promise<string[]> => (await history(client, sessionKey)).map(textIn)
const branches = async (client: Client, sessionKey: string): Promise<Data[]> => (await client.call('sessions.branches.list', { sessionKey })).branches
const refused = async (client: Client, method: string, params: Data): Promise<string> => (await client.request(method, params)).error!.message

/** Three questions and their answers. */
async function talk(client: Client): Promise<{ key: string; messages: Data[] }> {
  const key = freshKey()
  for (const word of ['one', 'two', 'three']) await say(client, key, script({ text: `answer ${word}` }))
  return { key, messages: await history(client, key) }
}

export function branchCases(at: Reach): void {
  it('has one branch as long as nobody goes back', async () => {
    const { client } = await at.join()
    const { key, messages } = await talk(client)
    expect(await branches(client, key)).toEqual([
      { leafEntryId: messages[5].__openclaw.id, headline: 'answer three', messageCount: 6, updatedAt: new Date(messages[5].timestamp).toISOString(), active: true },
    ])
    expect(await branches(client, freshKey())).toEqual([])
  })

  it('goes back to before a message, and gives it back; what is cut off stays as a branch', async () => {
    const { client } = await at.join()
    await client.call('sessions.subscribe', {})
    const { key, messages } = await talk(client)
    const before = await client.call('sessions.describe', { key })
    expect(await client.call('sessions.rewind', { sessionKey: key, entryId: messages[2].__openclaw.id })).toEqual({ editorText: messages[2].content })
    expect(await client.event('sessions.changed', (payload) => payload.reason === 'rewind' && payload.sessionKey === key)).toMatchObject({ agentId: 'main' })
    expect(await history(client, key)).toEqual(messages.slice(0, 2))
    const after = await client.call('sessions.describe', { key, includeLastMessage: true })
    expect(after.session.sessionId).not.toBe(before.session.sessionId)
    expect(after.session.lastMessagePreview).toBe('answer one')
    expect((await branches(client, key)).map(({ leafEntryId, messageCount, active }) => [leafEntryId, messageCount, active])).toEqual([
      [messages[1].__openclaw.id, 2, true],
      [messages[5].__openclaw.id, 6, false],
    ])
  })

  it('goes on in the branch that was chosen, and loses nothing of the other', async () => {
    const { client } = await at.join()
    const { key, messages } = await talk(client)
    await client.call('sessions.rewind', { sessionKey: key, entryId: messages[4].__openclaw.id })
    await say(client, key, script({ text: 'another three' }))
    const [other] = await branches(client, key)
    expect(await client.call('sessions.branches.switch', { sessionKey: key, leafEntryId: messages[5].__openclaw.id })).toEqual({})
    expect(await history(client, key)).toEqual(messages)
    await say(client, key, script({ text: 'four' }))
    expect((await texts(client, key)).filter((_, index) => index % 2 === 1)).toEqual(['answer one', 'answer two', 'answer three', 'four'])
    await client.call('sessions.branches.switch', { sessionKey: key, leafEntryId: other.leafEntryId })
    expect((await texts(client, key)).filter((_, index) => index % 2 === 1)).toEqual(['answer one', 'answer two', 'another three'])
    expect((await history(client, key)).map((message) => message.__openclaw.seq)).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('forgets a branch that is the beginning of another', async () => {
    const { client } = await at.join()
    const { key, messages } = await talk(client)
    await client.call('sessions.rewind', { sessionKey: key, entryId: messages[4].__openclaw.id })
    await client.call('sessions.rewind', { sessionKey: key, entryId: messages[2].__openclaw.id })
    expect((await branches(client, key)).map(({ messageCount }) => messageCount)).toEqual([2, 6])
    await client.call('sessions.branches.switch', { sessionKey: key, leafEntryId: messages[5].__openclaw.id })
    expect((await branches(client, key)).map(({ messageCount, active }) => [messageCount, active])).toEqual([[6, true]])
  })

  it('goes back to the very beginning', async () => {
    const { client } = await at.join()
    const { key, messages } = await talk(client)
    await client.call('sessions.rewind', { sessionKey: key, entryId: messages[0].__openclaw.id })
    expect(await history(client, key)).toEqual([])
    expect((await branches(client, key)).map(({ active }) => active)).toEqual([false])
    await say(client, key, script({ text: 'anew' }))
    expect((await texts(client, key)).at(-1)).toBe('anew')
  })

  it('refuses to go where nothing is', async () => {
    const { client } = await at.join()
    const { key, messages } = await talk(client)
    const [answer, leaf] = [messages[1].__openclaw.id, messages[5].__openclaw.id]
    expect(await refused(client, 'sessions.rewind', { sessionKey: key, entryId: 'nowhere' })).toBe('message entry not found: nowhere')
    expect(await refused(client, 'sessions.rewind', { sessionKey: key, entryId: answer })).toBe(`entry is not a user message: ${answer}`)
    expect(await refused(client, 'sessions.fork', { sessionKey: 'agent:main:nowhere', entryId: answer })).toBe('session not found: agent:main:nowhere')
    expect(await refused(client, 'sessions.branches.switch', { sessionKey: key, leafEntryId: leaf })).toBe(`branch is already active: ${leaf}`)
    expect(await refused(client, 'sessions.branches.switch', { sessionKey: key, leafEntryId: 'x' })).toBe('branch entry not found: x')
    expect(await refused(client, 'sessions.branches.list', {})).toContain('sessionKey')
  })

  it('stays where it is while a run writes', async () => {
    const { client } = await at.join()
    const { key, messages } = await talk(client)
    const idempotencyKey = crypto.randomUUID()
    await client.call('chat.send', { sessionKey: key, message: script({ hang: true }), idempotencyKey })
    const wish = { sessionKey: key, entryId: messages[0].__openclaw.id }
    expect(await refused(client, 'sessions.rewind', wish)).toBe(`Session ${key} has queued work; retry after it finishes.`)
    await client.call('chat.abort', { sessionKey: key })
    await client.ended(idempotencyKey)
    expect(await client.call('sessions.rewind', wish)).toHaveProperty('editorText')
  })

  it('needs the scopes that it needs', async () => {
    const { client } = await at.join({ scopes: ['operator.read', 'operator.write'] })
    const key = freshKey()
    expect(await refused(client, 'sessions.rewind', { sessionKey: key, entryId: 'x' })).toBe('missing scope: operator.admin')
    expect(await refused(client, 'sessions.branches.switch', { sessionKey: key, leafEntryId: 'x' })).toBe('missing scope: operator.admin')
    expect(await refused(client, 'sessions.compact', { key })).toBe('missing scope: operator.admin')
    expect(await refused(client, 'sessions.cleanup', {})).toBe('missing scope: operator.admin')
  })

  it('forks: a session of its own begins with what was said before', async () => {
    const { client } = await at.join()
    await client.call('sessions.subscribe', {})
    const { key, messages } = await talk(client)
    await client.call('sessions.patch', { key, thinkingLevel: 'off' })
    const forked = await client.call('sessions.fork', { sessionKey: key, entryId: messages[4].__openclaw.id })
    expect(forked).toEqual({ sessionKey: expect.stringMatching(/^agent:main:dashboard:/), editorText: messages[4].content })
    expect(await client.event('sessions.changed', (payload) => payload.sessionKey === forked.sessionKey)).toMatchObject({ reason: 'fork' })
    expect(await history(client, forked.sessionKey)).toEqual(messages.slice(0, 4))
    expect((await client.call('sessions.describe', { key: forked.sessionKey })).session).toMatchObject({ parentSessionKey: key, thinkingLevel: 'off' })
    await say(client, forked.sessionKey, script({ text: 'on its own' }))
    expect(await texts(client, forked.sessionKey)).toHaveLength(6)
    expect(await history(client, key)).toEqual(messages)
  })

  it('gives back images too', async () => {
    const { client } = await at.join()
    const key = freshKey()
    await say(client, key, 'look', { attachments: [{ mimeType: 'image/png', content: PNG }] })
    const [asked] = await history(client, key)
    const wish = { sessionKey: key, entryId: asked.__openclaw.id }
    expect(await client.call('sessions.fork', wish)).toMatchObject({ editorText: 'look', editorAttachments: [{ mimeType: 'image/png', data: PNG }] })
    expect(await client.call('sessions.rewind', wish)).toEqual({ editorText: 'look', editorAttachments: [{ mimeType: 'image/png', data: PNG }] })
  })

  it('keeps no branch of a conversation that begins anew, or is deleted', async () => {
    const { client } = await at.join()
    const { key, messages } = await talk(client)
    await client.call('sessions.rewind', { sessionKey: key, entryId: messages[2].__openclaw.id })
    await client.call('sessions.reset', { key })
    expect(await refused(client, 'sessions.branches.switch', { sessionKey: key, leafEntryId: messages[5].__openclaw.id })).toContain('branch entry not found')
    await client.call('sessions.delete', { key })
    expect(await branches(client, key)).toEqual([])
  })

  it('takes a message only if the conversation still ends where the sender saw it end', async () => {
    const { client } = await at.join()
    const { key, messages } = await talk(client)
    const sent = { sessionKey: key, message: script({ text: 'late' }), idempotencyKey: crypto.randomUUID() }
    const { error } = await client.request('chat.send', { ...sent, expectedLeafEntryId: messages[3].__openclaw.id })
    expect(error).toMatchObject({ message: 'active branch changed; review and retry', details: { reason: 'active-leaf-changed' } })
    expect(await client.call('chat.send', { ...sent, expectedLeafEntryId: messages[5].__openclaw.id })).toMatchObject({ status: 'started' })
    await client.ended(sent.idempotencyKey)
    expect(await client.call('chat.send', { ...sent, expectedLeafEntryId: messages[5].__openclaw.id })).toMatchObject({ status: 'ok' })
    expect(await refused(client, 'chat.send', { ...sent, idempotencyKey: crypto.randomUUID(), sessionKey: freshKey(), expectedLeafEntryId: 'x' })).toContain('active branch changed')
  })
}

export function compactionCases(at: Reach, get: () => Target): void {
  /** A conversation with a model, which is asked what `requests` holds. */
  async function converse(client: Client): Promise<{ key: string; requests: Data[] }> {
    const model = `compact-${crypto.randomUUID()}`
    const requests: Data[] = []
    get().upstream.on(model, ({ body, answer }) => {
      requests.push(body)
      const last = String(body.messages.at(-1).content)
      answer(last.includes('<conversation>') ? 'They counted to three.' : `heard ${last}`)
    })
    const key = freshKey()
    await client.call('sessions.create', { key, model: `mock/${model}` })
    for (const word of ['one', 'two', 'three']) await say(client, key, word)
    return { key, requests }
  }

  it('gives a model a summary of the beginning, and keeps the history', async () => {
    const { client } = await at.join()
    const { key, requests } = await converse(client)
    await client.call('sessions.messages.subscribe', { key })
    const before = await history(client, key)
    const done = await client.call('sessions.compact', { key })
    expect(done).toMatchObject({ ok: true, key, compacted: true, result: { summary: 'They counted to three.', firstKeptEntryId: before[4].__openclaw.id } })
    const summarised = requests.at(-1).messages.at(-1).content as string
    expect(summarised).toContain('User: one\nAssistant: heard one\nUser: two')
    expect(summarised).not.toContain('three')
    const after = await history(client, key)
    expect(after.slice(0, 6)).toEqual(before)
    expect(after[6]).toMatchObject({ role: 'system', content: [{ type: 'text', text: 'Compaction' }], __openclaw: { kind: 'compaction' } })
    await say(client, key, 'four')
    const told = requests.at(-1).messages.filter(({ role }: Data) => role !== 'system')
    expect(told.map(({ content }: Data) => content)).toEqual([expect.stringContaining('They counted to three.'), 'three', 'heard three', 'four'])
    const phases = client.events('session.operation').filter((payload) => payload.sessionKey === key)
    expect(phases.map(({ phase, completed }) => [phase, completed])).toEqual([['start', undefined], ['end', true]])
  })

  it('compacts again with the summary of before', async () => {
    const { client } = await at.join()
    const { key, requests } = await converse(client)
    await client.call('sessions.compact', { key })
    expect(await client.call('sessions.compact', { key })).toEqual({ ok: false, key, compacted: false, reason: 'Already compacted' })
    await say(client, key, 'four')
    expect(await client.call('sessions.compact', { key })).toMatchObject({ compacted: true })
    expect(requests.at(-1).messages.at(-1).content).toContain('<summary_so_far>\nThey counted to three.')
  })

  it('does nothing where nothing is to be done', async () => {
    const { client } = await at.join()
    const key = freshKey()
    expect(await client.call('sessions.compact', { key })).toEqual({ ok: true, key, compacted: false, reason: 'no sessionId' })
    await client.call('sessions.create', { key })
    expect(await client.call('sessions.compact', { key })).toEqual({ ok: false, key, compacted: false, reason: 'Nothing to compact (session too small)' })
    expect(await client.call('sessions.compact', { key, maxLines: 3 })).toEqual({ ok: true, key, compacted: false, kept: 0 })
    expect(await refused(client, 'sessions.compact', { key, maxLines: 0 })).toContain('maxLines')
  })

  it('gives a model the last messages only, where that is asked for', async () => {
    const { client } = await at.join()
    const { key, requests } = await converse(client)
    expect(await client.call('sessions.compact', { key, maxLines: 2 })).toEqual({ ok: true, key, compacted: true, kept: 2 })
    await say(client, key, 'four')
    expect(requests.at(-1).messages.filter(({ role }: Data) => role !== 'system').map(({ content }: Data) => content)).toEqual(['three', 'heard three', 'four'])
    expect(await history(client, key)).toHaveLength(9)
  })

  it('says so when the model fails, and changes nothing', async () => {
    const { client } = await at.join()
    const { key } = await converse(client)
    const model = `compact-${crypto.randomUUID()}`
    get().upstream.on(model, ({ fail }) => fail(500))
    await client.call('sessions.patch', { key, model: `mock/${model}` })
    await client.call('sessions.messages.subscribe', { key })
    expect((await client.request('sessions.compact', { key })).ok).toBe(false)
    expect(await client.event('session.operation', (payload) => payload.phase === 'end' && payload.sessionKey === key)).toMatchObject({ completed: false })
    expect(await history(client, key)).toHaveLength(6)
    expect(await client.call('sessions.compaction.list', { key })).toEqual({ ok: true, key, checkpoints: [] })
  })

  it('lists compactions, and goes back to before one', async () => {
    const { client } = await at.join()
    const { key, requests } = await converse(client)
    const before = await history(client, key)
    await client.call('sessions.compact', { key })
    await say(client, key, 'four')
    const { checkpoints } = await client.call('sessions.compaction.list', { key })
    expect(checkpoints).toMatchObject([{ sessionKey: key, reason: 'manual', summary: 'They counted to three.', preCompaction: { leafId: before[5].__openclaw.id } }])
    const [{ checkpointId }] = checkpoints
    const branched = await client.call('sessions.compaction.branch', { key, checkpointId })
    expect(branched).toMatchObject({ ok: true, sourceKey: key, checkpoint: { checkpointId }, entry: { parentSessionKey: key } })
    expect(await history(client, branched.key)).toEqual(before)
    expect(await client.call('sessions.compaction.restore', { key, checkpointId })).toMatchObject({ ok: true, key, checkpoint: { checkpointId } })
    expect(await history(client, key)).toEqual(before)
    await say(client, key, 'another four')
    expect(requests.at(-1).messages.filter(({ role }: Data) => role === 'user').map(({ content }: Data) => content)).toEqual(['one', 'two', 'three', 'another four'])
    expect(await branches(client, key)).toHaveLength(2)
    expect(await refused(client, 'sessions.compaction.restore', { key, checkpointId: 'x' })).toBe('compaction checkpoint not found: x')
    expect(await refused(client, 'sessions.compaction.branch', { key: freshKey(), checkpointId: 'x' })).toContain('session not found')
  })
}

export function groupCases(at: Reach): void {
  const groupsOf = async (client: Client): Promise<string[]> => (await client.call('sessions.groups.list', {})).groups.map(({ name }: Data) => name)

  it('keeps groups in their order, and tells of a change', async () => {
    const { client } = await at.join()
    await client.call('sessions.subscribe', {})
    const [a, b] = [`a ${crypto.randomUUID()}`, `b ${crypto.randomUUID()}`]
    const there = await groupsOf(client)
    const put = await client.call('sessions.groups.put', { names: [...there, a, ` ${b} `, a], sectionOrder: [`category:${a}`, 'ungrouped', 'category:nowhere'] })
    expect(put.groups.slice(-2).map(({ name }: Data) => name)).toEqual([a, b])
    expect(put.groups.map(({ position }: Data) => position)).toEqual(put.groups.map((_: Data, index: number) => index))
    expect(put.sectionOrder).toEqual([`category:${a}`, 'ungrouped'])
    expect(await client.event('sessions.changed', (payload) => payload.reason === 'groups')).toEqual({ reason: 'groups', ts: expect.any(Number) })
    expect((await client.call('sessions.groups.defaults', {})).defaults).toContainEqual({ name: a })
    await client.call('sessions.groups.put', { names: there, sectionOrder: [] })
    expect(await groupsOf(client)).toEqual(there)
  })

  it('makes a group of a category, renames and deletes it with its sessions', async () => {
    const { client } = await at.join()
    const [key, name, other] = [freshKey(), `g ${crypto.randomUUID()}`, `h ${crypto.randomUUID()}`]
    await client.call('sessions.patch', { key, category: name })
    expect(await groupsOf(client)).toContain(name)
    expect(await refused(client, 'sessions.groups.put', { names: [] })).toContain('cannot drop groups that still have member sessions')
    expect(await client.call('sessions.groups.rename', { name, to: other })).toMatchObject({ ok: true, updatedSessions: 1 })
    expect((await client.call('sessions.list', { group: other })).sessions).toMatchObject([{ key, category: other }])
    expect(await client.call('sessions.groups.delete', { name: other })).toMatchObject({ ok: true, updatedSessions: 1 })
    expect((await client.call('sessions.describe', { key })).session.category).toBeUndefined()
    expect(await groupsOf(client)).not.toContain(other)
  })

  it('refuses what is no group', async () => {
    const { client } = await at.join()
    expect(await refused(client, 'sessions.groups.rename', { name: 'nowhere', to: 'x' })).toBe('unknown session group: nowhere')
    expect(await client.call('sessions.groups.delete', { name: 'nowhere' })).toMatchObject({ updatedSessions: 0 })
    expect(await refused(client, 'sessions.groups.put', { names: [''] })).toContain('names')
    expect(await refused(client, 'sessions.groups.list', { more: 1 })).toContain("unexpected property 'more'")
  })

  it('changes many sessions, each by itself', async () => {
    const { client } = await at.join()
    const [one, two] = [freshKey(), freshKey()]
    const label = `label ${freshKey()}`
    const { outcomes } = await client.call('sessions.patchMany', {
      targets: [{ key: one }, { key: two, expectedSessionId: 'another' }, { key: 'agent:nobody:x' }],
      patch: { pinned: true, label },
    })
    expect(outcomes).toMatchObject([{ ok: true, key: one }, { ok: false, key: two, error: { code: 'INVALID_REQUEST' } }, { ok: false, key: 'agent:nobody:x' }])
    expect((await client.call('sessions.describe', { key: one })).session).toMatchObject({ pinned: true, label })
    expect(await refused(client, 'sessions.patchMany', { targets: [{ key: one }, { key: one }], patch: { pinned: false } })).toBe('Duplicate target.')
    expect(await refused(client, 'sessions.patchMany', { targets: [{ key: one }], patch: {} })).toContain('patch')
    expect(await refused(client, 'sessions.patchMany', { targets: [], patch: { pinned: true } })).toContain('targets')
  })

  it('tidies up, or tells what it would do', async () => {
    const { client } = await at.join()
    const [empty, spoken] = [freshKey('second'), freshKey('second')]
    await client.call('sessions.create', { key: empty })
    await say(client, spoken, script({ text: 'here' }))
    const told = await client.call('sessions.cleanup', { agent: 'second', fixMissing: true, enforce: false })
    expect(told).toMatchObject({ agentId: 'second', dryRun: true, applied: false, wouldMutate: true })
    expect(told.missing).toBeGreaterThan(0)
    expect((await client.call('sessions.describe', { key: empty })).session).not.toBeNull()
    expect(await client.call('sessions.cleanup', { agent: 'second', fixMissing: true, enforce: true })).toMatchObject({ applied: true, missing: told.missing })
    expect((await client.call('sessions.describe', { key: empty })).session).toBeNull()
    expect((await client.call('sessions.describe', { key: spoken })).session).not.toBeNull()
    expect(await refused(client, 'sessions.cleanup', { agent: 'nobody' })).toContain('Unknown agent id "nobody"')
  })
}
