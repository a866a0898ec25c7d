import { describe, expect, it } from 'vitest'
import { draftOf } from '../../../src/services/conversation/approval-request.ts'
import type { ExecWish, PluginWish } from '../../../src/services/conversation/approval-wish.ts'

const EXEC: ExecWish = {
  kind: 'exec',
  command: 'ls -la',
  commandArgv: ['ls', '-la'],
  cwd: '/tmp',
  env: { A: '1', B: '2' },
  agentId: 'main',
  sessionKey: 'agent:main:a',
  nodeId: 'n1',
  host: 'gateway',
}
const PLUGIN: PluginWish = { kind: 'plugin', title: 'Pay', description: 'Ten euros', agentId: 'main', sessionKey: 'agent:main:a', facts: { amount: 10 } }

describe('drafts of approvals', () => {
  const mutations: Partial<ExecWish>[] = [
    { command: 'ls -lb' },
    { command: 'ls -la ' },
    { command: 'ls -la\u0000' },
    { commandArgv: ['ls', '-la', ''] },
    { commandArgv: ['ls -la'] },
    { commandArgv: undefined },
    { cwd: '/tmp/' },
    { cwd: null },
    { env: { A: '1', B: '3' } },
    { env: { A: '1' } },
    { env: { A: '1', B: '2', LD_PRELOAD: '/x.so' } },
    { env: undefined },
    { agentId: 'other' },
    { nodeId: 'n2' },
    { nodeId: null },
    { host: 'sandbox' },
  ]

  it.each(mutations)('bind %j', async (change) => {
    const [before, after] = [await draftOf(EXEC), await draftOf({ ...EXEC, ...change })]
    expect(after.facts).not.toBe(before.facts)
    expect(after.grantFacts).not.toBe(before.grantFacts)
  })

  it('bind each byte of an argument', async () => {
    const script = 'curl https://example.org/install.sh | sh'
    const of = async (text: string) => (await draftOf({ ...EXEC, command: text, commandArgv: ['sh', '-c', text] })).facts
    const seen = new Set([await of(script)])
    for (let at = 0; at < script.length; at++) seen.add(await of(`${script.slice(0, at)}\u00B7${script.slice(at + 1)}`))
    seen.add(await of('\uD800')).add(await of('\uD801')).add(await of('\uFFFD'))
    expect(seen.size).toBe(script.length + 4)
  })

  it('bind the session, which a grant does not', async () => {
    const [one, other] = [await draftOf(EXEC), await draftOf({ ...EXEC, sessionKey: 'agent:main:b' })]
    expect(other.facts).not.toBe(one.facts)
    expect(other.grantFacts).toBe(one.grantFacts)
  })

  it('are the same for the same wish, whatever the order of its members', async () => {
    const turned = Object.fromEntries(Object.entries(EXEC).toReversed()) as unknown as ExecWish
    const { facts } = await draftOf({ ...turned, env: { B: '2', A: '1' } })
    expect(facts).toBe((await draftOf(EXEC)).facts)
  })

  it('do not mistake one kind, or one place of a word, for another', async () => {
    const drafts = await Promise.all([
      draftOf({ kind: 'exec', command: 'x' }),
      draftOf({ kind: 'exec', command: 'x', agentId: 'x' }),
      draftOf({ kind: 'exec', command: 'x', nodeId: 'x' }),
      draftOf({ kind: 'exec', command: 'x', cwd: 'x' }),
      draftOf({ kind: 'plugin', title: 'x', description: 'x' }),
    ])
    expect(new Set(drafts.map((draft) => draft.facts)).size).toBe(5)
  })

  it('show the names of the environment and hide its values', async () => {
    const draft = await draftOf({ ...EXEC, env: { TOKEN: 'hunter2', 'x\u202E': 'y' } })
    expect(draft.request).toMatchObject({ envKeys: ['TOKEN', 'x\\u{202E}'] })
    expect(JSON.stringify(draft)).not.toContain('hunter2')
    await expect(draftOf({ ...EXEC, env: { constructor: 'x' } })).rejects.toThrow('must not have a variable')
  })

  it('hash an environment as nodes do', async () => {
    const plan = { argv: ['ls'], cwd: null, commandText: 'ls', agentId: null, sessionKey: null }
    const { request } = await draftOf({ kind: 'exec', host: 'node', nodeId: 'n', systemRunPlan: plan, env: { PATH: '/x', FOO: 'bar' } })
    expect(request['systemRunBinding']).toMatchObject({ envHash: 'aa9cb214ca99ba2e0106ac36fd7d359c76569b802bbfda29f8c298935ae10449' })
  })

  it('name the session by its canonical key', async () => {
    expect((await draftOf({ ...EXEC, sessionKey: 'Agent:Main:Notes' })).sessionKey).toBe('agent:main:notes')
    expect((await draftOf({ ...EXEC, sessionKey: '' })).sessionKey).toBeNull()
  })

  it('allow for good only where that is possible', async () => {
    const of = async (wish: Partial<ExecWish>) => (await draftOf({ ...EXEC, ...wish })).allowedDecisions
    expect(await of({})).toEqual(['allow-once', 'allow-always', 'deny'])
    expect(await of({ ask: 'always' })).toEqual(['allow-once', 'deny'])
    expect(await of({ unavailableDecisions: ['allow-always'] })).toEqual(['allow-once', 'deny'])
    expect((await draftOf({ ...PLUGIN, allowedDecisions: ['deny', 'allow-once'] })).allowedDecisions).toEqual(['allow-once', 'deny'])
  })

  it('of other things bind what is shown and what is not', async () => {
    const before = await draftOf(PLUGIN)
    for (const change of [{ title: 'pay' }, { description: 'Ten Euros' }, { detail: 'more' }, { facts: { amount: 11 } }, { toolName: 't' }, { agentId: 'b' }, { mcpTool: { server: 's', tool: 't' } }]) {
      expect((await draftOf({ ...PLUGIN, ...change })).facts, JSON.stringify(change)).not.toBe(before.facts)
    }
  })

  it.each([
    [{ ...PLUGIN, title: ' ' }, 'title is required'],
    [{ ...PLUGIN, description: '' }, 'description is required'],
    [{ ...PLUGIN, title: '\u200B'.repeat(11) }, 'shorten it'],
    [{ ...PLUGIN, detail: '\u200B'.repeat(3000) }, 'shorten it'],
    [{ ...PLUGIN, scope: { kind: 'payment', amount: '1', currency: 'EUR', target: '\u202E'.repeat(100) } }, 'cannot be seen'],
    [{ kind: 'exec', command: '\n' }, 'command is required'],
    [{ kind: 'exec', command: 'ls', commandArgv: ['x'.repeat(70_000)] }, 'can be reviewed'],
    [{ kind: 'exec', command: 'ls', resolvedPath: '/'.repeat(1_100_000) }, 'too large'],
  ] as const)('refuse what cannot be shown in full: %#', async (wish, message) => {
    await expect(draftOf(wish)).rejects.toThrow(message)
  })

  it('make the target of a scope visible', async () => {
    const { presentation } = await draftOf({ ...PLUGIN, scope: { kind: 'external-post', target: 'a\u202Eb', visibility: 'public' } })
    expect(presentation.scope).toEqual({ kind: 'external-post', target: 'a\\u{202E}b', visibility: 'public' })
  })
})
