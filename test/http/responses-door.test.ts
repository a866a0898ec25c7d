// What requests under `/v1/responses` are answered with: one write for each event, statuses for early failures, and words
// for what is wrong in a body.

import { describe, expect, it } from 'vitest'
import type { ModelEvent } from '../../src/ports/model.ts'
import { checkEvents, eventsIn } from '../harness/response-events.ts'
import { fakeClock, settled } from '../harness/clock.ts'
import { testPlatform } from '../harness/platform.ts'
import { script } from '../suites/target.ts'
import { answer, PLAYED, playedProvider } from '../services/conversation/conversation.ts'
import { errorOf, openDoor } from './door.ts'
import type { Data } from '../harness/client.ts'

const PATH = '/v1/responses'
const body = (input: Data, more: Data = {}) => ({ body: { model: 'openclaw', input, ...more } })

/** A model whose answer begins when it is told to. */
function waiting() {
  const go = Promise.withResolvers<void>()
  const gone = Promise.withResolvers<unknown>()
  const play = async function* (_: unknown, signal: AbortSignal): AsyncGenerator<readonly ModelEvent[]> {
    signal.addEventListener('abort', () => gone.resolve(signal.reason))
    await go.promise
    yield answer('late')
  }
  return { go, gone, options: { config: PLAYED, providers: [playedProvider(play)] } }
}

describe('a stream', () => {
  it('has each event in a piece of its own', async () => {
    const { ask } = await openDoor()
    const response = await ask(PATH, body(script({ text: 'one ' }, { text: 'two' }), { stream: true, tools: [{ type: 'function', name: 'f' }] }))
    const pieces: string[] = []
    for await (const piece of response.body!) pieces.push(new TextDecoder().decode(piece))
    checkEvents(eventsIn(pieces.join('')))
    for (const piece of pieces) expect(piece).toMatch(/^(event: [a-z_.]+\n)?data: [^\n]+\n\n$/)
  })

  it('begins after ten seconds, however long the model takes', async () => {
    const clock = fakeClock()
    const { go, options } = waiting()
    const { ask } = await openDoor({ ...options, platform: testPlatform({ clock }) })
    const asked = ask(PATH, body('x', { stream: true }))
    await settled()
    await clock.advance(10_000)
    const reader = (await asked).body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('event: response.created')
    go.resolve()
    await reader.cancel()
  })

  it('ends the run when its reader goes away', async () => {
    const clock = fakeClock()
    const { gone, options } = waiting()
    const { ask } = await openDoor({ ...options, platform: testPlatform({ clock }) })
    const asked = ask(PATH, body('x', { stream: true }))
    await settled()
    await clock.advance(10_000)
    await (await asked).body!.cancel()
    expect(String(await gone.promise)).toContain('disconnect')
  })

  it('and an answer in one piece end with their caller', async () => {
    const { gone, options } = waiting()
    const { ask } = await openDoor(options)
    const aborter = new AbortController()
    const asked = ask(PATH, { ...body('x'), signal: aborter.signal })
    await settled()
    aborter.abort()
    expect(String(await gone.promise)).toContain('disconnect')
    await asked
  })
})

describe('a body', () => {
  it.each([
    ['{no json', undefined, 'no JSON'],
    [{ input: 'x' }, 'model', "'model'"],
    [{ model: 'openclaw', input: [{ role: 'user', content: 'x' }, { type: 'nonsense' }] }, 'input[1]', 'input[1]'],
    [{ model: 'openclaw', input: [{ role: 'user', content: [{ type: 'input_sound' }] }] }, 'input[0]', 'content'],
    [{ model: 'openclaw', input: 7 }, 'input', 'input'],
    [{ model: 'openclaw', input: 'x', top_p: 2 }, 'top_p', 'top_p'],
    [[], undefined, 'invalid request'],
  ])('%j is refused in words', async (given, param, words) => {
    const { ask } = await openDoor()
    const error = await errorOf(await ask(PATH, { body: given }))
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', param: param ?? null })
    expect(error.message).toContain(words)
  })

  it('asks for pages of a size', async () => {
    const { ask } = await openDoor()
    const { id } = (await (await ask(PATH, body(script({ text: 'x' })))).json()) as Data
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'order=random']) expect((await ask(`${PATH}/${id}/input_items?${query}`)).status).toBe(400)
  })
})
