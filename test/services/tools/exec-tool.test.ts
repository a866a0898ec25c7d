// Programs of the machine: what a person allows is what is run, once, also when the gateway restarts in between.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCommands } from '../../../runtimes/shared/command.ts'
import { createWorkspaces } from '../../../runtimes/shared/workspace.ts'
import { createExecTool } from '../../../src/services/tools/exec-tool.ts'
import { settled } from '../../harness/clock.ts'
import { script } from '../../suites/target.ts'
import { KEY, requestOf, type ConversationOptions } from '../conversation/conversation.ts'
import { openBench } from './bench.ts'

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'edgeclaw-exec-'))
})
afterEach(() => rmSync(state, { recursive: true, force: true }))

const ENV = { PATH: process.env['PATH'], HOME: '/nowhere', OPENAI_API_KEY: 'sk-secret', OPENCLAW_GATEWAY_TOKEN: 'secret' }
const commands = createCommands(ENV)
const by = { resolver: { kind: 'runtime' as const, id: 'test' }, by: 'test' }
const HERE = () => join(state, 'workspace')

async function open(options: ConversationOptions = {}, given: typeof commands | null = commands) {
  const bench = await openBench({ ...options, host: { workspaces: createWorkspaces(state) } })
  bench.add([createExecTool({ commands: given ?? undefined, files: bench.agentFiles, config: bench.config, clock: bench.clock })])
  const pending = async () => {
    while (bench.approvals.pending({}).length === 0) await new Promise((resolve) => setImmediate(resolve)) // hashes are made elsewhere
    return bench.approvals.pending({})[0]!
  }
  /** The run is over, which takes real time: programs do. */
  const ran = async (args: unknown, more = {}) => {
    const { run } = bench.runs.start(requestOf(script({ tool: { name: 'exec', arguments: args } }, { text: 'done' }), more))
    return run!.done.then(() => bench.said(KEY).find((each) => each.startsWith('toolResult'))!.slice('toolResult: '.length))
  }
  return { ...bench, pending, ran }
}

describe('what is run', () => {
  it('is the arguments as they are, and a shell where one is shown', async () => {
    const { use } = await open()
    expect((await use('exec', { argv: ['printf', '%s', '$HOME `id` ; ls'] })).text).toBe('$HOME `id` ; ls')
    expect((await use('exec', { command: 'echo $((6 * 7)); echo oops >&2; exit 3' })).text).toBe('42\n[stderr]\noops\n[it ended with 3]')
    expect(await use('exec', { argv: ['no-such-program'] })).toMatchObject({ isError: true, text: expect.stringContaining('ENOENT') })
  })

  it('knows no secrets, and no variables that decide which code runs', async () => {
    const { use } = await open()
    const { text } = await use('exec', { argv: ['env'], env: { GREETING: 'hello' } })
    expect(text).toContain('GREETING=hello')
    expect(text).not.toMatch(/secret|API_KEY|OPENCLAW/)
    for (const name of ['PATH', 'LD_PRELOAD', 'DYLD_INSERT_LIBRARIES', 'NODE_OPTIONS', 'BASH_ENV', 'GIT_SSH_COMMAND', 'PYTHONPATH']) {
      expect((await use('exec', { argv: ['env'], env: { [name]: 'x' } })).text, name).toContain(`the variable ${name} cannot be set`)
    }
  })

  it('is in the workspace, unless something else is said', async () => {
    const { use } = await open()
    expect((await use('exec', { argv: ['pwd'] })).text).toBe(HERE())
    expect((await use('exec', { argv: ['pwd'], workdir: '/tmp' })).text).toBe('/tmp')
    expect((await use('exec', { argv: ['pwd'], workdir: 'not-there' })).isError).toBe(true)
  })

  it('has a limited output, and is ended when it takes too long', async () => {
    const { use, clock } = await open()
    const { result } = await use('exec', { command: 'yes | head -c 200000' })
    expect(result).toMatchObject({ truncated: true, exitCode: 0 })
    const running = use('exec', { command: 'sleep 60', timeout: 5 })
    await clock.advance(5000)
    expect(await running).toMatchObject({ isError: true, text: 'it took longer than 5 seconds, and was ended' })
  })

  it('is nothing where there are no programs, or the configuration forbids it', async () => {
    expect((await open({}, null)).tools.has('exec')).toBe(false)
    expect((await open({ config: { tools: { exec: { security: 'deny' } } } })).tools.has('exec')).toBe(false)
    expect((await open()).tools.has('exec')).toBe(true)
  })
})

