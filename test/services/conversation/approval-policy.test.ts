import { describe, expect, it } from 'vitest'
import type { ApprovalsFile } from '../../../src/protocol/approval-shapes.ts'
import { createApprovalPolicy } from '../../../src/services/conversation/approval-policy.ts'
import { foundation } from '../../harness/foundation.ts'

async function policyOf(file?: Omit<ApprovalsFile, 'version'>) {
  const policy = createApprovalPolicy({ ...foundation(), place: '/state' })
  if (file) await policy.set({ version: 1, ...file }, undefined)
  return policy
}

describe('the file', () => {
  it('is empty at first, and says where it is', async () => {
    const policy = await policyOf()
    expect(await policy.get()).toEqual({
      path: '/state#exec_approvals',
      exists: false,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      file: { version: 1, defaults: {}, agents: {} },
      resolvedDefaults: { security: 'full', ask: 'off', askFallback: 'deny', autoAllowSkills: false },
    })
  })

  it('is kept without what means nothing, and without secrets', async () => {
    const policy = await policyOf({
      socket: { path: '/x', token: 'secret' },
      defaults: { security: 'moon', ask: 'always' },
      agents: { main: { ask: 'sometimes', autoAllowSkills: true, allowlist: [{ pattern: 'ls', commandText: 'ls' }, { id: 'mine', pattern: 'cat' }] } },
    })
    const { file } = await policy.get()
    expect(file).toEqual({
      version: 1,
      socket: { path: '/x' },
      defaults: { ask: 'always' },
      agents: { main: { autoAllowSkills: true, allowlist: [{ pattern: 'ls', id: expect.any(String) }, { id: 'mine', pattern: 'cat' }] } },
    })
  })

  it('is replaced only by those who have seen it', async () => {
    const policy = await policyOf({ defaults: { ask: 'always' } })
    const { hash } = await policy.get()
    await expect(policy.set({ version: 1 }, undefined)).rejects.toThrow('base hash required')
    await expect(policy.set({ version: 1 }, 'other')).rejects.toThrow('changed since last load')
    const attempts = await Promise.allSettled([1, 2, 3].map((n) => policy.set({ version: 1, defaults: { autoAllowSkills: true }, agents: { [`a${n}`]: {} } }, hash)))
    expect(attempts.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected'])
    const fresh = await policyOf()
    await expect(fresh.set({ version: 1 }, 'other')).rejects.toThrow('changed since last load')
    await fresh.set({ version: 1 }, (await fresh.get()).hash)
    expect((await fresh.get()).exists).toBe(true)
  })

  it('refuses names that reach a prototype, and files without end', async () => {
    const policy = await policyOf()
    await expect(policy.set({ version: 1, agents: { constructor: { ask: 'off' } } }, undefined)).rejects.toThrow('cannot be the name of an agent')
    const many = Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`a${n}`, {}]))
    await expect(policy.set({ version: 1, agents: many }, undefined)).rejects.toThrow('too large')
    const allowlist = Array.from({ length: 5001 }, () => ({ pattern: 'x' }))
    await expect(policy.set({ version: 1, agents: { a: { allowlist } } }, undefined)).rejects.toThrow('too large')
  })
})

describe('judging', () => {
  const ls = { agentId: 'main', argv: ['ls', '-la'] }

  it.each([
    [{}, 'allow'],
    [{ defaults: { security: 'deny' } }, 'deny'],
    [{ defaults: { security: 'deny', ask: 'always' } }, 'deny'],
    [{ defaults: { ask: 'always' } }, 'ask'],
    [{ defaults: { ask: 'on-miss' } }, 'allow'],
    [{ defaults: { security: 'allowlist' } }, 'deny'],
    [{ defaults: { security: 'allowlist', ask: 'on-miss' } }, 'ask'],
    [{ defaults: { security: 'allowlist' }, agents: { main: { allowlist: [{ pattern: 'ls' }] } } }, 'allow'],
    [{ defaults: { security: 'allowlist' }, agents: { '*': { allowlist: [{ pattern: 'ls' }] } } }, 'allow'],
    [{ defaults: { security: 'allowlist' }, agents: { other: { allowlist: [{ pattern: 'ls' }] } } }, 'deny'],
    [{ defaults: { security: 'deny' }, agents: { '*': { security: 'allowlist' }, main: { security: 'full' } } }, 'allow'],
    [{ defaults: { security: 'allowlist', ask: 'always' }, agents: { main: { allowlist: [{ pattern: 'ls' }] } } }, 'ask'],
  ] as const)('%j: %s', async (file, judgement) => {
    expect((await policyOf(file as Omit<ApprovalsFile, 'version'>)).judge(ls)).toBe(judgement)
  })

  it.each([
    [{}, 'deny'],
    [{ defaults: { askFallback: 'full' } }, 'allow'],
    [{ defaults: { askFallback: 'allowlist' } }, 'deny'],
    [{ defaults: { askFallback: 'allowlist' }, agents: { main: { allowlist: [{ pattern: 'ls' }] } } }, 'allow'],
  ] as const)('unasked %j: %s', async (file, judgement) => {
    expect((await policyOf(file as Omit<ApprovalsFile, 'version'>)).judgeUnasked(ls)).toBe(judgement)
  })

  it.each([
    ['ls', ['ls'], null, true],
    ['ls', ['lsx'], null, false],
    ['l*', ['ls'], null, true],
    ['*', ['/any/thing'], null, true],
    ['', ['ls'], null, false],
    ['ls', ['/tmp/ls'], null, false],
    ['ls', ['./ls'], null, false],
    ['/bin/ls', ['ls'], '/bin/ls', true],
    ['/bin/ls', ['ls'], '/tmp/ls', false],
    ['/bin/ls', ['/bin/ls'], null, true],
    ['/bin/*', ['/bin/ls'], null, true],
    ['/bin/*', ['/bin/../tmp/evil'], null, false],
    ['/bin/*', ['x'], '/bin/./../tmp/evil', false],
    ['/opt/*/bin/*', ['/opt/a/b/bin/c'], null, true],
    ['/opt/*/bin/*', ['/opt/bin/c'], null, false],
    ['a*a', ['a'], null, false],
  ])('the pattern %j fits %j at %j: %s', async (pattern, argv, resolvedPath, fits) => {
    const policy = await policyOf({ defaults: { security: 'allowlist' }, agents: { main: { allowlist: [{ pattern }] } } })
    expect(policy.judge({ agentId: 'main', argv, resolvedPath })).toBe(fits ? 'allow' : 'deny')
  })

  it('looks at the arguments too, where the entry does', async () => {
    const policy = await policyOf({ defaults: { security: 'allowlist' }, agents: { main: { allowlist: [{ pattern: 'git', argPattern: 'status*' }] } } })
    expect(policy.judge({ agentId: 'main', argv: ['git', 'status', '-s'] })).toBe('allow')
    expect(policy.judge({ agentId: 'main', argv: ['git', 'push'] })).toBe('deny')
    expect(policy.judge({ agentId: null, argv: ['git', 'status'] })).toBe('deny')
    expect(policy.judge({ agentId: 'main', argv: [] })).toBe('deny')
  })

  it('takes no longer for patterns that are made to', async () => {
    const policy = await policyOf({ defaults: { security: 'allowlist' }, agents: { main: { allowlist: [{ pattern: `/${'a*'.repeat(1000)}b` }] } } })
    expect(policy.judge({ agentId: 'main', argv: [`/${'a'.repeat(20_000)}`] })).toBe('deny')
  })
})
