import { expect, it } from 'vitest'
import { createBuiltinTools, type BuiltinDeps } from '../../../src/services/tools/builtin.ts'
import { GROUPS } from '../../../src/services/conversation/tool-policy.ts'
import { toParameters } from '../../../src/services/conversation/tool-schema.ts'
import { openBench } from './bench.ts'

it('have names of their own, a group, a scope, words, and an object as arguments', async () => {
  const bench = await openBench()
  const tools = createBuiltinTools({ ...bench, outside: {}, commands: undefined, speech: {}, cron: {}, cronTelling: {}, nodes: {}, nodeInvokes: {} } as unknown as BuiltinDeps)
  const names = tools.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(names).toEqual([
    'read', 'write', 'edit', 'ls', 'exec', 'sessions_send', 'sessions_spawn', 'subagents', 'memory_search', 'memory_get', 'web_fetch', 'message', 'cron', 'nodes', 'image_generate', 'tts',
  ]) // prettier-ignore
  for (const { name, group, scope, description, params } of tools) {
    expect(GROUPS, name).toContain(group)
    expect(scope, name).toMatch(/^operator\.(?:read|write)$/)
    expect(description.length, name).toBeGreaterThan(20)
    expect(toParameters(params), name).toMatchObject({ type: 'object' })
  }
  // Each turn pays for them with tokens: about a quarter as many as these are letters.
  expect(JSON.stringify(tools.map(({ name, description, params }) => ({ name, description, parameters: toParameters(params) }))).length).toBeLessThan(12_000)
})
