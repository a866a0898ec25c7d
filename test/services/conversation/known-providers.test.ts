// What is known of providers without being told.

import { expect, it } from 'vitest'
import { KNOWN_PROVIDERS, LOCAL_SERVERS, modelIdsIn } from '../../../src/services/conversation/known-providers.ts'

it('reads the ids of both forms of a list', () => {
  expect(modelIdsIn({ models: [{ name: 'llama3:8b' }, { name: 'qwen3' }] })).toEqual(['llama3:8b', 'qwen3'])
  expect(modelIdsIn({ object: 'list', data: [{ id: 'one' }, { id: 'two' }] })).toEqual(['one', 'two'])
  expect(modelIdsIn({ models: [{ name: 'by name', id: 'by id' }] })).toEqual(['by name'])
})

it.each([null, undefined, 7, 'text', [], {}, { models: 'x' }, { data: {} }, { data: [null, 3, {}, { id: 5 }, { id: '' }] }])(
  'finds none in %j',
  (answer) => {
    expect(modelIdsIn(answer)).toEqual([])
  },
)

it('asks each server under its own address, and on loopback only', () => {
  const hosts = LOCAL_SERVERS.flatMap(({ baseUrl, listUrl }) => [new URL(baseUrl), new URL(listUrl)])
  expect(new Set(hosts.map((url) => url.hostname))).toEqual(new Set(['127.0.0.1']))
  for (const { baseUrl, listUrl } of LOCAL_SERVERS) expect(new URL(baseUrl).port).toBe(new URL(listUrl).port)
})

it('has each provider once, over https, with a key of its own', () => {
  for (const member of ['id', 'env', 'baseUrl'] as const) expect(new Set(KNOWN_PROVIDERS.map((each) => each[member])).size).toBe(KNOWN_PROVIDERS.length)
  expect(KNOWN_PROVIDERS.every(({ baseUrl }) => baseUrl.startsWith('https://') && !baseUrl.endsWith('/'))).toBe(true)
})
