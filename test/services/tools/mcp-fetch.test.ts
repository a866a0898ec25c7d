import { expect, it } from 'vitest'
import type { Fetch } from '../../../src/ports/fetch.ts'
import { toWebFetch } from '../../../src/services/tools/mcp-fetch.ts'

const never = new AbortController().signal

function open(status: number, headers: Record<string, string>, parts: readonly string[] | null) {
  const asked: Parameters<Fetch>[] = []
  const state = { left: false }
  async function* pieces() {
    try {
      for (const part of parts ?? []) yield new TextEncoder().encode(part)
    } finally {
      state.left = true
    }
  }
  const fetch: Fetch = async (...call) => {
    asked.push(call)
    return { status, headers: { get: (name) => headers[name] ?? null }, body: parts === null ? null : pieces(), text: async () => '' }
  }
  return { fetch: toWebFetch(fetch, never), asked, state }
}

it('sends what it is given, and follows to nowhere', async () => {
  const { fetch, asked } = open(200, {}, ['x'])
  await fetch(new URL('http://a.test/mcp'), { method: 'POST', headers: new Headers({ 'X-One': '1' }), body: '{}' })
  expect(asked[0]).toEqual(['http://a.test/mcp', { method: 'POST', headers: { 'x-one': '1' }, body: '{}', signal: never, redirect: 'manual' }])
})

it('answers with what is read of the head, and the body piece by piece', async () => {
  const { fetch } = open(200, { 'content-type': 'text/event-stream', 'mcp-session-id': 's', 'set-cookie': 'no' }, ['a', 'b'])
  const response = await fetch('http://a.test/mcp')
  expect([response.status, [...response.headers]]).toEqual([200, [['content-type', 'text/event-stream'], ['mcp-session-id', 's']]])
  expect(await response.text()).toBe('ab')
})

it('has no body where there can be none, and leaves a body that nobody reads on', async () => {
  expect((await open(204, {}, ['x']).fetch('http://a.test/')).body).toBeNull()
  expect((await open(202, {}, null).fetch('http://a.test/')).body).toBeNull()
  const { fetch, state } = open(200, {}, ['a', 'b', 'c'])
  const reader = (await fetch('http://a.test/')).body!.getReader()
  await reader.read()
  await reader.cancel()
  expect(state.left).toBe(true)
})
