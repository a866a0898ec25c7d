import { expect, it } from 'vitest'
import { createApprovalGrants } from '../../../src/services/conversation/approval-grants.ts'
import type { Approval } from '../../../src/services/conversation/approval-table.ts'
import { foundation } from '../../harness/foundation.ts'

const approval = (facts: string, more: Partial<Approval> = {}) =>
  ({
    id: `of ${facts}`,
    grantFacts: facts,
    agentId: 'main',
    sessionKey: null,
    cwd: null,
    presentation: { kind: 'exec', commandText: `run ${facts}` },
    ...more,
  }) as Approval

it('covers its facts until it expires or is revoked, and counts', () => {
  const { sql } = foundation()
  const grants = createApprovalGrants(sql)
  grants.mint(approval('a'), null, 1)
  grants.mint(approval('b', { cwd: '/tmp' }), 100, 2)
  expect(grants.use('none', 3)).toBeNull()
  const [second, first] = grants.list(10)
  expect([grants.use('a', 3), grants.use('b', 99), grants.use('b', 100)]).toEqual([first!.grantId, second!.grantId, null])
  expect(grants.list(1)).toMatchObject([{ command: 'run b', cwd: '/tmp', useCount: 1, lastUsedAtMs: 99, expiresAtMs: 100 }])
  expect(grants.revoke(first!.grantId, 'me', 4)).toBe('revoked')
  expect(grants.use('a', 5)).toBeNull()
  expect([grants.revoke(first!.grantId, 'you', 6), grants.revoke('none', 'you', 6)]).toEqual(['already-revoked', 'not-found'])
  expect(grants.list(10)[1]).toMatchObject({ revokedAtMs: 4, revokedBy: 'me', mintedByApprovalId: 'of a' })
})

it('knows the job in whose session it was made, and what else it is of', () => {
  const { sql } = foundation()
  const grants = createApprovalGrants(sql)
  grants.mint(approval('a', { sessionKey: 'agent:main:cron:daily:run:7' }), null, 1)
  grants.mint(approval('b', { sessionKey: 'agent:main:notes', agentId: null }), null, 2)
  grants.mint(approval('c', { presentation: { kind: 'plugin', title: 'Pay' } as Approval['presentation'] }), null, 3)
  expect(grants.list(10).map(({ jobId, agentId, command }) => [jobId, agentId, command])).toEqual([
    [null, 'main', 'Pay'],
    [null, null, 'run b'],
    ['daily', 'main', 'run a'],
  ])
})

it('forgets those that cannot be used any more, in time', () => {
  const { sql } = foundation()
  const grants = createApprovalGrants(sql)
  grants.mint(approval('stays'), null, 1)
  grants.mint(approval('expired'), 10, 1)
  grants.mint(approval('revoked'), null, 2)
  grants.revoke(grants.list(1)[0]!.grantId, 'me', 20)
  grants.prune(10)
  expect(grants.list(10)).toHaveLength(3)
  grants.prune(21)
  expect(grants.list(10).map(({ command }) => command)).toEqual(['run stays'])
})

it('refuses more than a person could look through', () => {
  const { sql } = foundation()
  const grants = createApprovalGrants(sql)
  sql.tx(() => {
    for (let n = 0; n < 5000; n++) grants.mint(approval(`f${n}`), null, n)
  })
  expect(() => grants.mint(approval('more'), null, 1)).toThrow('too many standing grants')
  grants.revoke(grants.list(1)[0]!.grantId, 'me', 1)
  grants.mint(approval('more'), null, 1)
  expect(grants.use('more', 2)).not.toBeNull()
})
