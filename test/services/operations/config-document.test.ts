// The schema with its hints, and what is found at its paths.

import { describe, expect, it } from 'vitest'
import { createConfigDocument, type SchemaNode } from '../../../src/services/operations/config-document.ts'
import { CONFIG_HINTS } from '../../../src/services/operations/config-hints.ts'
import { fakeClock } from '../../harness/clock.ts'

const document = createConfigDocument({ version: '1.2.3', clock: fakeClock() })

describe('the schema', () => {
  it('is made once, and says what is open', () => {
    const { schema, uiHints, version, generatedAt } = document.schema()
    expect([version, generatedAt]).toEqual(['1.2.3', '2026-01-01T00:00:00.000Z'])
    expect(document.schema().schema).toBe(schema)
    const { properties } = schema as SchemaNode
    expect(properties!['gateway']).toMatchObject({ title: 'Gateway', additionalProperties: true })
    expect(properties!['models']!.properties!['providers']!.additionalProperties).toMatchObject({ type: 'object' })
    expect(Object.keys(uiHints).length).toBeGreaterThan(50)
  })

  it('has its hints at paths that there are', () => {
    const { uiHints } = document.schema()
    const foreign = ['cron', 'hooks', 'channels', 'tts', 'talk']
    const nowhere = Object.keys(CONFIG_HINTS).filter((path) => !(path in uiHints) && !foreign.includes(path.split('.')[0]!))
    expect(nowhere).toEqual([])
  })

  it('marks secrets as such, and numbers of tokens not', () => {
    const { uiHints } = document.schema()
    for (const path of ['gateway.auth.token', 'gateway.auth.password', 'models.providers.*.apiKey']) expect(uiHints[path]!.sensitive, path).toBe(true)
    for (const path of ['gateway.port', 'models.providers.*.models.*.maxTokens', 'gateway.auth']) expect(uiHints[path]!.sensitive, path).toBeUndefined()
  })
})

describe('a lookup', () => {
  it('names children as they can be looked up', () => {
    for (const start of ['.', 'gateway', 'agents.list[]', 'models.providers.*']) {
      for (const { path } of document.lookup(start).children) expect(document.lookup(path).path, path).toBe(path)
    }
  })

  it('tells what must be there, what has more below it, and what a change takes', () => {
    const { children } = document.lookup('models.providers.x.models[3]')
    expect(children.find(({ key }) => key === 'id')).toEqual({
      key: 'id',
      path: 'models.providers.x.models.3.id',
      type: 'string',
      required: true,
      hasChildren: false,
      reloadKind: 'hot',
      hint: { label: 'Id', advanced: true },
      hintPath: 'models.providers.*.models.*.id',
    })
    expect(children.find(({ key }) => key === 'input')).toMatchObject({ type: 'array', hasChildren: true })
    expect(document.lookup('gateway').children.find(({ key }) => key === 'port')).toMatchObject({ reloadKind: 'restart', hint: { advanced: false } })
  })

  it('shows a value of several kinds whole, and an object without what is below it', () => {
    expect(document.lookup('agents.defaults.model').schema).toMatchObject({ anyOf: [{ type: 'string' }, { type: 'object' }] })
    expect(document.lookup('gateway').schema).toEqual({ type: 'object', additionalProperties: true, title: 'Gateway', description: CONFIG_HINTS['gateway']!.help })
  })

  it.each(['', 'nothing', 'gateway.nothing', 'gateway.port.x', 'agents.list.x', 'agents.list', 'toString', 'agents.entries.*.constructor'])('finds something or says so: %j', (path) => {
    const known = ['', 'agents.list'].includes(path)
    if (known) expect(document.lookup(path).children.length).toBeGreaterThan(0)
    else expect(() => document.lookup(path)).toThrow('config schema path not found')
  })
})
