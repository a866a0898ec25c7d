// The tools of agents: who is offered which, and that a call always has an outcome.

import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { invalid } from '../../../src/protocol/errors.ts'
import type { Principal, Scope } from '../../../src/protocol/scopes.ts'
import { fakeClock } from '../../harness/clock.ts'
import { createTools, defineTool, type Tool } from '../../../src/services/conversation/tools.ts'

const principal = (...scopes: Scope[]): Principal => ({ id: 'p', role: 'operator', scopes: new Set(scopes) })
const READER = principal('operator.read')

function make(...tools: Tool[]) {
  const registry = createTools({ clock: fakeClock(), policy: { of: () => ({ profile: 'full', permits: () => true }) } })
  for (const tool of tools) registry.add(tool)
  const invoke = (name: string, args = '{}', by = READER, signal = new AbortController().signal) =>
    registry.invoke(name, args, { principal: by, sessionKey: 'agent:main:main', signal })
  return { registry, invoke }
}

const tool = (run: Tool['run'], more: Partial<Tool> = {}): Tool =>
  defineTool({ name: 'act', description: 'Acts.', scope: 'operator.read', params: z.strictObject({ n: z.int().optional() }), run, ...more } as Tool)

describe('the list', () => {
  it('refuses a second tool of one name', () => {
    const { registry } = make(tool(() => ''))
    expect(() => registry.add(tool(() => ''))).toThrow('the tool "act" is registered twice')
    expect(registry.has('act')).toBe(true)
    expect(registry.has('other')).toBe(false)
  })

  it('offers what the principal may use, and nothing else', () => {
    const { registry } = make(tool(() => ''), tool(() => '', { name: 'change', scope: 'operator.admin' }))
    const namesFor = (by: Principal) => registry.offeredTo({ principal: by, sessionKey: 'agent:main:main' }).map((each) => each.name)
    expect(namesFor(READER)).toEqual(['act'])
    expect(namesFor(principal('operator.read', 'operator.admin'))).toEqual(['act', 'change'])
    expect(namesFor(principal())).toEqual([])
    expect(namesFor({ id: 'n', role: 'node', scopes: new Set() })).toEqual([])
  })

  it('is looked through anew when a tool comes or goes, a source has others, or somebody else asks', () => {
    const rules = { profile: 'full' as const, permits: () => true }
    const registry = createTools({ clock: fakeClock(), policy: { of: () => rules } })
    let isThere = true
    let given = [tool(() => '', { name: 'given' })]
    registry.add(tool(() => '', { name: 'fleeting', isThere: () => isThere }))
    registry.addSource({ prepare: () => null, list: () => given })
    const scopes = new Set(['operator.read'] as const)
    const names = (by: Principal = { ...READER, scopes }) => registry.offeredTo({ principal: by, sessionKey: 'agent:main:main' }).map((each) => each.name)
    for (let times = 0; times < 2; times++) expect(names()).toEqual(['fleeting', 'given'])
    isThere = false
    expect(names()).toEqual(['given'])
    isThere = true
    given = [tool(() => '', { name: 'other' })]
    expect(names()).toEqual(['fleeting', 'other'])
    registry.add(tool(() => '', { name: 'late' }))
    expect(names()).toEqual(['fleeting', 'late', 'other'])
    expect(names({ ...READER, role: 'node', scopes })).toEqual([])
    expect(names({ ...READER, scopes: new Set() })).toEqual([])
    expect(names()).toEqual(['fleeting', 'late', 'other'])
  })

  it('describes parameters as a JSON Schema without its dialect', () => {
    const { registry } = make(tool(() => '', { params: z.strictObject({ limit: z.int().min(1).default(10) }) }))
    expect(registry.offeredTo({ principal: READER, sessionKey: 'agent:main:main' })[0]).toEqual({
      name: 'act',
      description: 'Acts.',
      parameters: { type: 'object', properties: { limit: expect.objectContaining({ type: 'integer', minimum: 1, default: 10 }) }, additionalProperties: false },
    })
  })
})

