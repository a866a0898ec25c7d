// The configuration of a process: its file is changed under it, by hand or by a call.

import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { makeStateDir, runToEnd, startProcess, type GatewayProcess, type PROGRAMS, type StateDir } from '../harness/processes.ts'
import { connect } from '../harness/ws.ts'

const TOKEN = 'token-of-the-file'
const CONFIG = { gateway: { auth: { token: TOKEN } }, agents: { list: [{ id: 'main' }] } }

export function reloadCases(program: keyof typeof PROGRAMS): void {
  let state: StateDir
  let gateway: GatewayProcess | null = null
  const file = () => join(state.path, 'openclaw.json')

  const start = async () => (gateway = await startProcess({ program, stateDir: state.path }))
  const join_ = async (token = TOKEN) => (await connect(gateway!.url, { token })).client
  const read = (client: Client): Promise<Data> => client.call('config.get', {})
  const changed = (client: Client, hash: string) => client.event('config.changed', (payload) => payload.hash !== hash)

  /** Looks until it is so. */
  async function until(what: string, isSo: () => Promise<boolean> | boolean) {
    for (let n = 0; n < 100; n++) {
      if (await isSo()) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error(`${what} did not come about: ${gateway?.output()}`)
  }

  beforeEach(() => {
    state = makeStateDir(CONFIG)
  })
  afterEach(async () => {
    await gateway?.kill('SIGTERM')
    gateway = null
    state.remove()
  })
  afterAll(() => expect(gateway).toBeNull())

  it('takes a change of its file while it runs, tells of it, and keeps every socket', async () => {
    await start()
    const client = await join_()
    const { hash } = await read(client)
    expect(await client.call('health')).toMatchObject({ configReload: { hotReloadStatus: 'active' } })
    state.writeConfig({ ...CONFIG, agents: { list: [{ id: 'main' }, { id: 'written', name: 'Written by hand' }] }, logging: { level: 'debug' } })
    const event = await changed(client, hash)
    expect(event).toMatchObject({ path: file(), hash: (await read(client)).hash })
    expect((await client.call('agents.list', {})).agents).toMatchObject([{ id: 'main' }, { id: 'written', name: 'Written by hand' }])
    expect((await client.call('config.history', { limit: 1 })).revisions[0]).toMatchObject({ by: 'file', how: 'file', changedPaths: ['agents.list', 'logging'] })
    expect(client.isOpen).toBe(true)
  })

  it('sees a file that is replaced by another, as editors do', async () => {
    await start()
    const client = await join_()
    const { hash } = await read(client)
    const other = join(state.path, 'openclaw.json.new')
    writeFileSync(other, `// by an editor\n${JSON.stringify({ ...CONFIG, session: { mainKey: 'replaced' } })}`)
    renameSync(other, file())
    await changed(client, hash)
    expect((await client.call('agents.list', {})).mainKey).toBe('replaced')
  })

  it('R8 keeps what is active when the file is garbage, says why, and takes the next good one', async () => {
    await start()
    const client = await join_()
    const { hash, appliedConfigHash } = await read(client)
    writeFileSync(file(), '{ gateway: { auth: { token: "')
    await until('the refusal', async () => !(await read(client)).valid)
    const bad = await read(client)
    expect(bad).toMatchObject({ valid: false, parsed: null, issues: [{ path: '', message: expect.stringContaining('is not JSON5') }], configRevisionHash: null, appliedConfigHash })
    expect(bad.config.gateway.auth.token).toBe('__OPENCLAW_REDACTED__')
    expect(gateway!.output()).toContain('cannot be used, and what was active before stays so')
    expect((await client.request('config.patch', { raw: '{ session: { mainKey: "x" } }', baseHash: bad.hash })).error!.message).toContain('mend the file before patching')
    expect((await join_()).isOpen).toBe(true)
    writeFileSync(file(), JSON.stringify({ gateway: { port: 'x' } }))
    await until('the next refusal', async () => (await read(client)).issues[0]?.path === 'gateway.port')
    state.writeConfig({ ...CONFIG, session: { mainKey: 'mended' } })
    await changed(client, hash)
    expect(await read(client)).toMatchObject({ valid: true, issues: [] })
    expect(client.isOpen).toBe(true)
  })

  it('is written back into its file by calls, for its owner alone, with a copy of the last good one beside it', async () => {
    await start()
    const client = await join_()
    const { hash } = await read(client)
    await until('the first copy', () => existsSync(`${file()}.bak`))
    expect(readFileSync(`${file()}.bak`, 'utf8')).toBe(JSON.stringify(CONFIG))
    await client.call('config.patch', { raw: '{ session: { mainKey: "written" } }', baseHash: hash })
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({ ...CONFIG, session: { mainKey: 'written' } })
    await until('the copy', () => readFileSync(`${file()}.bak`, 'utf8') === readFileSync(file(), 'utf8'))
    for (const path of [file(), `${file()}.bak`]) expect(statSync(path).mode & 0o777).toBe(0o600)
    await gateway!.kill('SIGKILL')
    await start()
    expect((await read(await join_())).parsed.session).toEqual({ mainKey: 'written' })
  })

  it('does not start with a bad file, names the key, and names the good copy', async () => {
    await start()
    await until('the copy', () => existsSync(`${file()}.bak`))
    await gateway!.kill('SIGKILL')
    gateway = null
    state.writeConfig({ gateway: { auth: { mode: 'sesame' } } })
    const { code, output } = await runToEnd({ program, stateDir: state.path })
    expect(code).toBe(1)
    expect(output).toContain('gateway.auth.mode must be equal to one of the allowed values')
    expect(output).toContain(`put back the last good copy (${file()}.bak)`)
    expect(readFileSync(`${file()}.bak`, 'utf8')).toBe(JSON.stringify(CONFIG))
  })

  it('ends the connections that used the old token, and lets in with the new one', async () => {
    await start()
    const [admin, other] = [await join_(), await join_()]
    const { hash } = await read(admin)
    const written = await admin.call('config.patch', { raw: '{ gateway: { auth: { token: "the-new-token" } } }', baseHash: hash })
    expect(written).toMatchObject({ ok: true, applied: true })
    for (const client of [admin, other]) expect(await client.closed).toEqual({ code: 4001, reason: 'the shared secret has changed' })
    await expect(join_()).rejects.toThrow('unauthorized')
    expect((await join_('the-new-token')).isOpen).toBe(true)
  })

  it('restarts in its place for what cannot change while it runs', async () => {
    await start()
    const client = await join_()
    const { pid, url } = gateway!
    const { hash } = await read(client)
    const written = await client.call('config.patch', { raw: '{ gateway: { maxPayloadBytes: 65536 }, session: { mainKey: "at-once" } }', baseHash: hash })
    expect(written).toMatchObject({ applied: false, waitingForRestart: ['gateway.maxPayloadBytes'], restart: { ok: true, reason: 'config change: gateway.maxPayloadBytes' } })
    expect((await client.call('agents.list', {})).mainKey).toBe('at-once')
    expect(await client.event('shutdown')).toEqual({ reason: 'gateway restarting', restartExpectedMs: 1500 })
    expect(await client.closed).toEqual({ code: 1012, reason: 'gateway restarting' })
    await until('the new gateway', () => fetch(`${url}/health`).then(({ ok }) => ok, () => false))
    const { client: again, hello } = await connect(url, { token: TOKEN })
    expect(hello.policy.maxPayload).toBe(65_536)
    expect(await read(again)).toMatchObject({ waitingForRestart: [], valid: true })
    expect(again.isOpen).toBe(true)
    expect(gateway!.pid).toBe(pid)
    expect(() => process.kill(pid, 0)).not.toThrow()
  })

  it('is restarted when it is asked for, after what is in the works', async () => {
    await start()
    const client = await join_()
    const idempotencyKey = crypto.randomUUID()
    await client.call('chat.send', { sessionKey: 'main', message: `script:${JSON.stringify([{ delayMs: 1500 }, { text: 'said before' }])}`, idempotencyKey })
    const asked = await client.call('gateway.restart.request', { reason: 'a test', restartDelayMs: 0 })
    expect(asked).toMatchObject({ ok: true, status: 'deferred', preflight: { safe: false, counts: { embeddedRuns: 1 } }, restart: { reason: 'a test', coalesced: false } })
    expect(await client.ended(idempotencyKey)).toMatchObject({ state: 'final' })
    expect((await client.closed).code).toBe(1012)
    await until('the new gateway', () => fetch(`${gateway!.url}/health`).then(({ ok }) => ok, () => false))
    const { messages } = await (await join_()).call('chat.history', { sessionKey: 'main' })
    expect(JSON.stringify(messages)).toContain('said before')
  })

  it('R8 goes back to what ran before when it cannot start with what was written', async () => {
    const other = makeStateDir({})
    const taken = await startProcess({ program, stateDir: other.path })
    try {
      const port = Number(new URL(taken.url).port)
      gateway = await startProcess({ program, stateDir: state.path, env: { OPENCLAW_GATEWAY_PORT: '' } }).catch(() => null)
      if (!gateway) return expect(existsSync(file())).toBe(true) // the default port of this machine is in use
      const client = await join_()
      const { hash } = await read(client)
      await client.call('config.patch', { raw: JSON.stringify({ gateway: { port } }), baseHash: hash })
      await client.closed
      await until('the old port', () => fetch(`${gateway!.url}/health`).then(({ ok }) => ok, () => false))
      expect(gateway.output()).toContain('the last good configuration is put back')
      expect(JSON.parse(readFileSync(file(), 'utf8')).gateway.port).toBeUndefined()
      expect(JSON.parse(readFileSync(`${file()}.rejected`, 'utf8')).gateway.port).toBe(port)
    } finally {
      await taken.kill('SIGTERM')
      other.remove()
    }
  })

  it('R8 takes back over a crash what nobody has confirmed', async () => {
    await start()
    const client = await join_()
    const { hash } = await read(client)
    await client.call('config.patch', { raw: '{ session: { mainKey: "unconfirmed" } }', baseHash: hash, confirmWithinMs: 2000 })
    await gateway!.kill('SIGKILL')
    expect(readFileSync(file(), 'utf8')).toContain('unconfirmed')
    await start()
    await until('the way back', () => !readFileSync(file(), 'utf8').includes('unconfirmed'))
    expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual(CONFIG)
  })

  it('follows a workspace that is a directory, and no link out of it', async () => {
    const { mkdirSync, symlinkSync } = await import('node:fs')
    const workspace = join(state.path, 'workspace')
    mkdirSync(join(workspace, 'notes'), { recursive: true })
    writeFileSync(join(workspace, 'AGENTS.md'), 'as OpenClaw left it')
    writeFileSync(join(workspace, 'notes/a.md'), 'a note')
    symlinkSync('/etc/passwd', join(workspace, 'passwd'))
    symlinkSync('/etc', join(workspace, 'etc'))
    symlinkSync(join(workspace, 'notes/a.md'), join(workspace, 'inside.md'))
    await start()
    const client = await join_()
    expect((await client.call('agents.files.get', { agentId: 'main', name: 'AGENTS.md' })).file).toMatchObject({ path: join(workspace, 'AGENTS.md'), content: 'as OpenClaw left it' })
    const { entries } = await client.call('agents.workspace.list', { agentId: 'main' })
    expect(entries.map(({ name }: Data) => name)).toEqual(['AGENTS.md', 'inside.md', 'notes'])
    for (const path of ['passwd', 'etc/passwd', 'etc']) {
      expect((await client.request('agents.workspace.get', { agentId: 'main', path })).error!.message, path).toBe('workspace file not found')
    }
    expect((await client.request('agents.workspace.list', { agentId: 'main', path: 'etc' })).error!.message).toBe('workspace directory not found')
    expect((await client.call('agents.workspace.get', { agentId: 'main', path: 'inside.md' })).file.content).toBe('a note')
    symlinkSync('/tmp/edgeclaw-must-not-exist', join(workspace, 'SOUL.md'))
    expect((await client.request('agents.files.set', { agentId: 'main', name: 'SOUL.md', content: 'x' })).ok).toBe(false)
    expect(existsSync('/tmp/edgeclaw-must-not-exist')).toBe(false)
  })
}
