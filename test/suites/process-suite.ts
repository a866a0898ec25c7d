// What every runtime that is a process must do: the contract of a gateway, the clients that exist, and to survive its
// own end.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { connectDevice, createDevice } from '../harness/device.ts'
import { makeStateDir, runToEnd, startProcess, type GatewayProcess, type PROGRAMS, type StateDir } from '../harness/processes.ts'
import { startUpstream, type Upstream } from '../harness/upstream.ts'
import { connect, open } from '../harness/ws.ts'
import { clientSuite } from './client-suite.ts'
import { gatewaySuite } from './gateway-suite.ts'
import { reloadCases } from './reload-cases.ts'
import { freshKey, script, suiteConfig, textIn } from './target.ts'

const TOKEN = 'token-of-the-process-suite'

export function processSuite(program: keyof typeof PROGRAMS): void {
  describe('while it runs', () => {
    let state: StateDir
    let upstream: Upstream
    let gateway: GatewayProcess

    beforeAll(async () => {
      upstream = await startUpstream()
      state = makeStateDir(suiteConfig(upstream))
      gateway = await startProcess({ program, stateDir: state.path, env: { OPENCLAW_GATEWAY_TOKEN: TOKEN } })
    })
    afterAll(async () => {
      const code = await gateway.kill('SIGTERM')
      await upstream.close()
      state.remove()
      expect(code, gateway.output()).toBe(0)
    })

    const target = () => ({
      url: gateway.url,
      token: TOKEN,
      open: (options = {}) => open(gateway.url, options),
      fetch: (path: string, init?: RequestInit) => fetch(gateway.url + path, init),
      upstream,
      local: true,
      machine: true,
      direct: true,
    })
    gatewaySuite(target)
    clientSuite(target)
  })

  describe('over its end', () => {
    let state: StateDir
    let gateway: GatewayProcess | null = null

    const start = async (env: Record<string, string> = {}) =>
      (gateway = await startProcess({ program, stateDir: state.path, env: { OPENCLAW_GATEWAY_TOKEN: TOKEN, ...env } }))
    const restart = async (signal: NodeJS.Signals) => {
      await gateway!.kill(signal)
      return start()
    }
    const join_ = async () => (await connect(gateway!.url, { token: TOKEN })).client

    beforeAll(() => {
      state = makeStateDir({})
    })
    afterEach(async () => {
      await gateway?.kill('SIGTERM')
      gateway = null
    })
    afterAll(() => state.remove())

    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      it(`R1 R2 R9 keeps sessions, history, devices and idempotency keys over ${signal}`, async () => {
        await start()
        const device = await createDevice()
        const first = await open(gateway!.url)
        const { payload: hello } = await connectDevice(first, device, { auth: { token: TOKEN } })
        const sent = { sessionKey: freshKey(), message: script({ text: 'kept' }), idempotencyKey: freshKey() }
        await first.call('chat.send', sent)
        await first.ended(sent.idempotencyKey)
        await restart(signal)
        const second = await open(gateway!.url)
        const again = await connectDevice(second, device, { auth: { deviceToken: hello.auth.deviceToken } })
        expect(again.ok).toBe(true)
        const { messages } = await second.call('chat.history', { sessionKey: sent.sessionKey })
        expect(messages.map(textIn)).toEqual([sent.message, 'kept'])
        expect(await second.call('chat.send', sent)).toEqual({ runId: sent.idempotencyKey, status: 'ok' })
        const { error } = await second.request('chat.send', { ...sent, message: 'other' })
        expect(error!.details).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
      })
    }

    it('closes a run of which something was seen, and keeps that', async () => {
      await start()
      const client = await join_()
      const sent = { sessionKey: freshKey(), message: script({ text: 'half' }, { hang: true }), idempotencyKey: freshKey() }
      await client.call('chat.send', sent)
      await client.event('chat', (payload) => payload.state === 'delta')
      await restart('SIGKILL')
      const later = await join_()
      const { messages, sessionInfo } = await later.call('chat.history', { sessionKey: sent.sessionKey })
      expect(messages.map(textIn)).toEqual([sent.message, 'half'])
      expect(sessionInfo).toMatchObject({ status: 'killed', hasActiveRun: false })
      expect(await later.call('agent.wait', { runId: sent.idempotencyKey })).toMatchObject({ status: 'error', stopReason: 'restart' })
    })

    it('runs again what was accepted and not seen', async () => {
      await start()
      const client = await join_()
      const sessionKey = freshKey()
      const held = { sessionKey, message: script({ delayMs: 700 }, { text: 'first' }), idempotencyKey: freshKey() }
      const queued = { sessionKey, message: script({ text: 'second' }), idempotencyKey: freshKey() }
      await client.call('chat.send', held)
      await client.call('chat.send', queued)
      await restart('SIGKILL')
      const later = await join_()
      expect(await later.call('agent.wait', { runId: queued.idempotencyKey, timeoutMs: 10_000 })).toMatchObject({ status: 'ok' })
      const { messages } = await later.call('chat.history', { sessionKey })
      expect(messages.map(textIn)).toEqual([held.message, 'first', queued.message, 'second'])
    })

    it('R12 says goodbye: the shutdown event, close code 1012, exit code 0', async () => {
      await start()
      const client = await join_()
      const ended = gateway!.kill('SIGTERM')
      expect(await client.event('shutdown')).toEqual({ reason: 'service restart' })
      expect(await client.closed).toEqual({ code: 1012, reason: 'service restart' })
      expect(await ended).toBe(0)
    })

    it('R12 ends a run gracefully and records it when it is told to end', async () => {
      await start()
      const client = await join_()
      const sent = { sessionKey: freshKey(), message: script({ text: 'half' }, { hang: true }), idempotencyKey: freshKey() }
      await client.call('chat.send', sent)
      await client.event('chat', (payload) => payload.state === 'delta')
      await restart('SIGTERM')
      const later = await join_()
      expect(await later.call('agent.wait', { runId: sent.idempotencyKey })).toMatchObject({ status: 'error', stopReason: 'shutdown' })
    })
  })

  describe('its configuration', () => reloadCases(program))

  describe('at its start', () => {
    let state: StateDir
    beforeAll(() => {
      state = makeStateDir()
    })
    afterAll(() => state.remove())

    it('makes a token when none is set, shows it once, and keeps it for its owner only', async () => {
      const first = await startProcess({ program, stateDir: state.path })
      const file = join(state.path, 'edgeclaw/gateway-token')
      const token = readFileSync(file, 'utf8').trim()
      expect(token.length).toBeGreaterThan(40)
      expect(first.output()).toContain(token)
      expect(statSync(file).mode & 0o777).toBe(0o600)
      expect(statSync(join(state.path, 'edgeclaw/state.sqlite')).mode & 0o777).toBe(0o600)
      const { client } = await connect(first.url, { token })
      client.close()
      await first.kill('SIGTERM')
      const second = await startProcess({ program, stateDir: state.path })
      expect(second.output()).not.toContain(token)
      expect((await fetch(`${second.url}/v1/models`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200)
      await second.kill('SIGTERM')
    })

    it('stops with the path of a wrong setting, what is wrong and the way out', async () => {
      state.writeConfig({ gateway: { auth: { mode: 'sesame' } } })
      const { code, output } = await runToEnd({ program, stateDir: state.path })
      expect(code).toBe(1)
      expect(output).toContain('the start failed in the phase "configuration"')
      expect(output).toContain('gateway.auth.mode must be equal to one of the allowed values — use "token"')
      state.writeConfig({})
    })

    it('refuses to let everybody in from the network', async () => {
      state.writeConfig({ gateway: { auth: { mode: 'none' }, bind: 'lan' } })
      const { code, output } = await runToEnd({ program, stateDir: state.path })
      expect(code).toBe(1)
      expect(output).toContain('gateway.auth.mode "none" lets everybody in: it is accepted on loopback only')
      state.writeConfig({})
    })

    it('needs no credential on loopback in mode "none"', async () => {
      state.writeConfig({ gateway: { auth: { mode: 'none' } } })
      const gateway = await startProcess({ program, stateDir: state.path })
      expect((await fetch(`${gateway.url}/v1/models`)).status).toBe(200)
      const forwarded = await fetch(`${gateway.url}/v1/models`, { headers: { 'x-forwarded-for': '1.2.3.4' } })
      expect(forwarded.status).toBe(401)
      await gateway.kill('SIGTERM')
      state.writeConfig({})
    })

    it('R11 refuses a second gateway on the same state directory, and says who owns it', async () => {
      const first = await startProcess({ program, stateDir: state.path, env: { OPENCLAW_GATEWAY_TOKEN: TOKEN } })
      const { client } = await connect(first.url, { token: TOKEN })
      const sent = { sessionKey: freshKey(), message: script({ delayMs: 1500 }, { text: 'undisturbed' }), idempotencyKey: freshKey() }
      await client.call('chat.send', sent)
      const { code, output } = await runToEnd({ program, stateDir: state.path })
      expect(code).toBe(1)
      expect(output).toContain(`is in use by another gateway (process ${first.pid}): end it, or choose another directory with --state-dir`)
      expect(output).not.toContain('listens on')
      expect(await client.call('agent.wait', { runId: sent.idempotencyKey, timeoutMs: 10_000 })).toMatchObject({ status: 'ok' })
      client.close()
      await first.kill('SIGTERM')
      expect(existsSync(join(state.path, 'edgeclaw/owner.pid'))).toBe(false)
    })

    it('has the state directory at once when the last gateway was killed', async () => {
      const first = await startProcess({ program, stateDir: state.path })
      await first.kill('SIGKILL')
      const second = await startProcess({ program, stateDir: state.path })
      expect(readFileSync(join(state.path, 'edgeclaw/owner.pid'), 'utf8').trim()).toBe(String(second.pid))
      await second.kill('SIGTERM')
    })

    it('goes on in peace when nobody reads any more what it prints', async () => {
      const gateway = await startProcess({ program, stateDir: state.path, env: { OPENCLAW_GATEWAY_TOKEN: TOKEN } })
      gateway.deafen()
      const stranger = await open(gateway.url)
      await stranger.request('health') // it is refused, and that is logged
      const before = gateway.busyMs()
      await new Promise((resolve) => setTimeout(resolve, 1000))
      if (before !== null) expect(gateway.busyMs()! - before).toBeLessThan(500)
      const { client } = await connect(gateway.url, { token: TOKEN })
      expect(await client.call('health')).toMatchObject({ ok: true })
      client.close()
      expect(await gateway.kill('SIGTERM')).toBe(0)
    })

    it('says which port is taken', async () => {
      const first = await startProcess({ program, stateDir: state.path })
      const other = makeStateDir({})
      const port = new URL(first.url).port
      const { code, output } = await runToEnd({ program, stateDir: other.path, args: ['--port', port] })
      expect(code).toBe(1)
      expect(output).toMatch(new RegExp(`port ${port}.* in use`))
      expect(output).toContain('choose another port with --port')
      await first.kill('SIGTERM')
      other.remove()
    })

    it('lets a flag beat the environment, which beats the file', async () => {
      state.writeConfig({ gateway: { auth: { token: 'from the file' } } })
      const env = { OPENCLAW_GATEWAY_TOKEN: 'from-the-environment' }
      const gateway = await startProcess({ program, stateDir: state.path, env, args: ['--token=from-the-flag'] })
      const status = async (token: string) => (await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${token}` } })).status
      expect(await status('from-the-flag')).toBe(200)
      expect(await status('from-the-environment')).toBe(401)
      await gateway.kill('SIGTERM')
      const second = await startProcess({ program, stateDir: state.path, env })
      const { client } = await connect(second.url, { token: 'from-the-environment' })
      client.close()
      await second.kill('SIGTERM')
      state.writeConfig({})
    })

    it('explains itself', async () => {
      const help = await runToEnd({ program, stateDir: state.path, args: ['--help'] })
      expect(help).toMatchObject({ code: 0, output: expect.stringContaining('OPENCLAW_GATEWAY_PORT') })
      const version = await runToEnd({ program, stateDir: state.path, args: ['--version'] })
      expect(version).toMatchObject({ code: 0, output: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
      const wrong = await runToEnd({ program, stateDir: state.path, args: ['--prot', '1'] })
      expect(wrong).toMatchObject({ code: 1, output: expect.stringContaining('unknown flag --prot: --help lists what there is') })
      expect(existsSync(state.path)).toBe(true)
    })
  })
}
