// Files of the workspace, in a directory of this machine: what is inside can be used, and nothing else.

import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createWorkspaces } from '../../../runtimes/shared/workspace.ts'
import { createFileTools } from '../../../src/services/tools/file-tools.ts'
import { openBench } from './bench.ts'

let state: string
let workspace: string

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'edgeclaw-files-'))
  workspace = join(state, 'workspace')
  mkdirSync(workspace)
})
afterEach(() => rmSync(state, { recursive: true, force: true }))

async function open() {
  const bench = await openBench({ host: { workspaces: createWorkspaces(state) } })
  bench.add(createFileTools(bench.agentFiles))
  return bench
}

it('reads by lines, and says that there are more', async () => {
  const { use } = await open()
  writeFileSync(join(workspace, 'long.txt'), Array.from({ length: 3000 }, (_, at) => `line ${at + 1}`).join('\n'))
  const { text } = await use('read', { path: 'long.txt' })
  expect(text).toContain('line 2000\n[1000 more lines: go on with offset 2001]')
  expect((await use('read', { path: 'long.txt', offset: 2999 })).text).toBe('line 2999\nline 3000')
  writeFileSync(join(workspace, 'wide.txt'), `${'x'.repeat(80_000)}\nend`)
  expect((await use('read', { path: 'wide.txt' })).text.length).toBeLessThan(51_000)
})

it('edits what stands there exactly once, unless all is meant', async () => {
  const { use } = await open()
  const path = join(workspace, 'a.txt')
  writeFileSync(path, 'a b a')
  expect((await use('edit', { path: 'a.txt', oldText: 'a', newText: 'c' })).text).toContain('has the old text 2 times')
  expect(await use('edit', { path: 'a.txt', oldText: 'a', newText: '$&', all: true })).toMatchObject({ isError: false, result: { replaced: 2 } })
  expect(readFileSync(path, 'utf8')).toBe('$& b $&')
})

it('shows pictures as such, and refuses other bytes', async () => {
  const { use } = await open()
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0xff])
  writeFileSync(join(workspace, 'a.png'), png)
  writeFileSync(join(workspace, 'a.bin'), Buffer.from([0, 1, 2, 0xff]))
  expect(await use('read', { path: 'a.png' })).toMatchObject({ isError: false, images: [{ mimeType: 'image/png', base64: png.toString('base64') }] })
  expect((await use('read', { path: 'a.bin' })).text).toContain('is no text and no picture')
})

it.each([
  '..', '../', '../x', '../../etc/passwd', 'a/../../x', './../x', '/etc/passwd', '//etc/passwd', '~', '~/x', '~root/x', 'C:\\x', 'c:/x', '\\\\host\\share\\x', '\\x', 'a\\..\\..\\x',
  'a/..', 'a/../', 'x\u0000.txt', 'x\n', 'a:b', 'a*', 'a?', 'a|b', 'a<b', 'a"b', ' a', 'a ', 'a$', `${'x'.repeat(201)}`, `${'a/'.repeat(33)}x`, 'file:///etc/passwd',
])('no tool takes the path %j', async (path) => {
  const { use } = await open()
  writeFileSync(join(state, 'x'), 'secret')
  for (const [name, args] of [['read', {}], ['write', { content: 'x' }], ['edit', { oldText: 'secret', newText: 'x' }], ['ls', {}]] as const) {
    const { isError, text } = await use(name, { path, ...args })
    expect(text).not.toContain('secret')
    expect(isError, `${name} ${text}`).toBe(true)
  }
  expect(readFileSync(join(state, 'x'), 'utf8')).toBe('secret')
})

it('follows no link out: of a file, of a directory, by another link', async () => {
  const { use } = await open()
  writeFileSync(join(state, 'secret'), 'secret')
  mkdirSync(join(state, 'outside'))
  writeFileSync(join(state, 'outside', 'secret'), 'secret')
  symlinkSync(join(state, 'secret'), join(workspace, 'link'))
  symlinkSync('../secret', join(workspace, 'relative'))
  symlinkSync(join(state, 'outside'), join(workspace, 'folder'))
  symlinkSync('folder', join(workspace, 'twice'))
  for (const path of ['link', 'relative', 'folder/secret', 'twice/secret']) {
    const { text, isError } = await use('read', { path })
    expect([isError, text.includes('secret') && !text.includes(path)], path).toEqual([true, false])
    expect((await use('write', { path, content: 'changed' })).isError, path).toBe(true)
    expect((await use('edit', { path, oldText: 'secret', newText: 'changed' })).isError, path).toBe(true)
  }
  expect((await use('ls', { path: 'folder' })).isError).toBe(true)
  expect(readFileSync(join(state, 'secret'), 'utf8')).toBe('secret')
  expect(readFileSync(join(state, 'outside', 'secret'), 'utf8')).toBe('secret')
})

it('writes no file through a second name of it', async () => {
  const { use } = await open()
  writeFileSync(join(state, 'kept'), 'kept')
  linkSync(join(state, 'kept'), join(workspace, 'named'))
  await use('write', { path: 'named', content: 'changed' })
  expect(readFileSync(join(state, 'kept'), 'utf8')).toBe('kept')
})

it('lets each agent have its own', async () => {
  const { use } = await open()
  await use('write', { path: 'mine.txt', content: 'mine' })
  expect((await use('ls')).text).toBe('mine.txt (4 bytes)')
  expect((await use('read', { path: 'mine.txt' }, { sessionKey: 'agent:other:main' })).isError).toBe(true)
})
