// Tidying up: what is old is archived, what is empty goes, and nothing else is touched.

import { describe, expect, it } from 'vitest'
import type { CleanupWish } from '../../../src/services/conversation/session-cleanup.ts'
import { createConversation } from './conversation.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const keyOf = (name: string) => `agent:main:${name}`
const ALL: CleanupWish = { agentId: undefined, enforce: true, empty: false, keep: undefined }

/** Sessions of forty days ago, and one of today. */
async function open() {
  const conversation = await createConversation()
  const { sessions, clock } = conversation
  const spoken = ['main', 'old', 'older', 'pinned', 'kept', 'running']
  for (const name of spoken) {
    sessions.ensure(keyOf(name), 'operator')
    sessions.append(keyOf(name), { role: 'user', content: name, timestamp: 0 })
  }
  sessions.patch(keyOf('pinned'), { settings: { pinned: true } })
  sessions.ensure(keyOf('empty'), 'operator')
  await clock.advance(40 * DAY_MS)
  sessions.ensure(keyOf('new'), 'operator')
  sessions.append(keyOf('new'), { role: 'user', content: 'new', timestamp: 0 })
  conversation.activity.begin(keyOf('running'), 'run')
  const archived = () => sessions.page({ archived: true }, 100, 0).map(({ key }) => key.slice('agent:main:'.length)).toSorted()
  return { ...conversation, archived }
}

describe('tidying up', () => {
  it('archives what nobody has touched for a month', async () => {
    const { cleanup, archived } = await open()
    expect(cleanup.run({ ...ALL, keep: keyOf('kept') }, {})).toEqual({ beforeCount: 8, afterCount: 8, missing: 0, archived: 3, capArchived: 0, more: false })
    expect(archived()).toEqual(['empty', 'old', 'older'])
  })

  it('removes what is empty where that is asked for', async () => {
    const { cleanup, archived, sessions } = await open()
    expect(cleanup.run({ ...ALL, empty: true, keep: keyOf('kept') }, {})).toMatchObject({ beforeCount: 8, afterCount: 7, missing: 1, archived: 2 })
    expect(archived()).toEqual(['old', 'older'])
    expect(sessions.get(keyOf('empty'))).toBeNull()
  })

  it('only tells what it would do', async () => {
    const { cleanup, archived, sessions } = await open()
    expect(cleanup.run({ ...ALL, enforce: false, empty: true }, {})).toMatchObject({ missing: 1, archived: 3 })
    expect(archived()).toEqual([])
    expect(sessions.get(keyOf('empty'))).not.toBeNull()
  })

  it('does what the configuration says', async () => {
    const { cleanup, archived } = await open()
    expect(cleanup.run(ALL, { pruneAfter: '60d' })).toMatchObject({ archived: 0 })
    expect(cleanup.run(ALL, { pruneAfter: '60d', maxEntries: 6 })).toMatchObject({ archived: 0, capArchived: 2 })
    expect(archived()).toHaveLength(2)
    expect(cleanup.run({ ...ALL, agentId: 'nobody' }, {})).toMatchObject({ beforeCount: 0, archived: 0 })
  })
})
