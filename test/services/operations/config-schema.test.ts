// What of a configuration is refused as a whole, where each part of it is well.

import { describe, expect, it } from 'vitest'
import { configSchema, FOREIGN_SECTIONS, MENDS } from '../../../src/services/operations/config-schema.ts'

describe('agents', () => {
  const issuesOf = (agents: unknown) => configSchema.safeParse({ agents }).error?.issues.map(({ path, message }) => [path.join('.'), message]) ?? []
  const SAID = 'is the id of another agent, too — give each an id of its own'

  it('have an id each', () => {
    expect(issuesOf({ list: [{ id: 'a' }, { id: 'b' }], entries: { c: {}, d: {} } })).toEqual([])
    expect(issuesOf({ list: [{ id: 'a' }, { id: 'b' }, { id: 'a' }, { id: 'a' }] })).toEqual([['agents.list.2.id', SAID], ['agents.list.3.id', SAID]])
    expect(issuesOf({ list: [{ id: 'a' }], entries: { a: {}, b: {} } })).toEqual([['agents.entries.a', SAID]])
  })

  it('may be none, and may have members that nobody knows', () => {
    for (const agents of [undefined, {}, { list: [] }, { entries: {} }]) expect(issuesOf(agents)).toEqual([])
    expect(configSchema.parse({ agents: { list: [{ id: 'a', own: 1 }], own: 2 } })).toEqual({ agents: { list: [{ id: 'a', own: 1 }], own: 2 } })
  })
})

it('says how to mend what it knows, and knows no section twice', () => {
  for (const path of Object.keys(MENDS)) expect(Object.keys(configSchema.shape), path).toContain(path.split('.')[0])
  expect(FOREIGN_SECTIONS.filter((section) => section in configSchema.shape)).toEqual([])
})