describe('a run', () => {
  it('waits for a person, who sees all of it, and does it once', async () => {
    const { ran, pending, approvals } = await open()
    const running = ran({ command: 'echo one >> log; cat log', env: { A: 'b' } })
    const asked = (await pending())
    expect(asked.presentation).toMatchObject({ kind: 'exec', commandText: 'echo one >> log; cat log', host: 'gateway', agentId: 'main' })
    expect(asked.cwd).toBe(HERE())
    approvals.resolve(asked.id, { decision: 'allow-once', ...by })
    expect(await running).toBe('one')
    expect(readFileSync(join(HERE(), 'log'), 'utf8')).toBe('one\n')
  })

  it('does nothing when a person says no', async () => {
    const { ran, pending, approvals } = await open()
    const running = ran({ command: 'touch done' })
    approvals.resolve((await pending()).id, { decision: 'deny', ...by })
    expect(await running).toBe('"exec" was not carried out: a person denied it')
    expect(() => readFileSync(join(HERE(), 'done'))).toThrow()
  })

  it('does nothing when nobody can be asked, or nobody answers', async () => {
    const alone = await open()
    alone.audience.present = false
    expect(await alone.ran({ command: 'touch done' })).toContain('nobody is connected who could approve it')
    const { ran, pending, clock, wakeups } = await open()
    const running = ran({ command: 'touch done' })
    await pending()
    await clock.advance(24 * 60 * 60 * 1000)
    await wakeups.ring()
    expect(await running).toContain('nobody answered in time')
    expect(() => readFileSync(join(HERE(), 'done'))).toThrow()
  })

  it('goes on after a restart with what was approved, and with nothing else', async () => {
    const first = await open()
    void first.ran({ command: 'echo again >> log; cat log' }, { runId: 'kept' })
    const asked = (await first.pending())
    const second = await open({ sql: first.sql }) // the first has died
    second.runs.recover()
    await settled()
    expect(second.runs.live('kept')).not.toBeNull()
    second.approvals.resolve(asked.id, { decision: 'allow-once', ...by })
    expect((await second.runs.live('kept')!.done).state).toBe('ok')
    expect(second.said(KEY)).toContain('toolResult: again')
    expect(readFileSync(join(HERE(), 'log'), 'utf8')).toBe('again\n')
  })

  it('is not what was approved when the workspace is another by now', async () => {
    const first = await open()
    void first.ran({ command: 'touch done' }, { runId: 'kept' })
    const asked = (await first.pending())
    const second = await open({ sql: first.sql, config: { agents: { list: [{ id: 'main', workspace: join(state, 'elsewhere') }] } } })
    second.runs.recover()
    await settled()
    second.approvals.resolve(asked.id, { decision: 'allow-once', ...by })
    await second.runs.live('kept')!.done
    expect(second.said(KEY).join('\n')).toContain('what was approved is not what would be done now')
  })

  it('asks no more for what is allowed always, or stands on the list', async () => {
    const { ran, pending, approvals, policy, use } = await open()
    const running = ran({ argv: ['echo', 'so'] })
    approvals.resolve((await pending()).id, { decision: 'allow-always', ...by })
    expect(await running).toBe('so')
    expect(await ran({ argv: ['echo', 'so'] })).toBe('so')
    await policy.set({ version: 1, agents: { main: { allowlist: [{ pattern: 'uname' }] } } }, undefined)
    expect((await use('exec', { argv: ['uname'] })).isError).toBe(false)
    expect(policy.judgeWish({ kind: 'exec', agentId: 'main', commandArgv: ['uname'], security: 'allowlist', ask: 'on-miss' })).toBe('allow')
    expect(policy.judgeWish({ kind: 'exec', agentId: 'main', commandArgv: ['rm'], security: 'allowlist', ask: 'on-miss' })).toBe('ask')
  })

  it('asks nobody where the configuration trusts it, and does what the policy file says above all', async () => {
    const { ran, policy } = await open({ config: { tools: { exec: { security: 'full', ask: 'off' } } } })
    expect(await ran({ argv: ['echo', 'free'] })).toBe('free')
    await policy.set({ version: 1, agents: { main: { security: 'deny' } } }, undefined)
    const second = await open({ sql: (await open()).sql })
    await second.policy.set({ version: 1, defaults: { security: 'deny' } }, undefined)
    expect(await second.ran({ argv: ['echo', 'x'] })).toContain('the policy of this gateway does not allow it')
  })
})
