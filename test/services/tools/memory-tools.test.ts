import { expect, it } from 'vitest'
import { createMemoryTools } from '../../../src/services/tools/memory-tools.ts'
import { openBench } from './bench.ts'

async function open() {
  const bench = await openBench({ config: { agents: { list: [{ id: 'main' }, { id: 'second' }] } } })
  bench.add(createMemoryTools(bench))
  const note = (path: string, content: string) => bench.agentFiles.write('main', path, content)
  await note('MEMORY.md', '# Known\n\nThe cat is called Mog.\n\nThe dog is called Rex, and is afraid of the cat.\n')
  await note('memory/2026-01-02.md', '# Friday\n\nBought food for the cat.\n')
  await note('memory/data.txt', 'the cat is here, too')
  await note('notes.md', 'the cat is here, too')
  return bench
}

it('finds passages of the notes, the best first, with the line where they begin', async () => {
  const { json } = await open()
  const { notes } = await json('memory_search', { query: 'the dog and the cat' })
  expect(notes[0]).toEqual({ path: 'MEMORY.md', line: 5, snippet: 'The dog is called Rex, and is afraid of the cat.' })
  expect(notes.map(({ path }: { path: string }) => path)).toEqual(['MEMORY.md', 'MEMORY.md', 'memory/2026-01-02.md'])
  expect((await json('memory_search', { query: 'zebra' })).notes).toEqual([])
  expect((await json('memory_search', { query: '?!' })).notes).toEqual([])
})

it('finds what was said, in the conversations of its agent', async () => {
  const { json, sessions } = await open()
  for (const key of ['agent:main:a', 'agent:second:b']) {
    sessions.ensure(key, 'operator')
    sessions.append(key, { role: 'user', content: 'where is the walrus?', timestamp: 7 })
  }
  expect((await json('memory_search', { query: 'walrus' })).conversations).toEqual([{ sessionKey: 'agent:main:a', role: 'user', at: 7, snippet: expect.stringContaining('walrus') }])
})

it('reads lines of notes, and of nothing else', async () => {
  const { json, use } = await open()
  expect(await json('memory_get', { path: 'MEMORY.md', from: 3, lines: 1 })).toEqual({ path: 'MEMORY.md', text: 'The cat is called Mog.' })
  for (const path of ['notes.md', 'memory/../notes.md', '../x', 'memory/none.md']) expect((await use('memory_get', { path })).isError, path).toBe(true)
})
