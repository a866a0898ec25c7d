// One message of a connection: what is remembered where it is not stored, and what is forgotten.

import { describe, expect, it } from 'vitest'
import { ModelError } from '../../src/ports/model.ts'
import { checkEvents } from '../harness/response-events.ts'
import { fakeClock, settled } from '../harness/clock.ts'
import { dial } from '../harness/peer.ts'
import { startGateway, testPlatform, TOKEN } from '../harness/platform.ts'
import { answer, PLAYED, playedProvider } from '../services/conversation/conversation.ts'
import { converse } from '../suites/responses-socket-cases.ts'
import type { Data } from '../harness/client.ts'

const HEADERS = { host: '127.0.0.1:18789', authorization: `Bearer ${TOKEN}` }

async function open(play: Parameters<typeof playedProvider>[0]) {
  const clock = fakeClock()
  const started = await startGateway({ config: PLAYED, providers: [playedProvider(play)], platform: testPlatform({ clock }) })
  const { client, peer } = await dial(started.gateway, { path: '/v1/responses', headers: HEADERS })
  const socket = converse(client)
  const ask = async (body: Data) => {
    socket.send({ store: false, ...body })
    return checkEvents(await socket.response())
  }
  return { ...started, peer, clock, ask, ...socket }
}

const notFound = { error: { code: 'previous_response_not_found' } }

describe('what is not stored', () => {
  it('is the last response alone', async () => {
    const { ask, send, error } = await open(async function* () { yield answer('x') }) // prettier-ignore
    const first = await ask({ input: 'one' })
    const second = await ask({ input: 'two' })
    send({ input: 'x', previous_response_id: first.id, store: false })
    expect(await error()).toMatchObject(notFound)
    expect((await ask({ input: 'three', previous_response_id: second.id })).previous_response_id).toBe(second.id)
  })

  it('is forgotten when what continues it fails, early or late, and kept when another one fails', async () => {
    let fails: 'early' | 'late' | null = null
    const { ask, send, error, response } = await open(async function* () {
      if (fails === 'early') throw new ModelError('invalid', 'no')
      yield answer('x').slice(0, fails ? 1 : 3)
      await settled()
      if (fails) throw new ModelError('invalid', 'no')
    })
    for (const when of ['early', 'late'] as const) {
      const held = await ask({ input: 'one' })
      fails = when
      send({ input: 'other', store: false })
      if (when === 'early') await error()
      else expect(checkEvents(await response()).status).toBe('failed')
      fails = null
      const next = await ask({ input: 'two', previous_response_id: held.id })
      fails = when
      send({ input: 'three', previous_response_id: next.id, store: false })
      if (when === 'early') await error()
      else await response()
      fails = null
      send({ input: 'three', previous_response_id: next.id, store: false })
      expect(await error()).toMatchObject(notFound)
    }
  })
})

describe('a response', () => {
  it('begins after ten seconds, however long the model takes', async () => {
    const go = Promise.withResolvers<void>()
    const { send, client, clock, response } = await open(async function* () {
      await go.promise
      yield answer('late')
    })
    send({ input: 'x' })
    await settled()
    expect(client.frames).toEqual([])
    await clock.advance(10_000)
    expect(client.frames.map((frame) => (frame as Data).type)).toEqual(['response.created', 'response.in_progress'])
    go.resolve()
    expect(checkEvents(await response()).status).toBe('completed')
  })

  it('ends with its connection', async () => {
    const gone = Promise.withResolvers<unknown>()
    const { send, client } = await open(async function* (_, signal) {
      signal.addEventListener('abort', () => gone.resolve(signal.reason))
      yield answer('begun').slice(0, 1)
      await new Promise(() => {})
    })
    send({ input: 'x' })
    await client.next((frame) => (frame as Data).type === 'response.output_text.delta')
    client.close()
    expect(String(await gone.promise)).toContain('disconnect')
  })

  it('is streamed and in the foreground, whatever the message says', async () => {
    const { ask } = await open(async function* () { yield answer('x') }) // prettier-ignore
    expect(await ask({ input: 'x', stream: false, background: true })).toMatchObject({ status: 'completed', background: false })
  })
})
