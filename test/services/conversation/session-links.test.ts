// Links to sessions: by the beginning of the uuid in the key, and by the name where that is not enough.

import { expect, it } from 'vitest'
import { findLinked, findReferred, nameOf } from '../../../src/services/conversation/session-links.ts'
import { createConversation } from './conversation.ts'

const START = 'aaaaaaaa-0000-4000-8000-00000000000'

async function make() {
  const { sessions } = await createConversation()
  const add = (key: string, label?: string) => sessions.create({ key: `agent:main:${key}`, via: 'operator', ...(label !== undefined && { label }) })
  return { sessions, add, keys: (shortId: string, slugHint?: string) => findLinked({ shortId, slugHint }, sessions).map(({ key }) => key.slice('agent:main:'.length)) }
}

it('finds the one, whatever of its uuid is given', async () => {
  const { add, keys } = await make()
  add(`cron:x:run:${START}1`)
  for (const shortId of ['aaaaaaaa', 'AAAAAAAA0000', 'aaaaaaaa000040008000000000000001']) expect(keys(shortId)).toEqual([`cron:x:run:${START}1`])
  expect(keys('aaaaaaab')).toEqual([])
})

it('looks at the uuid at the end of the key, and at nothing else', async () => {
  const { add, keys } = await make()
  add(`${START}1:run`)
  add('x:aaaaaaaa000040008000000000000001')
  add('aaaaaaaa-not-a-uuid-but-as-long-as-one-is')
  expect(keys('aaaaaaaa')).toEqual([])
})

it('takes the one that has the name, or tells all that it may be', async () => {
  const { add, keys } = await make()
  add(`${START}1`, 'Reise nach Köln!')
  add(`${START}2`, 'Twins')
  expect(keys('aaaaaaaa', 'reise-nach-köln')).toEqual([`${START}1`])
  expect(keys('aaaaaaaa', 'other').toSorted()).toEqual([`${START}1`, `${START}2`])
  expect(keys('aaaaaaaa').toSorted()).toEqual([`${START}1`, `${START}2`])
})

it('refuses what is no part of a uuid', async () => {
  const { sessions } = await make()
  for (const shortId of ['', 'aaaaaaa', 'aaaaaaa-', 'g'.repeat(8), 'a'.repeat(33)]) expect(() => findLinked({ shortId }, sessions)).toThrow('8-32 hexadecimal')
})

it('finds what an address refers to, by its key or else by its name', async () => {
  const { sessions, add } = await make()
  add('a', 'One plan')
  add('b', 'Über Köln')
  const found = (key: string, slug?: string) => findReferred({ key: `agent:main:${key}`, slug }, sessions).map((record) => record.label)
  expect(found('a', 'über-köln')).toEqual(['One plan'])
  expect(found('none')).toEqual([])
  expect(found('none', 'one-plan')).toEqual(['One plan'])
  expect(found('none', 'über-köln')).toEqual(['Über Köln'])
  expect(found('none', 'one')).toEqual([])
})

it('names a session as people see it', async () => {
  const { sessions, add } = await make()
  expect(nameOf(add('a', 'label'))).toBe('label')
  expect(nameOf(sessions.patch('agent:main:a', { settings: { displayName: 'Shown' } }))).toBe('Shown')
  expect(nameOf(add('b'))).toBeUndefined()
})
