// The configuration that is active: loading it, refusing it, and what others ask of it.

import { describe, expect, it } from 'vitest'
import { createConfig } from '../../../src/services/operations/config.ts'
import { foundation } from '../../harness/foundation.ts'

const PATH = '/test/openclaw.json'
/** Keyed: it says nothing of the text to those who do not have the key. */
const HASH = /^hmac-sha256:v1:[\w-]{43}$/

/** A file that can change. */
function create(text: string | null, env: Record<string, string> = {}, given?: unknown) {
  const { log, logged } = foundation()
  const file = { text }
  const config = createConfig({ source: { path: PATH, read: async () => file.text }, env, log, ...(given !== undefined && { given }) })
  return { config, file, logged }
}

describe('loading', () => {
  it('does without a file', async () => {
    const { config, logged } = create(null)
    await config.load()
    expect(config.current).toEqual({})
    expect(config.snapshot()).toEqual({
      path: PATH,
      exists: false,
      valid: true,
      source: {},
      resolved: {},
      active: {},
      hash: expect.stringMatching(HASH),
      revisionHash: expect.stringMatching(HASH),
      appliedHash: config.snapshot().revisionHash,
      issues: [],
      warnings: [],
      waiting: [],
    })
    expect(logged).toEqual([])
  })

  it('is usable before: as if there were no file', () => {
    const { config } = create('{ session: { mainKey: "x" } }')
    expect(config.current).toEqual({})
    expect(config.mainKey()).toBe('main')
    expect(config.snapshot()).toMatchObject({ exists: false, hash: '' })
  })

  it('reads the file', async () => {
    const text = '{ session: { mainKey: "home" } } // mine'
    const { config } = create(text)
    await config.load()
    expect(config.mainKey()).toBe('home')
    expect(config.snapshot()).toMatchObject({ exists: true, source: { session: { mainKey: 'home' } }, hash: expect.stringMatching(HASH) })
  })

  it('takes what was given instead of the file', async () => {
    const { config } = create('{ session: { mainKey: "file" } }', {}, { session: { mainKey: 'given' } })
    await config.load()
    expect(config.mainKey()).toBe('given')
  })

  it('names everything that is wrong, in the file and with its path, and keeps what was active', async () => {
    const { config, file } = create('{ session: { mainKey: "good" } }')
    await config.load()
    const before = config.snapshot()
    file.text = '{ gateway: { port: 0, auth: { token: "${GONE}" } } }'
    await expect(config.load()).rejects.toThrow(`${PATH} cannot be used:\n  gateway.auth.token needs the environment variable GONE — set it`)
    file.text = '{ gateway: { port: 0, bind: 5 } }'
    await expect(config.load()).rejects.toThrow(/cannot be used:\n {2}gateway\.port .*\n {2}gateway\.bind .*$/s)
    file.text = '{'
    await expect(config.load()).rejects.toThrow(`${PATH} cannot be used:\n  the file is not JSON5`)
    expect(config.snapshot()).toEqual(before)
    expect(config.mainKey()).toBe('good')
  })

  it('passes on why the file cannot be read', async () => {
    const { log } = foundation()
    const config = createConfig({ source: { path: PATH, read: () => Promise.reject(new Error('no permission')) }, env: {}, log })
    await expect(config.load()).rejects.toThrow('no permission')
  })

  it('warns of each unknown section once', async () => {
    const { config, logged } = create('{ gatway: {}, other: {}, channels: {} }')
    await config.load()
    expect(logged.map(({ level, message }) => [level, message])).toEqual([
      ['warn', `${PATH}: gatway is not a known section; it is kept and has no effect`],
      ['warn', `${PATH}: other is not a known section; it is kept and has no effect`],
    ])
    expect(config.snapshot().warnings).toHaveLength(2)
    expect(logged).toHaveLength(2)
  })
})

