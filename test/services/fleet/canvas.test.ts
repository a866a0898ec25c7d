// What agents show, and to whom.

import { createStorage } from 'unstorage'
import { describe, expect, it } from 'vitest'
import type { AgentFiles } from '../../../src/services/conversation/agent-files.ts'
import type { Agents } from '../../../src/services/conversation/agents.ts'
import { createWorkspaceStorage } from '../../../src/services/conversation/workspace-storage.ts'
import { createCanvasCapabilities } from '../../../src/services/fleet/canvas-capability.ts'
import { createCanvas } from '../../../src/services/fleet/canvas.ts'
import { foundation } from '../../harness/foundation.ts'

async function make({ broken = false } = {}) {
  const base = foundation()
  const { clock, bus, log } = base
  const storage = createStorage()
  const watched: { path: string; onChange: () => void; stopped: boolean }[] = []
  const told: unknown[] = []
  const written: ((agentId: string, path: string) => void)[] = []
  const known = new Set(['main', 'second'])
  async function watch(path: string, onChange: () => void) {
    if (broken) throw new Error('no more watches')
    const entry = { path, onChange, stopped: false }
    watched.push(entry)
    return () => void (entry.stopped = true)
  }
  const files: Pick<AgentFiles, 'open' | 'onWritten'> = {
    open: (agentId) => ({ ...createWorkspaceStorage(storage, agentId, clock), watch }),
    onWritten: (listener) => void written.push(listener),
  }
  const agents = { find: (id: string) => (known.has(id) ? { id } : undefined) } as unknown as Pick<Agents, 'find'>
  const published = { ...bus, publish: (event: { name: string }, payload: unknown) => void told.push([event.name, payload]) } as typeof bus
  const open = () => createCanvas({ agents, files, capabilities: createCanvasCapabilities(base), bus: published, clock, log })
  const canvas = open()
  const put = (path: string, text: string, agentId = 'main') => files.open(agentId).write(path, new TextEncoder().encode(text))
  await put('canvas/index.html', 'page')
  await put('canvas/img/a.png', 'picture')
  await put('canvas/.env', 'secret')
  await put('MEMORY.md', 'secret')
  await put('canvas/index.html', 'other', 'second')
  const read = async (address: { path: string }, path: string, by = canvas) => {
    const file = await by.read(address.path.split('/')[2]!, path)
    return file && new TextDecoder().decode(file.bytes)
  }
  return { canvas, open, clock, read, watched, told, known, write: (agentId: string, path: string) => written.forEach((listener) => listener(agentId, path)) }
}

describe('an address', () => {
  it('opens the folder of one agent', async () => {
    const { canvas, read } = await make()
    const [main, second] = [await canvas.open('main'), await canvas.open('second')]
    expect(main.path).toMatch(/^\/canvas-host\/[\w.-]+\/$/)
    expect([await read(main, ''), await read(main, 'index.html'), await read(main, 'img/a.png'), await read(second, '')]).toEqual(['page', 'page', 'picture', 'other'])
    for (const path of ['missing.html', '../MEMORY.md', 'img/../../MEMORY.md', '/MEMORY.md', '.env', 'img/', '~/x', 'C:/x', 'a\0b', '..\\MEMORY.md']) expect(await read(main, path), path).toBeNull()
  })

  it('is over after a while, or with its agent', async () => {
    const { canvas, clock, read, known } = await make()
    const address = await canvas.open('main')
    expect(address.expiresAtMs).toBe(clock.now() + 10 * 60_000)
    await clock.advance(10 * 60_000 - 1)
    expect(await read(address, '')).toBe('page')
    known.delete('main')
    expect(await read(address, '')).toBeNull()
    known.add('main')
    await clock.advance(1)
    expect(await read(address, '')).toBeNull()
    for (const capability of ['', 'x', '__proto__']) expect(await canvas.read(capability, '')).toBeNull()
  })

  it('holds over a sleep of the gateway', async () => {
    const { canvas, open, read } = await make()
    const address = await canvas.open('main')
    canvas.end()
    expect(await read(address, '', open())).toBe('page')
  })
})

describe('a change', () => {
  it('by a program is told once, to whoever shows it', async () => {
    const { canvas, clock, watched, told } = await make()
    await canvas.open('main')
    await canvas.open('main')
    expect(watched.map(({ path }) => path)).toEqual(['canvas'])
    for (let n = 0; n < 3; n++) watched[0]!.onChange()
    await clock.advance(200)
    expect(told).toEqual([['canvas.changed', { agentId: 'main' }]])
  })

  it('by the agent is told, watched or not', async () => {
    const { clock, told, write } = await make()
    write('main', 'MEMORY.md')
    write('second', 'canvas/index.html')
    write('second', 'canvas/app.js')
    await clock.advance(200)
    expect(told).toEqual([['canvas.changed', { agentId: 'second' }]])
  })

  it('is not looked for when nobody shows it', async () => {
    const { canvas, clock, watched } = await make()
    await canvas.open('main')
    await clock.advance(11 * 60_000)
    await canvas.open('second')
    expect(watched.map(({ stopped }) => stopped)).toEqual([true, false])
    canvas.end()
    expect(watched.map(({ stopped }) => stopped)).toEqual([true, true])
  })

  it('is not told behind the end', async () => {
    const { canvas, clock, told, write } = await make()
    write('main', 'canvas/index.html')
    canvas.end()
    await clock.advance(200)
    expect(told).toEqual([])
  })

  it('that cannot be noticed keeps nobody from looking', async () => {
    const { canvas, read } = await make({ broken: true })
    expect(await read(await canvas.open('main'), '')).toBe('page')
  })
})
