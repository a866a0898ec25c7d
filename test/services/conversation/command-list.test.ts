import { expect, it } from 'vitest'
import { COMMANDS } from '../../../src/services/conversation/command-list.ts'

it('has each name and alias once', () => {
  const names = COMMANDS.flatMap(({ name, aliases }) => [name, ...aliases])
  expect(new Set(names).size).toBe(names.length)
})

it('lets commands have arguments that describe them, and says what they need', () => {
  for (const { name, args, acceptsArgs } of COMMANDS) expect(args.length === 0 || acceptsArgs, name).toBe(true)
  expect(COMMANDS.filter((command) => command.scope).map(({ name, scope }) => [name, scope])).toEqual([
    ['reset', 'operator.admin'],
    ['new', 'operator.admin'],
    ['approve', 'operator.approvals'],
  ])
})
