// Which tools a run may be offered: each layer of the configuration, and that they only ever take away.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { configSchema } from '../../../src/services/operations/config-schema.ts'
import { createToolPolicy, depthOf, GROUPS, isInProfile, isNamed, PROFILES, type NamedTool, type ToolUser } from '../../../src/services/conversation/tool-policy.ts'

const ALL: readonly NamedTool[] = [
  { name: 'read', group: 'fs' }, { name: 'write', group: 'fs' }, { name: 'exec', group: 'runtime' }, { name: 'web_fetch', group: 'web' }, { name: 'cron', group: 'automation' },
  { name: 'sessions_list', group: 'sessions' }, { name: 'sessions_spawn', group: 'sessions' }, { name: 'sessions_send', group: 'sessions' }, { name: 'session_status', group: 'sessions' },
  { name: 'message', group: 'messaging' }, { name: 'gateway_status', group: 'gateway' }, { name: 'docs__search', group: 'mcp' },
] // prettier-ignore

const user = (more: Partial<ToolUser> = {}): ToolUser => ({ principal: { id: 'operator' }, sessionKey: 'agent:main:main', model: 'openai/gpt', ...more })

function open(config: unknown) {
  const current = configSchema.parse(config)
  const policy = createToolPolicy({ current, agents: () => (current.agents?.list ?? [{ id: 'main' }]) as never })
  return { policy, names: (more: Partial<ToolUser> = {}) => ALL.filter((tool) => policy.of(user(more)).permits(tool)).map(({ name }) => name) }
}
const names = (config: unknown, more: Partial<ToolUser> = {}) => open(config).names(more)
const every = ALL.map(({ name }) => name)

it('permits all unless something else is said, also by an empty list', () => {
  expect(names({})).toEqual(every)
  expect(names({ tools: { profile: 'full', allow: [] } })).toEqual(every)
})

it.each([
  [{ profile: 'minimal' }, ['session_status']],
  [{ profile: 'messaging' }, ['sessions_list', 'sessions_spawn', 'sessions_send', 'session_status', 'message', 'docs__search']],
  [{ profile: 'coding' }, ['read', 'write', 'exec', 'web_fetch', 'cron', 'sessions_list', 'sessions_spawn', 'sessions_send', 'session_status', 'docs__search']],
  [{ profile: 'minimal', alsoAllow: ['group:fs', 'web_*'] }, ['read', 'write', 'web_fetch', 'session_status']],
  [{ allow: ['group:fs', 'SESSIONS_*'] }, ['read', 'write', 'sessions_list', 'sessions_spawn', 'sessions_send']],
  [{ allow: ['bash', 'bundle-mcp'] }, ['exec', 'docs__search']],
  [{ allow: ['*'], deny: ['group:sessions', 'group:openclaw'] }, ['read', 'write', 'exec', 'docs__search']],
  [{ allow: ['read'], deny: ['read'] }, []],
  [{ profile: 'minimal', allow: ['read'] }, []],
  [{ byProvider: { openai: { profile: 'minimal' } } }, ['session_status']],
  [{ byProvider: { openai: { deny: ['*'] }, 'openai/gpt': { allow: ['read'] } } }, ['read']],
  [{ byProvider: { anthropic: { deny: ['*'] } } }, every],
  [{ toolsBySender: { 'id:operator': { allow: ['read'] }, '*': { deny: ['*'] } } }, ['read']],
  [{ toolsBySender: { '*': { allow: ['message'] } } }, ['message']],
])('%j leaves %j', (tools, expected) => {
  expect(names({ tools })).toEqual(expected)
})

it('is narrower for an agent that says so, and its profile counts instead of the general one', () => {
  const config = { tools: { profile: 'coding', deny: ['exec'] }, agents: { list: [{ id: 'main' }, { id: 'quiet', tools: { profile: 'messaging', deny: ['group:mcp'] } }] } }
  expect(names(config)).not.toContain('exec')
  expect(names(config, { sessionKey: 'agent:quiet:main' })).toEqual(['sessions_list', 'sessions_spawn', 'sessions_send', 'session_status', 'message'])
  expect(open(config).policy.of(user({ sessionKey: 'agent:quiet:main' })).profile).toBe('messaging')
})

it('takes from sub-agents what speaks to others, and from the last of them the spawning', () => {
  const child = 'agent:main:subagent:1'
  expect(depthOf('agent:main:main')).toBe(0)
  expect(depthOf(`${child}:subagent:2`)).toBe(2)
  expect(names({}, { sessionKey: child })).toEqual(every.filter((name) => !['cron', 'sessions_send', 'message'].includes(name)))
  const shallow = { agents: { defaults: { subagents: { maxSpawnDepth: 1 } } } }
  expect(names(shallow, { sessionKey: child })).not.toContain('sessions_spawn')
  expect(names(shallow)).toContain('sessions_spawn')
  expect(names({ tools: { subagents: { tools: { deny: ['group:fs'], alsoAllow: ['message'] } } } }, { sessionKey: child })).toEqual(['exec', 'web_fetch', 'sessions_list', 'sessions_spawn', 'session_status', 'message', 'gateway_status', 'docs__search'])
})

it('follows the configuration', () => {
  const config = { current: configSchema.parse({}), agents: () => [{ id: 'main' }] }
  const policy = createToolPolicy(config)
  expect(policy.of(user()).permits(ALL[0]!)).toBe(true)
  config.current = configSchema.parse({ tools: { deny: ['read'] } })
  expect(policy.of(user()).permits(ALL[0]!)).toBe(false)
})

describe('whatever is configured', () => {
  const entry = fc.oneof(fc.constantFrom(...every, ...GROUPS.map((group) => `group:${group}`), '*', 'sessions_*', '*_list'), fc.string({ maxLength: 6 }).filter((text) => text !== ''))
  const lists = fc.record({ profile: fc.constantFrom(...PROFILES), allow: fc.array(entry, { maxLength: 4 }), deny: fc.array(entry, { maxLength: 4 }), alsoAllow: fc.array(entry, { maxLength: 3 }) }, { requiredKeys: [] })

  it('a denial wins, and another layer only takes away', () => {
    fc.assert(
      fc.property(lists, lists, (all, own) => {
        const alone = names({ tools: all })
        const both = names({ tools: all, agents: { list: [{ id: 'main', tools: { deny: own.deny, allow: own.allow } }] } })
        expect(alone).toEqual(expect.arrayContaining(both))
        for (const tool of ALL) if (isNamed(all.deny ?? [], tool) || isNamed(own.deny ?? [], tool)) expect(both).not.toContain(tool.name)
        for (const tool of ALL) if (!isInProfile(all.profile ?? 'full', tool) && !isNamed(all.alsoAllow ?? [], tool)) expect(alone).not.toContain(tool.name)
      }),
    )
  })
})
