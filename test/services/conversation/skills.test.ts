// Skills: where they lie, which of them can be used, and what an agent is told.

import { describe, expect, it } from 'vitest'
import { createStorage } from 'unstorage'
import type { Host, Workspace } from '../../../src/index.ts'
import { configSchema } from '../../../src/services/operations/config-schema.ts'
import type { ConfigService } from '../../../src/services/operations/config.ts'
import { createSkills } from '../../../src/services/conversation/skills.ts'
import { createWorkspaceStorage } from '../../../src/services/conversation/workspace-storage.ts'
import { fakeClock } from '../../harness/clock.ts'

interface Choice {
  readonly config?: unknown
  readonly env?: Record<string, string>
  readonly programs?: readonly string[]
  readonly platform?: string
}

function make({ config = {}, env = {}, programs = [], platform = 'linux' }: Choice = {}) {
  const clock = fakeClock()
  const storage = createStorage()
  const open = (id: string): Workspace => createWorkspaceStorage(storage, id, clock)
  const host = { system: () => ({ platform }), hasProgram: (name: string) => programs.includes(name), workspaces: { open: (id: string) => open(`shared-${id}`) } } as unknown as Host
  const service = { current: configSchema.parse(config) } as unknown as ConfigService
  const skills = createSkills({ config: service, files: { open }, host, env, clock })
  const write = (path: string, head: string, id = 'main') => open(id).write(path, new TextEncoder().encode(`---\n${head}\n---\nbody`))
  const add = (name: string, head = '') => write(`skills/${name}/SKILL.md`, `name: ${name}\ndescription: About ${name}.\n${head}`)
  const share = (name: string, head = '') => write(`${name}/SKILL.md`, `name: ${name}\ndescription: Shared ${name}.\n${head}`, 'shared-skills')
  const find = async (name: string) => (await skills.list('main')).find((skill) => skill.name === name)
  return { skills, clock, add, share, write, find }
}

const needs = (value: object) => `metadata: ${JSON.stringify({ openclaw: value })}`

describe('where they lie', () => {
  it('is the workspace, and the folder that all agents share; of two with one name, the workspace counts', async () => {
    const { skills, add, share } = make()
    expect(await skills.list('main')).toEqual([])
    await add('b')
    await share('a')
    await share('b')
    skills.forget()
    expect((await skills.list('main')).map(({ name, source, description }) => [name, source, description])).toEqual([
      ['a', 'openclaw-managed', 'Shared a.'],
      ['b', 'openclaw-workspace', 'About b.'],
    ])
    expect(await skills.list('second')).toMatchObject([{ name: 'a' }, { name: 'b', source: 'openclaw-managed' }])
  })

  it('is a folder of each with a file that says what it is', async () => {
    const { write, add, skills } = make()
    await add('good')
    await write('skills/SKILL.md', 'name: x\ndescription: y')
    await write('skills/deep/er/SKILL.md', 'name: x\ndescription: y')
    await write('skills/nameless/SKILL.md', 'name: x')
    expect(await skills.list('main')).toMatchObject([{ name: 'good', baseDir: expect.stringMatching(/skills\/good$/), filePath: expect.stringMatching(/skills\/good\/SKILL\.md$/), content: expect.stringContaining('body') }])
  })

  it('is a node, too', async () => {
    const { skills, add } = make()
    await add('mine')
    const bring = (nodeId: string, name: string) => ({ nodeId, name, description: `Of ${nodeId}.`, content: 'c' })
    skills.addSource(() => [bring('n1', 'theirs'), bring('n1', 'mine'), bring('n2', 'theirs')])
    expect((await skills.list('main')).map(({ name, source, description }) => [name, source, description])).toEqual([
      ['mine', 'openclaw-workspace', 'About mine.'],
      ['theirs', 'openclaw-node', 'Of n1.'],
    ])
  })

  it('is looked at again after five seconds, or when something has changed', async () => {
    const { skills, add, clock } = make()
    const names = async () => (await skills.list('main')).map(({ name }) => name)
    expect(await names()).toEqual([])
    await add('a')
    expect(await names()).toEqual([])
    await clock.advance(5000)
    expect(await names()).toEqual(['a'])
    await add('b')
    skills.forget()
    expect(await names()).toEqual(['a', 'b'])
  })
})

