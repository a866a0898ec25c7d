import { expect, it } from 'vitest'
import { isOpen } from '../../../src/services/conversation/tool-openness.ts'
import { OPERATOR } from './conversation.ts'

const WRITER = { ...OPERATOR, scopes: new Set(['operator.read', 'operator.write'] as const) }

it('is closed for what acts on the machine, on others and on the gateway', () => {
  for (const name of ['exec', 'bash', 'shell', 'fs_write', 'write', 'edit', 'sessions_spawn', 'sessions_send', 'cron', 'gateway', 'nodes']) expect(isOpen(name, OPERATOR), name).toBe(false)
  for (const name of ['read', 'sessions_list', 'web_fetch', 'docs__search']) expect(isOpen(name, OPERATOR), name).toBe(true)
})

it('opens what the configuration names, for admins only where it must be one, and closes what that denies', () => {
  const allow = ['exec', 'cron', 'nodes']
  expect(isOpen('exec', WRITER, { allow })).toBe(true)
  expect(isOpen('cron', OPERATOR, { allow })).toBe(true)
  expect(isOpen('cron', WRITER, { allow })).toBe(false)
  expect(isOpen('edit', OPERATOR, { allow })).toBe(false)
  expect(isOpen('read', OPERATOR, { deny: ['re*'] })).toBe(false)
  expect(isOpen('exec', OPERATOR, { allow: ['*'], deny: ['exec'] })).toBe(false)
})