describe('the snapshot', () => {
  it('has no secrets, neither as written nor filled in', async () => {
    const env = { KEY: 'sk-of-the-environment' }
    const text = `{
      gateway: { auth: { token: 'the-token', password: { source: 'env', id: 'KEY' } } },
      models: { providers: { x: { apiKey: '\${KEY}', baseUrl: 'https://x.example/v1', headers: { Cookie: 'the-cookie' } } } },
    }`
    const { config } = create(text, env)
    await config.load()
    expect(config.current.gateway?.auth).toEqual({ token: 'the-token', password: 'sk-of-the-environment' })
    const shown = JSON.stringify(config.snapshot())
    expect(shown).toContain('https://x.example/v1')
    for (const secret of ['the-token', 'sk-of-the-environment', 'the-cookie']) expect(shown).not.toContain(secret)
  })
})

describe('agents', () => {
  const agentsOf = async (agents: unknown) => {
    const { config } = create(JSON.stringify({ agents }))
    await config.load()
    return config
  }

  it('are one when none is named', async () => {
    const config = await agentsOf({})
    expect(config.agents()).toEqual([{ id: 'main' }])
    expect(config.defaultAgentId()).toBe('main')
  })

  it('come from the list, then from the entries', async () => {
    const config = await agentsOf({ entries: { c: { name: 'C' } }, list: [{ id: 'a' }, { id: 'b', name: 'B' }] })
    expect(config.agents()).toEqual([{ id: 'a' }, { id: 'b', name: 'B' }, { id: 'c', name: 'C' }])
    expect(config.defaultAgentId()).toBe('a')
  })

  it('have the default that is marked, the first of several', async () => {
    const config = await agentsOf({ list: [{ id: 'a', default: false }, { id: 'b', default: true }], entries: { c: { default: true } } })
    expect(config.defaultAgentId()).toBe('b')
  })
})

it('knows its providers', async () => {
  const { config } = create('{ models: { providers: { x: { apiKey: "k" } } } }')
  expect(config.providers()).toEqual({})
  await config.load()
  expect(config.providers()).toEqual({ x: { apiKey: 'k' } })
})

describe('what becomes active later', () => {
  const load = async (text: string) => {
    const made = create(text)
    await made.config.load()
    return made.config
  }
  const readingOf = async (text: string) => (await load(text)).reading!

  it('is told to listeners in their order, with what has changed', async () => {
    const config = await load('{ session: { mainKey: "a" } }')
    const heard: unknown[] = []
    config.onChange(({ paths, sections }) => void heard.push(['first', paths, [...sections]]))
    config.onChange(() => void heard.push(['second', config.mainKey()]))
    const next = await readingOf('{ session: { mainKey: "b" }, cron: {} }')
    const { before, after } = config.adopt(next, next.parsed.ok ? next.parsed.config : {}, [])
    expect(heard).toEqual([['first', ['session.mainKey', 'cron'], ['session', 'cron']], ['second', 'b']])
    expect([before.session, after.session]).toEqual([{ mainKey: 'a' }, { mainKey: 'b' }])
  })

  it('is no news when nothing of the settings differs', async () => {
    const config = await load('{ session: { mainKey: "a" } }')
    const heard: unknown[] = []
    config.onChange((change) => void heard.push(change))
    const same = await readingOf('{ /* a comment */ session: { mainKey: "a" } }')
    config.adopt(same, same.parsed.ok ? same.parsed.config : {}, [])
    expect(heard).toEqual([])
    expect(config.reading).toBe(same)
  })

  it('shows what waits, and what could not be used', async () => {
    const config = await load('{ session: { mainKey: "a" } }')
    const { appliedHash } = config.snapshot()
    const next = await readingOf('{ session: { mainKey: "b" } }')
    config.note(next, [], ['session.mainKey'])
    expect(config.snapshot()).toMatchObject({ valid: true, hash: next.hash, revisionHash: next.revision, appliedHash, waiting: ['session.mainKey'], active: { session: { mainKey: 'a' } }, source: { session: { mainKey: 'b' } } })
    config.note(next, [{ path: 'session', message: 'is wrong' }], [])
    expect(config.snapshot()).toMatchObject({ valid: false, revisionHash: null, appliedHash, issues: [{ path: 'session', message: 'is wrong' }] })
  })

  it('is shown again without being computed again', async () => {
    const config = await load('{}')
    expect(config.snapshot()).toBe(config.snapshot())
  })
})