describe('whether one can be used', () => {
  it.each<[string, object, Choice, object, boolean]>([
    ['nothing is needed', {}, {}, {}, true],
    ['a program is missing', { requires: { bins: ['a', 'b'] } }, { programs: ['a'] }, { bins: ['b'] }, false],
    ['all programs are there', { requires: { bins: ['a'] } }, { programs: ['a'] }, {}, true],
    ['one of several is there', { requires: { anyBins: ['a', 'b'] } }, { programs: ['b'] }, {}, true],
    ['none of several is there', { requires: { anyBins: ['a', 'b'] } }, {}, { anyBins: ['a', 'b'] }, false],
    ['a variable is missing', { requires: { env: ['KEY'] } }, {}, { env: ['KEY'] }, false],
    ['a variable is empty', { requires: { env: ['KEY'] } }, { env: { KEY: '' } }, { env: ['KEY'] }, false],
    ['a variable is set', { requires: { env: ['KEY'] } }, { env: { KEY: 'x' } }, {}, true],
    ['a variable is configured', { requires: { env: ['KEY'] } }, { config: { skills: { entries: { s: { env: { KEY: 'x' } } } } } }, {}, true],
    ['its key is configured', { primaryEnv: 'KEY', requires: { env: ['KEY'] } }, { config: { skills: { entries: { s: { apiKey: 'x' } } } } }, {}, true],
    ['something is not configured', { requires: { config: ['gateway.port', 'a.b'] } }, { config: { gateway: { port: 1 } } }, { config: ['a.b'] }, false],
    ['a prototype is no configuration', { requires: { config: ['constructor.name'] } }, {}, { config: ['constructor.name'] }, false],
    ['it is for another system', { os: ['darwin'] }, {}, { os: ['darwin'] }, false],
    ['it is for this system', { os: ['darwin'] }, { platform: 'darwin' }, {}, true],
    ['it is always to be used', { always: true, requires: { bins: ['a'] } }, {}, { bins: ['a'] }, true],
    ['it is always to be used, elsewhere', { always: true, os: ['win32'] }, {}, { os: ['win32'] }, false],
    ['it was switched off', {}, { config: { skills: { entries: { s: { enabled: false } } } } }, {}, false],
    ['it is known under another name', { skillKey: 'k' }, { config: { skills: { entries: { k: { enabled: false } } } } }, {}, false],
  ])('%s', async (_, value, choice, missing, eligible) => {
    const { add, find } = make(choice)
    await add('s', needs(value))
    expect(await find('s')).toMatchObject({ eligible, missing: { bins: [], anyBins: [], env: [], config: [], os: [], ...missing } })
  })
})

it('names the programs that skills need, once they were looked at', async () => {
  const { skills, add } = make()
  await add('a', needs({ requires: { bins: ['x'], anyBins: ['y'] } }))
  expect(skills.bins()).toEqual([])
  await skills.list('main')
  expect(skills.bins()).toEqual(['x', 'y'])
})

describe('what an agent is told', () => {
  it('is what it may use by itself', async () => {
    const { skills, add } = make()
    await add('good')
    await add('silent', 'disable-model-invocation: true')
    await add('needy', needs({ requires: { bins: ['nothing'] } }))
    const notes = await skills.notes('main')
    expect(notes).toContain('- good: About good.')
    expect(notes).toContain('skill_read')
    expect(notes).not.toMatch(/silent|needy/)
    expect((await skills.usable('main')).map(({ name }) => name)).toEqual(['good'])
  })

  it('is nothing when there is nothing', async () => {
    expect(await make().skills.notes('main')).toBeNull()
  })
})
