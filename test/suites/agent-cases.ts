// Agents: adding, changing and removing them; the files of their workspaces. Each case removes what it has added.

import { expect, it } from 'vitest'
import { sha256Hex } from '../../src/kit/bytes.ts'
import type { Client, Data } from '../harness/client.ts'
import { read } from './config-scenes.ts'
import { script, type Reach, type Target } from './target.ts'

const freshName = () => `Agent ${crypto.randomUUID().slice(0, 8)}`

export function agentCases(at: Reach, get: () => Target): void {
  const join = async () => (await at.join()).client

  /** An agent for one case. */
  async function withAgent<T>(client: Client, work: (agent: Data) => Promise<T>, wish: Record<string, unknown> = {}): Promise<T> {
    const before = (await read(client)).raw
    const agent = await client.call('agents.create', { name: freshName(), ...wish })
    try {
      return await work(agent)
    } finally {
      await client.request('agents.delete', { agentId: agent.agentId })
      expect((await read(client)).raw).toBe(before)
    }
  }

  const rowOf = async (client: Client, agentId: string): Promise<Data> =>
    (await client.call('agents.list', {})).agents.find(({ id }: Data) => id === agentId)

  /** A session of an agent. */
  async function sessionOf(client: Client, agentId: string): Promise<string> {
    const idempotencyKey = crypto.randomUUID()
    const sessionKey = `agent:${agentId}:${idempotencyKey}`
    await client.call('chat.send', { sessionKey, message: script({ text: 'here' }), idempotencyKey })
    await client.ended(idempotencyKey)
    return sessionKey
  }

  it('is added under an id made of its name, and answers at once', async () => {
    const client = await join()
    const name = freshName()
    const agent = await client.call('agents.create', { name, emoji: '🦊', model: 'builtin/operator' })
    expect(agent).toMatchObject({ ok: true, agentId: name.toLowerCase().replace(' ', '-'), name, model: 'builtin/operator' })
    expect(await rowOf(client, agent.agentId)).toMatchObject({ name, identity: { name, emoji: '🦊' }, workspace: agent.workspace })
    await sessionOf(client, agent.agentId)
    await client.call('agents.delete', { agentId: agent.agentId })
    expect(await rowOf(client, agent.agentId)).toBeUndefined()
  })

  it('is not added twice', async () => {
    const client = await join()
    await withAgent(client, async ({ agentId, name }) => {
      expect((await client.request('agents.create', { name: name.toUpperCase() })).error!.message).toBe(`agent "${agentId}" already exists`)
    })
    expect((await client.request('agents.create', { name: 'main' })).error!.message).toBe('agent "main" already exists')
  })

  it.each(['!!!', '   ', '—'])('is not called %j', async (name) => {
    const client = await join()
    expect((await client.request('agents.create', { name })).error!.message).toContain('has no valid id characters')
  })

  it('is added by one of two who want the same', async () => {
    const [one, two] = [await join(), await join()]
    const name = freshName()
    const answers = await Promise.all([one, two].map((client) => client.request('agents.create', { name })))
    expect(answers.map(({ ok }) => ok).toSorted()).toEqual([false, true])
    await one.call('agents.delete', { agentId: answers.find(({ ok }) => ok)!.payload.agentId })
  })

  it('is changed: name, face, model', async () => {
    const client = await join()
    await withAgent(
      client,
      async ({ agentId }) => {
        expect(await client.call('agents.update', { agentId, name: 'Renamed', emoji: '🐙', avatar: 'avatars/x.png' })).toEqual({ ok: true, agentId })
        expect(await rowOf(client, agentId)).toMatchObject({ name: 'Renamed', identity: { name: 'Renamed', emoji: '🐙', avatar: 'avatars/x.png' }, model: { primary: 'mock/plain' } })
        await client.call('agents.update', { agentId, model: null, emoji: '' })
        expect(await rowOf(client, agentId)).toMatchObject({ identity: { name: 'Renamed', avatar: 'avatars/x.png' }, model: { primary: 'builtin/operator' } })
        expect(await client.call('agent.identity.get', { agentId })).toMatchObject({ name: 'Renamed', avatar: 'avatars/x.png' })
        expect(await client.call('agents.update', { agentId })).toEqual({ ok: true, agentId })
      },
      { model: 'mock/plain' },
    )
  })

  it.each(['agents.update', 'agents.delete', 'agents.files.list'])('%s knows only agents that there are', async (method) => {
    const client = await join()
    expect((await client.request(method, { agentId: 'nobody' })).error!.message).toBe('agent "nobody" not found')
  })

  it('is added and removed by admins alone', async () => {
    const { client } = await at.join({ scopes: ['operator.read', 'operator.write'] })
    for (const [method, params] of [['agents.create', { name: 'x' }], ['agents.update', { agentId: 'main' }], ['agents.delete', { agentId: 'second' }], ['agents.files.set', { agentId: 'main', name: 'SOUL.md', content: '' }]] as const) {
      expect((await client.request(method, params)).error!.details, method).toMatchObject({ missingScope: 'operator.admin' })
    }
  })

  it('is recorded in the configuration, and told', async () => {
    const [client, other] = [await join(), await join()]
    await withAgent(client, async ({ agentId }) => {
      const { hash, parsed } = await read(client)
      expect(parsed.agents.list.find(({ id }: Data) => id === agentId)).toMatchObject({ id: agentId })
      await other.event('config.changed', (payload) => payload.hash === hash)
      expect((await client.call('config.history', { limit: 1 })).revisions[0]).toMatchObject({ how: 'agents.create', by: 'operator' })
    })
  })

  // --- files ---

  it('has files with a meaning, none of them at first', async () => {
    const client = await join()
    await withAgent(client, async ({ agentId, workspace }) => {
      const listed = await client.call('agents.files.list', { agentId })
      expect(listed.workspace).toBe(workspace)
      expect(listed.files.map(({ name, missing, expectedAbsent }: Data) => [name, missing, expectedAbsent])).toEqual(
        ['AGENTS.md', 'SOUL.md', 'TOOLS.md', 'IDENTITY.md', 'USER.md', 'HEARTBEAT.md', 'BOOTSTRAP.md', 'MEMORY.md'].map((name) => [name, true, true]),
      )
      expect(await client.call('agents.files.get', { agentId, name: 'SOUL.md' })).toMatchObject({ agentId, file: { name: 'SOUL.md', missing: true } })
    })
  })

  it('keeps what is written into them', async () => {
    const client = await join()
    await withAgent(client, async ({ agentId }) => {
      const content = 'Be brief. 🦊\n'
      const written = await client.call('agents.files.set', { agentId, name: 'SOUL.md', content })
      expect(written).toMatchObject({ ok: true, file: { name: 'SOUL.md', missing: false, size: 15, content } })
      expect(written.file.updatedAtMs).toBeGreaterThan(0)
      expect((await client.call('agents.files.get', { agentId, name: 'SOUL.md' })).file).toMatchObject({ missing: false, content })
      const { files } = await client.call('agents.files.list', { agentId })
      expect(files.find(({ name }: Data) => name === 'SOUL.md')).toMatchObject({ missing: false, size: 15 })
      await client.call('agents.files.set', { agentId, name: 'SOUL.md', content: '' })
      expect((await client.call('agents.files.get', { agentId, name: 'SOUL.md' })).file).toMatchObject({ missing: false, content: '', size: 0 })
    })
  })

  it('writes over what was read, and nothing else', async () => {
    const client = await join()
    await withAgent(client, async ({ agentId }) => {
      await client.call('agents.files.set', { agentId, name: 'USER.md', content: 'one' })
      const { error } = await client.request('agents.files.set', { agentId, name: 'USER.md', content: 'two', expectedHash: 'a'.repeat(64) })
      expect(error).toMatchObject({ message: 'agent file "USER.md" changed since it was read', details: { type: 'agent_file_conflict', currentHash: await sha256Hex('one') } })
      await client.call('agents.files.set', { agentId, name: 'USER.md', content: 'two', expectedHash: await sha256Hex('one') })
      expect((await client.call('agents.files.get', { agentId, name: 'USER.md' })).file.content).toBe('two')
    })
  })

  it.each(['NOTES.md', '../SOUL.md', 'soul.md', '/etc/passwd', 'SOUL.md/', 'a/SOUL.md', '__proto__'])('has no file with a meaning called %s', async (name) => {
    const client = await join()
    for (const [method, more] of [['agents.files.get', {}], ['agents.files.set', { content: 'x' }]] as const) {
      expect((await client.request(method, { agentId: 'main', name, ...more })).error!.message, method).toBe(`unsupported file "${name}"`)
    }
  })

  it('is told what stands in them', async () => {
    const client = await join()
    await withAgent(
      client,
      async ({ agentId }) => {
        await client.call('agents.files.set', { agentId, name: 'SOUL.md', content: 'You love foxes.' })
        await client.call('agents.files.set', { agentId, name: 'IDENTITY.md', content: '- Name: Reynard' })
        await client.call('agents.files.set', { agentId, name: 'HEARTBEAT.md', content: 'not told' })
        const idempotencyKey = crypto.randomUUID()
        await client.call('chat.send', { sessionKey: `agent:${agentId}:told`, message: 'hello', idempotencyKey })
        await client.ended(idempotencyKey)
        const { messages } = get().upstream.requests.findLast(({ model }) => model === 'told-of-files')
        expect(messages[0].role).toBe('system')
        expect(messages[0].content).toMatch(/## SOUL\.md\s+You love foxes\.\s+## IDENTITY\.md\s+- Name: Reynard/)
        expect(messages[0].content).not.toContain('not told')
      },
      { model: 'mock/told-of-files' },
    )
  })

  it('shows its workspace, in pages', async () => {
    const client = await join()
    await withAgent(client, async ({ agentId }) => {
      expect(await client.call('agents.workspace.list', { agentId })).toEqual({ agentId, path: '', entries: [], totalEntries: 0, offset: 0 })
      for (const name of ['SOUL.md', 'AGENTS.md', 'USER.md']) await client.call('agents.files.set', { agentId, name, content: name })
      const { entries, totalEntries } = await client.call('agents.workspace.list', { agentId, path: '.' })
      expect(entries.map(({ path, kind, size }: Data) => [path, kind, size])).toEqual([['AGENTS.md', 'file', 9], ['SOUL.md', 'file', 7], ['USER.md', 'file', 7]])
      expect(totalEntries).toBe(3)
      const page = await client.call('agents.workspace.list', { agentId, offset: 1, limit: 1 })
      expect(page).toMatchObject({ offset: 1, totalEntries: 3, entries: [{ name: 'SOUL.md' }] })
      const { file } = await client.call('agents.workspace.get', { agentId, path: './SOUL.md' })
      expect(file).toMatchObject({ path: 'SOUL.md', name: 'SOUL.md', size: 7, mimeType: 'text/plain', encoding: 'utf8', content: 'SOUL.md' })
    })
  })

  it.each([
    ['../', 'path escapes the agent workspace'],
    ['a/../../b', 'path escapes the agent workspace'],
    ['/etc', 'path must be workspace-relative'],
    ['~/x', 'path must be workspace-relative'],
    ['C:\\x', 'path must be workspace-relative'],
    ['a\\..\\b', 'path has parts that are no names of files'],
    ['a\u0000b', 'path has parts that are no names of files'],
    ['main:AGENTS.md', 'path has parts that are no names of files'],
  ])('leads nowhere else by %j', async (path, says) => {
    const client = await join()
    for (const method of ['agents.workspace.list', 'agents.workspace.get']) {
      expect((await client.request(method, { agentId: 'main', path })).error, method).toMatchObject({ message: says, details: { type: 'workspace_path_invalid' } })
    }
  })

  it('says which directory or file there is not', async () => {
    const client = await join()
    expect((await client.request('agents.workspace.list', { agentId: 'main', path: 'nowhere' })).error).toMatchObject({ message: 'workspace directory not found', details: { type: 'workspace_path_not_found', path: 'nowhere' } })
    expect((await client.request('agents.workspace.get', { agentId: 'main', path: 'nothing.md' })).error).toMatchObject({ message: 'workspace file not found', details: { type: 'workspace_file_not_found' } })
    expect((await client.request('agents.workspace.get', { agentId: 'main', path: '.' })).error!.message).toBe('workspace file not found')
    expect((await client.request('agents.workspace.get', { agentId: 'nobody', path: 'x' })).error!.message).toBe('agent "nobody" not found')
  })

  it('shows the same files through its sessions', async () => {
    const client = await join()
    await withAgent(client, async ({ agentId, workspace }) => {
      const sessionKey = await sessionOf(client, agentId)
      await client.call('agents.files.set', { agentId, name: 'SOUL.md', content: 'old' })
      const listed = await client.call('sessions.files.list', { sessionKey })
      expect(listed).toMatchObject({ sessionKey, root: workspace, files: [], browser: { path: '', entries: [{ path: 'SOUL.md', kind: 'file' }] } })
      expect((await client.call('sessions.files.list', { sessionKey, search: 'soul' })).browser).toMatchObject({ search: 'soul', entries: [{ path: 'SOUL.md' }] })
      expect((await client.call('sessions.files.list', { sessionKey, search: 'other' })).browser.entries).toEqual([])
      expect(await client.call('sessions.files.list', { sessionKey, path: '../..' })).toEqual({ sessionKey, root: workspace, files: [] })
      expect(await client.call('sessions.files.list', { sessionKey: `agent:${agentId}:none` })).toEqual({ sessionKey: `agent:${agentId}:none`, files: [] })
      const { file } = await client.call('sessions.files.get', { sessionKey, path: 'SOUL.md' })
      expect(file).toMatchObject({ path: 'SOUL.md', kind: 'read', content: 'old', previewKind: 'text', hash: await sha256Hex('old') })
      const written = await client.call('sessions.files.set', { sessionKey, path: 'SOUL.md', content: 'new', expectedHash: file.hash })
      expect(written.file).toMatchObject({ kind: 'modified', size: 3, hash: await sha256Hex('new') })
      const { error } = await client.request('sessions.files.set', { sessionKey, path: 'SOUL.md', content: 'x', expectedHash: file.hash })
      expect(error).toMatchObject({ message: 'session file changed since it was read', details: { type: 'session_file_conflict', currentHash: await sha256Hex('new') } })
    })
  })

  it.each(['nothing.md', '../x.md', '/etc/passwd', '.'])('has no file of a session at %s', async (path) => {
    const client = await join()
    const sessionKey = await sessionOf(client, 'main')
    const get = await client.request('sessions.files.get', { sessionKey, path })
    const set = await client.request('sessions.files.set', { sessionKey, path, content: 'x', expectedHash: 'a'.repeat(64) })
    for (const { error } of [get, set]) expect(error).toMatchObject({ message: 'session file not found', details: { type: 'session_file_not_found', path } })
  })

  it('takes its files out of the way when it is removed, unless they are to stay', async () => {
    const client = await join()
    const { name, agentId, workspace } = await client.call('agents.create', { name: freshName() })
    await client.call('agents.files.set', { agentId, name: 'SOUL.md', content: 'mine' })
    expect(await client.call('agents.delete', { agentId, deleteFiles: false })).toEqual({ ok: true, agentId, removedBindings: 0, removed: [], failed: [] })
    await client.call('agents.create', { name })
    expect((await client.call('agents.files.get', { agentId, name: 'SOUL.md' })).file.content).toBe('mine')
    expect(await client.call('agents.delete', { agentId })).toMatchObject({ removed: [{ path: workspace, method: 'trash' }], failed: [] })
    await client.call('agents.create', { name })
    expect((await client.call('agents.files.get', { agentId, name: 'SOUL.md' })).file.missing).toBe(true)
    expect(await client.call('agents.delete', { agentId })).toMatchObject({ removed: [{ path: workspace, method: 'missing' }] })
  })

  it('is removed with what else the configuration says of it', async () => {
    const client = await join()
    const before = (await read(client)).raw
    const { agentId } = await client.call('agents.create', { name: freshName() })
    const { hash } = await read(client)
    await client.call('config.patch', { raw: JSON.stringify({ bindings: [{ agentId, match: { channel: 'x' } }, { agentId: 'main', match: { channel: 'x' } }] }), baseHash: hash })
    expect(await client.call('agents.delete', { agentId })).toMatchObject({ removedBindings: 1 })
    expect((await read(client)).parsed.bindings).toEqual([{ agentId: 'main', match: { channel: 'x' } }])
    await client.call('config.set', { raw: before, baseHash: (await read(client)).hash })
  })
}
