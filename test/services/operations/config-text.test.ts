// Where the text is: a file that is written, or what cannot be written with a patch over it.

import { describe, expect, it } from 'vitest'
import { createConfigText } from '../../../src/services/operations/config-text.ts'
import { createConfigState } from '../../../src/services/operations/config-state.ts'
import { foundation } from '../../harness/foundation.ts'

function create(text: string | null, { writable = true, given, sql }: { writable?: boolean; given?: unknown; sql?: ReturnType<typeof foundation>['sql'] } = {}) {
  const base = foundation(sql)
  const file = { text, backup: null as string | null }
  const source = {
    path: 'place',
    read: async () => file.text,
    ...(writable && {
      write: async (next: string) => void (file.text = next),
      backup: { path: 'place.bak', exists: () => file.backup !== null, keep: async (next: string) => void (file.backup = next) },
    }),
  }
  const state = createConfigState(base)
  return { ...base, file, state, text: createConfigText({ source, env: {}, state, log: base.log, ...(given !== undefined && { given }) }) }
}

describe('a file', () => {
  it('is read with its hash, which is of the text, and its revision, which is of the settings', async () => {
    const { file, text } = create('{ a: 1, b: 2 }')
    const one = await text.read()
    file.text = '{ b: 2, /* same */ a: 1 }'
    const two = await text.read()
    expect(one.hash).toMatch(/^hmac-sha256:v1:[\w-]{43}$/)
    expect(two.hash).not.toBe(one.hash)
    expect(two.revision).toBe(one.revision)
    file.text = '{'
    expect(await text.read()).toMatchObject({ text: '{', parsed: { ok: false }, revision: null })
    file.text = null
    expect(await text.read()).toMatchObject({ text: null, parsed: { ok: true, source: {} } })
  })

  it('has hashes that nobody can guess from its text, the same over starts', async () => {
    const first = create('{ a: 1 }')
    const [one, other] = [await first.text.read(), await create('{ a: 1 }').text.read()]
    expect(one.hash).not.toBe(other.hash)
    expect((await create('{ a: 1 }', { sql: first.sql }).text.read()).hash).toBe(one.hash)
  })

  it('is written as JSON, and will be read as was foretold', async () => {
    const { file, text } = create('{ a: 1 } // mine')
    const foretold = await text.preview({ a: 2, b: [] })
    expect(file.text).toBe('{ a: 1 } // mine')
    expect(await text.write({ a: 2, b: [] })).toEqual(foretold)
    expect(file.text).toBe('{\n  "a": 2,\n  "b": []\n}\n')
    expect(await text.read()).toEqual(foretold)
    expect(await text.restore('{ a: 1 } // mine')).toMatchObject({ text: '{ a: 1 } // mine' })
    await text.restore(null)
    expect(file.text).toBe('{}\n')
    expect(text.isFile).toBe(true)
  })

  it('has a copy of what was good', async () => {
    const { file, text } = create('{ a: 1 }')
    await text.keepGood(await text.read())
    expect(file.backup).toBe('{ a: 1 }')
  })
})

describe.each([
  ['a variable', { writable: false }],
  ['a configuration that was given', { given: { a: 1, list: ['x'] } }],
])('%s', (_, options) => {
  const make = (text = '{ "a": 1, "list": ["x"] }', sql?: ReturnType<typeof foundation>['sql']) => create(text, { ...options, ...(sql && { sql }) })

  it('is changed by a patch in the database, which is there at the next start', async () => {
    const first = make()
    const foretold = await first.text.preview({ a: 2, list: ['x', 'y'], b: {} })
    expect(await first.text.write({ a: 2, list: ['x', 'y'], b: {} })).toEqual(foretold)
    expect(first.text.isFile).toBe(false)
    expect(first.file.text).toBe('{ "a": 1, "list": ["x"] }')
    expect(first.state.patch()).toEqual({ a: 2, list: ['x', 'y'], b: {} })
    expect(await make(undefined, first.sql).text.read()).toEqual(foretold)
  })

  it('is as it was when it is put back', async () => {
    const { state, text } = make()
    const before = await text.read()
    await text.write({ list: ['x'] })
    expect((await text.read()).parsed.source).toEqual({ list: ['x'] })
    expect(await text.restore(before.text)).toEqual(before)
    expect(state.patch()).toBeNull()
    expect(await text.read()).toEqual(before)
  })

  it('keeps no copies', async () => {
    const { file, text } = make()
    await text.keepGood(await text.read())
    expect(file.backup).toBeNull()
  })
})

it('lays its patch over another variable, and leaves it out where it does not fit', async () => {
  const first = create('{ gateway: { port: 1000 } }', { writable: false })
  await first.text.write({ gateway: { port: 1000, bind: 'lan' }, session: { mainKey: 'x' } })
  const second = create('{ gateway: { port: 2000 }, cron: {} }', { writable: false, sql: first.sql })
  expect((await second.text.read()).parsed.source).toEqual({ gateway: { port: 2000, bind: 'lan' }, cron: {}, session: { mainKey: 'x' } })
  second.state.setPatch({ gateway: { port: 'no port' } })
  expect((await second.text.read()).parsed).toMatchObject({ ok: true, source: { gateway: { port: 2000 } } })
  expect(second.logged).toMatchObject([{ level: 'error', message: expect.stringContaining('do not fit it any more') }])
})
