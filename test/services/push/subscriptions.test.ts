// The browsers that have subscribed.

import { expect, it } from 'vitest'
import { createSubscriptions } from '../../../src/services/push/subscriptions.ts'
import { foundation } from '../../harness/foundation.ts'

const KEYS = { p256dh: 'p', auth: 'a' }
const URL_A = 'https://push.example/a'

const make = (base = foundation()) => ({ ...base, subscriptions: createSubscriptions(base) })

it('keeps one for each endpoint, over a restart', () => {
  const { subscriptions, sql } = make()
  const id = subscriptions.add(URL_A, KEYS, 'device:1')
  expect(subscriptions.add(URL_A, { p256dh: 'other', auth: 'keys' }, 'device:1')).toBe(id)
  expect(make(foundation(sql)).subscriptions.list()).toMatchObject([{ id, endpoint: URL_A, p256dh: 'other', auth: 'keys', owner: 'device:1' }])
})

it('lets who has its keys take it over, and nobody else', () => {
  const { subscriptions } = make()
  const id = subscriptions.add(URL_A, KEYS, 'device:1')
  expect(() => subscriptions.add(URL_A, { ...KEYS, auth: 'x' }, 'device:2')).toThrow('existing browser subscription keys required')
  expect(() => subscriptions.remove(URL_A, 'device:2')).toThrow('not bound to this device')
  expect(subscriptions.add(URL_A, KEYS, 'device:2')).toBe(id)
  expect(() => subscriptions.remove(URL_A, 'device:1')).toThrow('not bound to this device')
  expect(subscriptions.remove(URL_A, 'device:2')).toBe(true)
  expect(() => subscriptions.remove(URL_A, 'device:2')).toThrow('not bound to this device')
})

it('forgets one, and all of an owner', () => {
  const { subscriptions } = make()
  const id = subscriptions.add(URL_A, KEYS, 'device:1')
  subscriptions.add(`${URL_A}2`, KEYS, 'device:1')
  subscriptions.add(`${URL_A}3`, KEYS, 'device:2')
  subscriptions.forget(id)
  subscriptions.forgetOwner('device:1')
  expect(subscriptions.list().map(({ owner }) => owner)).toEqual(['device:2'])
})

it('keeps 200, and refuses more', () => {
  const { subscriptions } = make()
  for (let n = 0; n < 200; n++) subscriptions.add(`${URL_A}${n}`, KEYS, 'device:1')
  expect(() => subscriptions.add(URL_A, KEYS, 'device:1')).toThrow('200 push subscriptions already')
  expect(subscriptions.add(`${URL_A}0`, KEYS, 'device:1')).toEqual(expect.any(String))
})
