// Files of agents: where they are, what is read of them, writing over what was read, and what an agent is told.

import { createStorage } from 'unstorage'
import { describe, expect, it } from 'vitest'
import { sha256Hex } from '../../../src/kit/bytes.ts'
import type { Host } from '../../../src/ports/host.ts'
import { createAgentFiles, MAX_FILE_BYTES } from '../../../src/services/conversation/agent-files.ts'
import { createConfig } from '../../../src/services/operations/config.ts'
import { foundation } from '../../harness/foundation.ts'

async function create(agents: unknown = { list: [{ id: 'main' }, { id: 'other' }] }, host: Host = {}) {
  const { clock, log } = foundation()
  const config = createConfig({ source: { path: 'x', read: async () => null }, env: {}, log, given: { agents } })
  await config.load()
  const storage = createStorage()
  return { clock, storage, files: createAgentFiles({ config, files: storage, host, clock }) }
}

const conflict = (hash: string) => new Error(`conflict ${hash}`)

it('lie apart for each agent', async () => {
  const { files } = await create()
  await files.write('main', 'SOUL.md', 'mine')
  expect([files.rootOf('main'), files.rootOf('other')]).toEqual(['workspace:main', 'workspace:other'])
  expect(await files.read('other', 'SOUL.md')).toBeNull()
  expect(await files.read('main', 'SOUL.md')).toMatchObject({ content: 'mine', encoding: 'utf8', mimeType: 'text/plain', size: 4, hash: await sha256Hex('mine') })
})

it('are in directories where the machine has some: the default agent in that of the defaults, others in their own', async () => {
  const opened: unknown[] = []
  const workspaces = { open: (...args: unknown[]) => (opened.push(args), { root: '/w' }) as never }
  const agents = { defaults: { workspace: '~/agent' }, list: [{ id: 'main' }, { id: 'other' }, { id: 'own', workspace: '/own' }] }
  const { files } = await create(agents, { workspaces })
  expect(['main', 'other', 'own'].map((id) => files.rootOf(id))).toEqual(['/w', '/w', '/w'])
  expect(opened).toEqual([['main', true, '~/agent'], ['other', false, undefined], ['own', false, '/own']])
})

describe('a file', () => {
  it('that is no text is shown as base64', async () => {
    const { files, storage } = await create()
    await storage.setItemRaw('workspace:main:x.bin', new Uint8Array([0xff, 0x00, 0x01]))
    expect(await files.read('main', 'x.bin')).toMatchObject({ encoding: 'base64', content: '/wAB', mimeType: 'application/octet-stream', size: 3 })
  })

  it('has a size', async () => {
    const { files, storage } = await create()
    await expect(files.write('main', 'a.md', 'ä'.repeat(MAX_FILE_BYTES / 2 + 1))).rejects.toThrow('would be too large')
    await storage.setItemRaw('workspace:main:big', new Uint8Array(MAX_FILE_BYTES + 1))
    await expect(files.read('main', 'big')).rejects.toMatchObject({ options: { details: { type: 'workspace_file_too_large' } } })
  })

  it('is written over by one of two who have read the same', async () => {
    const { files } = await create()
    const { hash } = await files.write('main', 'a.md', 'first')
    const results = await Promise.allSettled(['one', 'two'].map((text) => files.write('main', 'a.md', text, { hash, onConflict: conflict })))
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(await files.read('main', 'a.md')).toMatchObject({ content: 'one' })
    await expect(files.write('main', 'none.md', 'x', { hash, onConflict: conflict })).rejects.toThrow(/^conflict $/)
  })
})

it('are listed by name, without what has no name that could be asked for', async () => {
  const { files, storage } = await create()
  for (const name of ['b.md', 'a.md', 'notes:x.md']) await storage.setItemRaw(`workspace:main:${name}`, new Uint8Array([65]))
  expect((await files.list('main', ''))!.map(({ path, kind }) => [path, kind])).toEqual([['a.md', 'file'], ['b.md', 'file'], ['notes', 'directory']])
  expect((await files.list('main', 'notes'))!.map(({ path }) => path)).toEqual(['notes/x.md'])
  expect(await files.list('main', 'nowhere')).toBeNull()
})

it('are found by a part of their names, everywhere but in other programs’ own', async () => {
  const { files } = await create()
  for (const path of ['Soul.md', 'notes/soul-search.md', 'node_modules/soul/soul.js', '.git/soul', 'x.md']) await files.write('main', path, 'x')
  expect(await files.search('main', 'SOUL')).toMatchObject({ entries: [{ path: 'Soul.md' }, { path: 'notes/soul-search.md' }], truncated: false })
  for (let n = 0; n < 250; n++) await files.write('other', `f${n}.txt`, '')
  const many = await files.search('other', '.txt')
  expect([many.entries.length, many.truncated]).toEqual([200, true])
})

describe('what an agent is told', () => {
  it('stands in its files, in order, and is cut where it is too long', async () => {
    const { files } = await create()
    expect(await files.notes('main')).toBeNull()
    await files.write('main', 'SOUL.md', 'Be kind.\n\n')
    await files.write('main', 'AGENTS.md', 'a'.repeat(30_000))
    await files.write('main', 'USER.md', '   ')
    await files.write('main', 'HEARTBEAT.md', 'not told')
    const notes = (await files.notes('main'))!
    expect(notes).toMatch(/^# Your workspace\n\n## AGENTS\.md\n\na{20000}\n\[cut\]\n\n## SOUL\.md\n\nBe kind\.$/)
  })

  it('leaves out a file that cannot be read', async () => {
    const { files, storage } = await create()
    await storage.setItemRaw('workspace:main:AGENTS.md', new Uint8Array(MAX_FILE_BYTES + 1))
    await files.write('main', 'SOUL.md', 'kind')
    expect(await files.notes('main')).toBe('# Your workspace\n\n## SOUL.md\n\nkind')
  })
})

it('are taken out of the way', async () => {
  const { files } = await create()
  await files.write('main', 'a.md', 'x')
  expect(await files.trash(files.open('main'))).toEqual({ moved: true })
  expect(await files.list('main', '')).toEqual([])
})