describe('a call', () => {
  it('gets checked parameters, defaults filled in', async () => {
    const { invoke } = make(tool((params) => params, { params: z.strictObject({ limit: z.int().default(10) }) }))
    expect(await invoke('act', '{"limit":3}')).toEqual({ text: '{"limit":3}', isError: false })
    for (const nothing of ['', '  ', '{}']) expect(await invoke('act', nothing)).toEqual({ text: '{"limit":10}', isError: false })
  })

  it('shows text as it is, and waits for a promise', async () => {
    const { invoke } = make(tool(async () => 'said "so"'))
    expect(await invoke('act')).toEqual({ text: 'said "so"', isError: false })
  })

  it.each(['{', 'null', '[]', '"x"', '{"n":1.5}', '{"other":1}', '['.repeat(100) + ']'.repeat(100)])('refuses the arguments %s', async (args) => {
    const { invoke } = make(tool(() => expect.unreachable('the tool was called')))
    const { text, isError } = await invoke('act', args)
    expect(isError).toBe(true)
    expect(text).toMatch(/arguments of "act" are not valid JSON|invalid act arguments/)
  })

  it('is refused to who may not: a model cannot name what was not offered', async () => {
    const { invoke } = make(tool(() => expect.unreachable('the tool was called'), { scope: 'operator.admin' }))
    expect(await invoke('act')).toEqual({ text: '"act" needs the scope operator.admin, which this run does not have', isError: true })
    expect(await invoke('act', '{}', { id: 'n', role: 'node', scopes: new Set(['operator.admin']) })).toMatchObject({ isError: true })
  })

  it('of what does not exist says what there is', async () => {
    const { invoke } = make(tool(() => ''), tool(() => '', { name: 'change' }))
    expect(await invoke('toString')).toEqual({ text: 'there is no tool "toString"; there are: act, change', isError: true })
  })

  it('has an outcome when the tool throws', async () => {
    const { invoke } = make(tool(() => Promise.reject(new Error('no file'))), tool(() => { throw invalid('invalid session key') }, { name: 'refuse' }))
    expect(await invoke('act')).toEqual({ text: '"act" failed: no file', isError: true })
    expect(await invoke('refuse')).toEqual({ text: 'invalid session key', isError: true })
  })

  it('throws what an aborted tool threw: the run ends, no model sees it', async () => {
    const aborter = new AbortController()
    const { invoke } = make(
      tool(() => {
        aborter.abort(new Error('enough'))
        throw new Error('was interrupted')
      }),
    )
    await expect(invoke('act', '{}', READER, aborter.signal)).rejects.toThrow('was interrupted')
  })

  it('has a result of at most 64,000 characters', async () => {
    const { invoke } = make(tool(() => 'x'.repeat(64_000)), tool(() => 'x'.repeat(64_001), { name: 'more' }))
    expect((await invoke('act')).text).toBe('x'.repeat(64_000))
    expect((await invoke('more')).text).toBe(`${'x'.repeat(64_000)}… (cut)`)
  })

  it('that returns nothing is no failure', async () => {
    const { invoke } = make(tool(() => undefined))
    expect(await invoke('act')).toMatchObject({ isError: false })
  })
})

describe('limits', () => {
  const context = { principal: READER, sessionKey: 'agent:main:main', signal: new AbortController().signal }

  it('tells a tool to stop that takes too long, and does not wait for it', async () => {
    const clock = fakeClock()
    const registry = createTools({ clock, policy: { of: () => ({ profile: 'full', permits: () => true }) } })
    let told: AbortSignal | undefined
    registry.add(tool((_, { signal }) => new Promise(() => void (told = signal)), { timeoutMs: 5000 }))
    const calling = registry.call('act', '{}', context)
    await clock.advance(5000)
    expect(await calling).toMatchObject({ isError: true, problem: 'failed', text: '"act" failed: it took longer than 5 seconds' })
    expect(told!.aborted).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('lets some calls need more than others', async () => {
    const { invoke } = make(tool(() => 'done', { elevate: (params) => ((params as { n?: number }).n === 1 ? 'operator.admin' : null) }))
    expect(await invoke('act', '{"n":2}')).toEqual({ text: 'done', isError: false })
    expect(await invoke('act', '{"n":1}')).toMatchObject({ isError: true, text: expect.stringContaining('needs the scope operator.admin') })
  })

  it('does not do what cannot be asked about', async () => {
    const never = tool(() => expect.unreachable('it was done'), {
      approval() {
        throw invalid('nobody can read this')
      },
    })
    const { registry, invoke } = make(never)
    expect(registry.wishOf('act', '{}', context)).toBeNull()
    expect(await invoke('act')).toEqual({ isError: true, text: 'invalid act arguments: nobody can read this' })
  })

  it('keeps to the policy, whatever a model names', async () => {
    const registry = createTools({ clock: fakeClock(), policy: { of: () => ({ profile: 'full', permits: ({ name }) => name !== 'act' }) } })
    registry.add(tool(() => expect.unreachable('it was called')))
    registry.add(tool(() => 'fine', { name: 'other' }))
    expect(registry.offeredTo(context).map(({ name }) => name)).toEqual(['other'])
    expect(registry.find('act', context)).toBeNull()
    expect(await registry.call('act', '{}', context)).toMatchObject({ isError: true, problem: 'forbidden' })
  })

  it('has what a source has, as long as that is there', async () => {
    const { registry, invoke } = make(tool(() => 'own'))
    let there: readonly Tool[] = []
    const found = tool(() => 'found', { name: 'found' })
    registry.addSource({
      list: () => there,
      prepare: () => (there.length > 0 ? null : Promise.resolve().then(() => void (there = [found]))),
    })
    expect(registry.has('found')).toBe(false)
    await registry.prepare(context.signal)
    expect(registry.prepare(context.signal)).toBeNull()
    expect(registry.list().map(({ name }) => name)).toEqual(['act', 'found'])
    expect(await invoke('found')).toEqual({ text: 'found', isError: false })
    there = []
    expect((await invoke('found')).text).toContain('there is no tool "found"')
  })
})
