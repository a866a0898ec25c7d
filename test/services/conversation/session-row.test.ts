// The row of a session as clients see it.

import { describe, expect, it } from 'vitest'
import { sessionRow } from '../../../src/protocol/shapes.ts'
import { toSessionRow, type RowOptions } from '../../../src/services/conversation/session-row.ts'
import type { SessionRecord } from '../../../src/services/conversation/session-table.ts'
import { createConversation } from './conversation.ts'

const { table, sessions } = await createConversation()
sessions.create({ key: 'agent:main:notes', via: 'operator' })
const RECORD = table.get('agent:main:notes')!

const rowOf = (changes: Partial<SessionRecord> = {}, options: RowOptions = {}, activeRunIds: readonly string[] = []) =>
  toSessionRow({ ...RECORD, ...changes }, options, {
    now: 5,
    activeRunIds,
    model: { provider: 'p', model: 'm', contextWindow: 9000 },
    mainKey: 'agent:main:main',
  })

it('fits the shape of the protocol, empty or full', () => {
  const full: Partial<SessionRecord> = {
    label: 'l', title: 't', preview: 'p', status: 'failed', lastRunId: 'r', lastError: 'e', startedAt: 1, endedAt: 4, parentKey: 'agent:main:main',
    interactedAt: 2, settings: { displayName: 'd', icon: 'i', color: 'c', category: 'k', pinned: true, unread: true, model: 'p/m', thinkingLevel: 'low' },
  } // prettier-ignore
  for (const row of [rowOf(), rowOf(full, { titles: true, preview: true }, ['r'])]) expect(sessionRow.parse(JSON.parse(JSON.stringify(row)))).toEqual(row)
  expect(Object.values(rowOf())).not.toContain(undefined)
})

it.each([
  ['agent:main:main', { classification: 'main', isMain: true, isBackground: false }],
  ['agent:main:notes', { classification: 'custom', isMain: false, isBackground: false }],
  ['agent:main:dashboard:1', { classification: 'dashboard', isBackground: false }],
  ['agent:main:cron:daily', { classification: 'cron', isBackground: true }],
  ['agent:main:hook:x', { classification: 'hook', isBackground: true }],
  ['agent:main:subagent:x', { classification: 'subagent', isBackground: true }],
  ['agent:main::x', { classification: 'custom', isBackground: false }],
])('classifies %s', (key, expected) => {
  expect(rowOf({ key })).toMatchObject(expected)
})

it('shows titles and last lines only when asked', () => {
  const record = { title: 'the title', preview: 'the last line' }
  expect(rowOf(record)).not.toHaveProperty('derivedTitle')
  expect(rowOf(record)).not.toHaveProperty('lastMessagePreview')
  expect(rowOf(record, { titles: true, preview: true })).toMatchObject({ derivedTitle: 'the title', lastMessagePreview: 'the last line' })
  expect(rowOf({ title: '', preview: null }, { titles: true, preview: true })).not.toHaveProperty('derivedTitle')
})

it('is named as the user named it, else by its label', () => {
  expect(rowOf({ label: 'label' }).displayName).toBe('label')
  expect(rowOf({ label: 'label', settings: { displayName: 'name' } })).toMatchObject({ displayName: 'name', label: 'label' })
  expect(rowOf()).not.toHaveProperty('displayName')
})

describe('its state', () => {
  it('is running as long as a run is in the works, whatever is written', () => {
    expect(rowOf({ status: 'done' }, {}, ['r1', 'r2'])).toMatchObject({ status: 'running', hasActiveRun: true, activeRunIds: ['r1', 'r2'] })
    expect(rowOf({ status: 'done' })).toMatchObject({ status: 'done', hasActiveRun: false, activeRunIds: [] })
    expect(rowOf()).not.toHaveProperty('status')
  })

  it('says how long the last run took, once it has ended', () => {
    expect(rowOf({ startedAt: 10, endedAt: 25 }).runtimeMs).toBe(15)
    expect(rowOf({ startedAt: 10, endedAt: null })).not.toHaveProperty('runtimeMs')
    expect(rowOf({ startedAt: 30, endedAt: 25 }), 'it runs again').not.toHaveProperty('runtimeMs')
  })

  it('says that the last run was ended from outside', () => {
    expect(rowOf({ status: 'killed' }).abortedLastRun).toBe(true)
    expect(rowOf({ status: 'failed' })).not.toHaveProperty('abortedLastRun')
  })
})

it('shows the model of the next turn, and whose choice it is', () => {
  expect(rowOf()).toMatchObject({ modelProvider: 'p', model: 'm', contextTokens: 9000, modelOverrideSource: null })
  expect(rowOf({ settings: { model: 'p/m' } }).modelOverrideSource).toBe('user')
})
