// One conversation with a server of tools: a real one over HTTP, and a real one that is a program.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFetch } from '../../../runtimes/node/fetch.ts'
import { createCommands } from '../../../runtimes/shared/command.ts'
import type { McpServerConfig } from '../../../src/services/operations/config-schema.ts'
import { openSession, type McpDoors } from '../../../src/services/tools/mcp-session.ts'
import { startUpstream, type Upstream } from '../../harness/upstream.ts'

let upstream: Upstream
beforeAll(async () => {
  upstream = await startUpstream()
})
afterAll(() => upstream.close())

const never = new AbortController().signal
const doors: McpDoors = { fetch: createFetch(), commands: createCommands({ PATH: process.env['PATH'] }), place: process.cwd(), version: '1' }
const PROGRAM = { command: process.execPath, args: [new URL('../../harness/mcp.ts', import.meta.url).pathname, '--stdio'] }
const servers: Readonly<Record<string, () => McpServerConfig>> = { HTTP: () => ({ url: upstream.baseUrl.replace('/v1', '/mcp') }), 'a program': () => PROGRAM }

async function open(server: McpServerConfig, given: McpDoors = doors) {
  const told: string[] = []
  const session = await openSession(server, given, { onChanged: () => void told.push('changed'), onClosed: () => void told.push('closed') }, never, 10_000)
  const call = (name: string, args = {}, more = {}) => session.call(name, args, { signal: never, timeoutMs: 5000, ...more })
  return { session, told, call }
}

describe.each(Object.keys(servers))('over %s', (kind) => {
  it('lists tools, and calls them', async () => {
    const { session, call } = await open(servers[kind]!())
    const tools = await session.list(never, 5000)
    expect(tools.find(({ name }) => name === 'echo')).toEqual({ name: 'echo', description: 'Says it again.', parameters: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] } })
    expect(await call('echo', { text: 'so' })).toMatchObject({ text: 'you said so', isError: false })
    expect(await call('pixel')).toMatchObject({ text: 'a pixel', images: [{ mimeType: 'image/png' }] })
    expect(await call('fails')).toMatchObject({ text: 'it went wrong', isError: true })
    await session.close()
  })

  it('hears that there are others', async () => {
    const { session, told, call } = await open(servers[kind]!())
    await call('grows')
    await expect.poll(() => told, { timeout: 5000 }).toContain('changed')
    await session.close()
    await expect.poll(() => told).toContain('closed')
  })

  it('gives up a call that takes too long, or is not wanted any more', async () => {
    const { session, call } = await open(servers[kind]!())
    await expect(call('hangs', {}, { timeoutMs: 200 })).rejects.toThrow('timed out')
    const aborter = new AbortController()
    const calling = call('hangs', {}, { signal: aborter.signal })
    aborter.abort(new Error('enough'))
    await expect(calling).rejects.toThrow('enough')
    expect(await call('echo', { text: 'still there' })).toMatchObject({ text: 'you said still there' })
    await session.close()
  })
})

it('says what is wrong with a server', async () => {
  await expect(open({ url: 'http://127.0.0.1:1/mcp' })).rejects.toThrow()
  await expect(open({ command: 'no-such-program' })).rejects.toThrow('there is no program "no-such-program" here')
  await expect(open({ command: 'sh', args: ['-c', 'echo broken >&2; exit 1'] })).rejects.toThrow()
  await expect(open(PROGRAM, { ...doors, commands: undefined })).rejects.toThrow('programs cannot be started here')
})

it('ends when the program does', async () => {
  const { session, told, call } = await open({ command: 'sh', args: ['-c', `timeout 2 ${process.execPath} ${PROGRAM.args.join(' ')}`] })
  expect(await call('echo', { text: 'a' })).toMatchObject({ text: 'you said a' })
  await expect.poll(() => told, { timeout: 10_000 }).toContain('closed')
  await expect(session.list(never, 1000)).rejects.toThrow()
})
