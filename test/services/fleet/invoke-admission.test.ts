// Whether a node may be asked for a command.

import { expect, it } from 'vitest'
import { createAdmission } from '../../../src/services/fleet/invoke-admission.ts'
import { createNodePolicy } from '../../../src/services/fleet/node-policy.ts'
import { createFleet } from './fleet.ts'

const create = (config: { deny?: string[] } = {}) => {
  const fleet = createFleet()
  const admission = createAdmission({ nodes: fleet.nodes, pairing: fleet.nodePairing, policy: createNodePolicy(() => config) })
  return { ...fleet, check: (nodeId: string, command: string, isInternal = false) => () => admission.check({ nodeId, command, isInternal }) }
}

it('says first what can never be, then what is not approved, then what is not there', () => {
  const { check, connect, approve, leave } = create()
  expect(check('n', 'location.get')).toThrow('unknown nodeId')
  connect('n')
  expect(check('n', 'nope')).toThrow('is not in the allowlist')
  expect(check('n', 'system.execApprovals.get')).toThrow('use exec.approvals.node.*')
  expect(check('n', 'location.get')).toThrow('awaiting operator approval')
  const connection = approve('m')
  expect(check('m', 'location.get')).not.toThrow()
  expect(check('m', 'system.notify')).toThrow('this node does not have "system.notify"')
  leave(connection)
  expect(check('m', 'location.get')).toThrow('node not connected')
})

it('lets the gateway itself ask for what has a method of its own', () => {
  const { check, approve } = create()
  approve('n', { commands: ['system.execApprovals.get'] })
  expect(check('n', 'system.execApprovals.get')).toThrow('node.invoke does not allow')
  expect(check('n', 'system.execApprovals.get', true)).not.toThrow()
  expect(check('n', 'system.execApprovals.set', true)).toThrow('this node does not have')
})

it('knows what the configuration denies now, though it was approved', () => {
  const config: { deny: string[] } = { deny: [] }
  const { check, approve } = create(config)
  approve('n')
  expect(check('n', 'location.get')).not.toThrow()
  config.deny.push('location.get')
  expect(check('n', 'location.get')).toThrow('denied by gateway.nodes.commands.deny')
})
