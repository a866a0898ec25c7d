// Sessions: made, found, listed, changed, deleted, and heard of.

import { expect, it } from 'vitest'
import type { Data } from '../harness/client.ts'
import { freshKey, script, textIn, type Reach } from './target.ts'

export function sessionCases(at: Reach): void {
  it('makes a session, once for each idempotency key', async () => {
    const { client } = await at.join()
    const params = { label: `label ${freshKey()}`, displayName: 'Shown', model: 'mock/plain', idempotencyKey: crypto.randomUUID() }
    const made = await client.call('sessions.create', params)
    expect(made).toMatchObject({ ok: true, runStarted: false, resolved: { modelProvider: 'mock', model: 'plain' }, entry: { label: params.label } })
    expect(made.key).toMatch(/^agent:main:dashboard:/)
    expect(await client.call('sessions.create', params)).toMatchObject({ key: made.key, sessionId: made.sessionId })
    const { error } = await client.request('sessions.create', { ...params, label: 'other' })
    expect(error!.details).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
  })

  it('returns the session that has the key already', async () => {
    const { client } = await at.join()
    const key = freshKey()
    const first = await client.call('sessions.create', { key })
    expect(await client.call('sessions.create', { key })).toMatchObject({ key, sessionId: first.sessionId })
  })

  it('makes a session and runs its first message', async () => {
    const { client } = await at.join()
    const made = await client.call('sessions.create', { agentId: 'second', message: script({ text: 'begun' }) })
    expect(made).toMatchObject({ runStarted: true })
    expect(await client.ended(made.runId)).toMatchObject({ state: 'final', sessionKey: made.key, agentId: 'second' })
  })

  it('refuses what it cannot make', async () => {
    const { client } = await at.join()
    const refusal = async (params: unknown) => (await client.request('sessions.create', params)).error!.message
    expect(await refusal({ agentId: 'nobody' })).toBe('Unknown agent id "nobody"')
    expect(await refusal({ model: 'nowhere/x' })).toContain('model "nowhere/x" is not configured')
    expect(await refusal({ bogus: 1 })).toContain("unexpected property 'bogus'")
    expect(await refusal({ key: 'agent:nobody:x' })).toContain('no longer exists')
    expect(await refusal({ key: 'agent:' })).toContain('invalid session key')
    expect(await refusal({ key: 'x'.repeat(600) })).toContain('invalid session key')
    const label = `label ${freshKey()}`
    await client.call('sessions.create', { label })
    expect(await refusal({ label })).toBe(`label already in use: ${label}`)
  })

  it('makes keys canonical, so that one session has one key', async () => {
    const { client } = await at.join()
    const id = crypto.randomUUID()
    const { key } = await client.call('sessions.create', { key: `Weird Key ${id.toUpperCase()}` })
    expect(key).toBe(`agent:main:weird key ${id}`)
    expect(await client.call('sessions.describe', { key: ` WEIRD KEY ${id} ` })).toMatchObject({ session: { key } })
  })

  it('finds sessions by key, id and label', async () => {
    const { client } = await at.join()
    const label = `label ${freshKey()}`
    const { key, sessionId } = await client.call('sessions.create', { label, displayName: 'Shown' })
    for (const params of [{ key }, { sessionId }, { label, agentId: 'main' }]) {
      expect(await client.call('sessions.resolve', params)).toEqual({ ok: true, key, agentId: 'main', displayName: 'Shown' })
    }
    expect(await client.call('sessions.resolve', { key: freshKey(), allowMissing: true })).toEqual({ ok: false })
    expect((await client.request('sessions.resolve', { label: 'nothing' })).error!.message).toBe('No session found: nothing')
    expect((await client.request('sessions.resolve', {})).error!.message).toBe('Either key, sessionId, label, shortId, or reference is required')
    expect((await client.request('sessions.resolve', { key, label })).error!.message).toContain('not multiple')
  })

  it('finds the session that a link means, or says which it may mean', async () => {
    const { client } = await at.join()
    const start = crypto.randomUUID().slice(0, 24)
    const make = async (end: string) => (await client.call('sessions.create', { key: `agent:main:${start}${end}`, displayName: `Trip ${end.slice(-1)}` })).key
    const one = await make('000000000001')
    const shortId = start.replaceAll('-', '')
    const found = { ok: true, key: one, agentId: 'main', displayName: 'Trip 1' }
    expect(await client.call('sessions.resolve', { shortId: shortId.slice(0, 8) })).toEqual(found)
    const two = await make('000000000002')
    const { candidates, ...rest } = await client.call('sessions.resolve', { shortId, agentId: 'main' })
    expect(rest).toEqual({ ok: false })
    expect(candidates.map(({ key }: Data) => key).toSorted()).toEqual([one, two])
    expect(await client.call('sessions.resolve', { shortId, slugHint: 'trip-1' })).toEqual(found)
    expect(await client.call('sessions.resolve', { shortId: `${shortId}000000000001` })).toEqual(found)
    expect(await client.call('sessions.resolve', { shortId, agentId: 'second', allowMissing: true })).toEqual({ ok: false })
    const refusal = async (params: Data) => (await client.request('sessions.resolve', params)).error!.message
    expect(await refusal({ shortId, agentId: 'second' })).toBe(`No session found: ${shortId}`)
    expect(await refusal({ shortId: 'abc' })).toBe('shortId must be 8-32 hexadecimal characters')
    expect(await refusal({ key: one, slugHint: 'trip-1' })).toBe('slugHint requires shortId')
    const name = `trip-${start.slice(0, 8)}`
    await client.call('sessions.patch', { key: two, displayName: name.replace('trip-', 'Trip ') })
    expect(await client.call('sessions.resolve', { reference: { key: one } })).toEqual(found)
    expect(await client.call('sessions.resolve', { reference: { key: freshKey(), slug: name } })).toMatchObject({ ok: true, key: two })
    expect(await client.call('sessions.resolve', { reference: { key: freshKey(), slug: 'none' }, allowMissing: true })).toEqual({ ok: false })
    const startup = (params: Data) => client.call('chat.startup', { shortId, agentId: 'main', ...params })
    expect(await startup({ slugHint: name })).toMatchObject({ sessionKey: two, messages: [], sessionInfo: { key: two } })
    expect((await startup({})).resolution.candidates).toHaveLength(2)
    expect(await startup({ agentId: 'second' })).toEqual({ resolution: { ok: false } })
  })

  it('archives and takes back, but never the main session', async () => {
    const { client } = await at.join()
    const { key } = await client.call('sessions.create', {})
    const { entry } = await client.call('sessions.patch', { key, archived: true })
    expect(entry).toMatchObject({ archived: true, archivedAt: entry.updatedAt })
    expect((await client.call('sessions.describe', { key })).session).toMatchObject({ archived: true, archivedAt: entry.archivedAt })
    expect((await client.call('sessions.patch', { key, archived: false })).entry).not.toHaveProperty('archivedAt')
    expect((await client.request('sessions.patch', { key: 'main', archived: true })).error!.message).toBe("Cannot archive an agent's main session.")
  })

  it('describes one, and what is none as null', async () => {
    const { client } = await at.join()
    const { key } = await client.call('sessions.create', {})
    const { session } = await client.call('sessions.describe', { key })
    expect(session).toMatchObject({ key, kind: 'direct', agentId: 'main', archived: false, hasActiveRun: false, modelProvider: 'builtin' })
    expect(await client.call('sessions.describe', { key: freshKey() })).toEqual({ session: null })
  })

  it('lists the latest first, in pages that fit together', async () => {
    const { client } = await at.join()
    const search = crypto.randomUUID()
    const keys: string[] = []
    for (let n = 0; n < 5; n++) keys.push((await client.call('sessions.create', { key: `agent:main:${search}:${n}` })).key)
    const madeAt = Date.now()
    while (Date.now() === madeAt) await client.call('health') // within one millisecond none is the latest
    await client.call('chat.inject', { sessionKey: keys[1], message: 'now the latest' })
    const seen: string[] = []
    let offset: number | null = 0
    while (offset !== null) {
      const page: Data = await client.call('sessions.list', { search, limit: 2, offset })
      expect(page).toMatchObject({ totalCount: 5, limitApplied: 2, hasMore: page.nextOffset !== null })
      seen.push(...page.sessions.map((row: Data) => row.key as string))
      offset = page.nextOffset
    }
    expect(seen[0]).toBe(keys[1])
    expect(seen.toSorted()).toEqual(keys.toSorted())
  })

  it('lists what is asked for', async () => {
    const { client } = await at.join()
    const group = crypto.randomUUID()
    const make = async (more: Data) => (await client.call('sessions.create', { category: group, ...more })).key as string
    const [one, two, three] = [await make({}), await make({ agentId: 'second' }), await make({ displayName: `named ${group}` })]
    await client.call('sessions.patch', { key: one, archived: true })
    await client.call('sessions.patch', { key: two, pinned: true })
    const list = async (params: Data) =>
      (await client.call('sessions.list', { group, ...params })).sessions.map((row: Data) => row.key as string).toSorted()
    expect(await list({})).toEqual([two, three].toSorted())
    expect(await list({ archived: true })).toEqual([one])
    expect(await list({ archived: 'all' })).toEqual([one, two, three].toSorted())
    expect(await list({ agentId: 'second' })).toEqual([two])
    expect(await list({ pinned: true })).toEqual([two])
    expect(await list({ pinned: false })).toEqual([three])
    expect(await list({ search: `NAMED ${group}` })).toEqual([three])
    expect(await list({ activeMinutes: 5 })).toEqual([two, three].toSorted())
    expect(await list({ search: '%' })).toEqual([])
    expect(await list({ hasBoard: false, involvingMe: true, excludeCron: true, excludeSystem: true })).toEqual([two, three].toSorted())
    for (const wish of [{ hasBoard: true }, { boardFace: 'dashboard' }, { projectId: 'p' }, { ownerId: 'x' }]) expect(await list(wish)).toEqual([])
  })

  it('shows titles and last lines when asked', async () => {
    const { client } = await at.join()
    const key = freshKey()
    const run = { sessionKey: key, message: script({ text: 'the  last\nline' }), idempotencyKey: crypto.randomUUID() }
    await client.call('chat.send', run)
    await client.ended(run.idempotencyKey)
    const { sessions } = await client.call('sessions.list', { search: key, includeDerivedTitles: true, includeLastMessage: true })
    expect(sessions[0]).toMatchObject({ lastMessagePreview: 'the last line', status: 'done', lastRunId: run.idempotencyKey })
    expect(sessions[0].derivedTitle).toContain('script:')
    const [bare] = (await client.call('sessions.list', { search: key })).sessions
    expect(bare.lastMessagePreview).toBeUndefined()
  })

  it('previews several sessions', async () => {
    const { client } = await at.join()
    const [full, empty, missing] = [freshKey(), freshKey(), freshKey()]
    await client.call('sessions.create', { key: full })
    await client.call('sessions.create', { key: empty })
    await client.call('chat.inject', { sessionKey: full, message: 'x'.repeat(100) })
    const { previews } = await client.call('sessions.preview', { keys: [full, empty, missing], maxChars: 20 })
    expect(previews).toEqual([
      { key: full, status: 'ok', items: [{ role: 'assistant', text: 'x'.repeat(20) }] },
      { key: empty, status: 'empty', items: [] },
      { key: missing, status: 'missing', items: [] },
    ])
  })

  it('changes a session, and clears with null', async () => {
    const { client } = await at.join()
    const { key, sessionId } = await client.call('sessions.create', {})
    const label = `label ${freshKey()}`
    const patched = await client.call('sessions.patch', { key, label, icon: '🦀', model: 'mock/plain', thinkingLevel: 'low' })
    expect(patched).toMatchObject({ ok: true, key, entry: { label, icon: '🦀' }, resolved: { modelProvider: 'mock' } })
    const cleared = await client.call('sessions.patch', { key, label: null, icon: null, model: null, thinkingLevel: null })
    expect(cleared.entry).not.toHaveProperty('label')
    expect(cleared.entry).not.toHaveProperty('icon')
    expect(cleared.resolved).toEqual({ modelProvider: 'builtin', model: 'operator' })
    expect(cleared.entry.sessionId).toBe(sessionId)
    const refusal = async (params: Data) => (await client.request('sessions.patch', { key, ...params })).error!.message
    expect(await refusal({ thinkingLevel: 'low' })).toContain('thinkingLevel "low" is not supported for builtin/operator')
    expect(await refusal({ model: 'nowhere/x' })).toContain('is not configured')
    expect(await refusal({ expectedSessionId: 'another' })).toContain('was replaced meanwhile')
    expect(await refusal({ key: 'agent:nobody:x', label: 'x' })).toContain('no longer exists')
  })

  it('begins a conversation anew', async () => {
    const { client } = await at.join()
    const key = freshKey()
    await client.call('sessions.create', { key })
    await client.call('chat.inject', { sessionKey: key, message: 'old' })
    expect(await client.call('sessions.reset', { key })).toMatchObject({ ok: true, key })
    const { messages } = await client.call('chat.history', { sessionKey: key })
    expect(messages.map(textIn)).toEqual(['Reset'])
    const run = { sessionKey: key, message: 'session status', idempotencyKey: crypto.randomUUID() }
    await client.call('chat.send', run)
    await client.ended(run.idempotencyKey)
    expect((await client.call('sessions.get', { key })).messages.map(textIn)).not.toContain('old')
  })

  it('deletes a session with what is in it, but not the main one', async () => {
    const { client } = await at.join()
    const key = freshKey()
    const run = { sessionKey: key, message: script({ hang: true }), idempotencyKey: crypto.randomUUID() }
    await client.call('chat.send', run)
    expect(await client.call('sessions.delete', { key })).toEqual({ ok: true, key, deleted: true, archived: [] })
    expect(await client.ended(run.idempotencyKey)).toMatchObject({ state: 'aborted' })
    expect(await client.call('sessions.describe', { key })).toEqual({ session: null })
    expect(await client.call('sessions.delete', { key })).toMatchObject({ deleted: false })
    expect((await client.request('sessions.delete', { key: 'main' })).error!.message).toBe('Cannot delete the main session (agent:main:main).')
  })

  it('reads the messages of a session', async () => {
    const { client } = await at.join()
    const key = freshKey()
    await client.call('sessions.create', { key })
    await client.call('chat.inject', { sessionKey: key, message: 'one' })
    await client.call('chat.inject', { sessionKey: key, message: 'two' })
    expect((await client.call('sessions.get', { key, limit: 1 })).messages.map(textIn)).toEqual(['two'])
  })

  it('sends to a session that exists, and ends its run', async () => {
    const { client } = await at.join()
    const key = freshKey()
    expect((await client.request('sessions.send', { key, message: 'x' })).error!.message).toBe(`session not found: ${key}`)
    await client.call('sessions.create', { key })
    const { runId, status } = await client.call('sessions.send', { key, message: script({ hang: true }) })
    expect(status).toBe('started')
    expect(await client.call('sessions.abort', { key })).toEqual({ ok: true, abortedRunId: runId, status: 'aborted' })
    expect(await client.call('sessions.abort', { key })).toEqual({ ok: true, abortedRunId: null, status: 'no-active-run' })
    expect(await client.call('sessions.abort', { runId })).toMatchObject({ status: 'no-active-run' })
    expect((await client.request('sessions.abort', {})).error!.message).toBe('key required')
  })

  it('tells those who asked of every change', async () => {
    const [{ client: hears }, { client: acts }] = [await at.join(), await at.join()]
    const subscribed = await hears.call('sessions.subscribe', { limit: 1 })
    expect(subscribed).toMatchObject({ subscribed: true, list: { limitApplied: 1 } })
    const key = freshKey()
    await acts.call('sessions.create', { key })
    await acts.call('sessions.patch', { key, displayName: 'New name' })
    await acts.call('chat.inject', { sessionKey: key, message: 'hello' })
    await acts.call('sessions.delete', { key })
    const last = await hears.event('sessions.changed', (payload) => payload.sessionKey === key && payload.reason === 'delete')
    expect(last.session).toBeNull()
    const reasons = hears.events('sessions.changed').filter((payload) => payload.sessionKey === key).map((payload) => payload.reason)
    expect(reasons).toEqual(['create', 'patch', 'delete'])
    const patch = hears.events('sessions.changed').find((payload) => payload.sessionKey === key && payload.reason === 'patch')
    expect(patch).toMatchObject({ displayName: 'New name', session: { key, displayName: 'New name' } })
    const message = hears.events('session.message').find((payload) => payload.sessionKey === key)
    expect(message).toMatchObject({ messageSeq: 1, message: { role: 'assistant' } })
    expect(acts.events('sessions.changed')).toEqual([])
  })

  it('tells of the messages of one session to those who asked for it', async () => {
    const [{ client: hears }, { client: acts }] = [await at.join(), await at.join()]
    const [mine, other] = [freshKey(), freshKey()]
    for (const key of [mine, other]) await acts.call('sessions.create', { key })
    expect(await hears.call('sessions.messages.subscribe', { key: mine })).toEqual({ subscribed: true, key: mine })
    await acts.call('chat.inject', { sessionKey: other, message: 'not for you' })
    await acts.call('chat.inject', { sessionKey: mine, message: 'for you' })
    await hears.event('session.message', (payload) => payload.sessionKey === mine)
    expect(await hears.call('sessions.messages.unsubscribe', { key: mine })).toEqual({ subscribed: false, key: mine })
    await acts.call('chat.inject', { sessionKey: mine, message: 'no more' })
    await hears.call('health')
    expect(hears.events('session.message').map((payload) => textIn(payload.message))).toEqual(['for you'])
  })
}
