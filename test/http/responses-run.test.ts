// A response as a run: stored in the transaction in which that ends, and not at all when nobody was told of it.

import { describe, expect, it } from 'vitest'
import { ModelError } from '../../src/ports/model.ts'
import { holdDisk } from '../harness/foundation.ts'
import { eventsIn, checkEvents } from '../harness/response-events.ts'
import { settled } from '../harness/clock.ts'
import { script } from '../suites/target.ts'
import { answer, PLAYED, playedProvider } from '../services/conversation/conversation.ts'
import { openDoor } from './door.ts'
import type { Data } from '../harness/client.ts'

const PATH = '/v1/responses'
const ask = (input: Data, more: Data = {}) => ({ body: { model: 'openclaw', input, ...more } })

describe('a response', () => {
  it('is told only once it is on disk', async () => {
    const { ask: send, platform } = await openDoor()
    const disk = holdDisk(platform.sql)
    let told = false
    const answered = send(PATH, ask(script({ text: 'hello' }))).then((response) => {
      told = true
      return response.json() as Promise<Data>
    })
    await disk.reached
    await settled()
    expect(told).toBe(false)
    await disk.release()
    const { id } = await answered
    expect(((await (await send(`${PATH}/${id}`)).json()) as Data).id).toBe(id)
  })

  it('is not stored when it failed before anybody heard of it, and is when somebody did', async () => {
    let failsAt = 'first'
    const play = async function* () {
      if (failsAt === 'first') throw new ModelError('invalid', 'no')
      yield answer('begun').slice(0, 1)
      await settled()
      throw new ModelError('invalid', 'no')
    }
    const { ask: send, platform } = await openDoor({ config: PLAYED, providers: [playedProvider(play)] })
    const rows = () => platform.sql.all('SELECT 1 FROM responses').length
    expect((await send(PATH, ask('x', { stream: true }))).status).toBe(400)
    expect((await send(PATH, ask('x'))).status).toBe(400)
    expect(rows()).toBe(0)
    failsAt = 'second'
    const ended = checkEvents(eventsIn(await (await send(PATH, ask('x', { stream: true }))).text()))
    expect([ended.status, rows()]).toEqual(['failed', 1])
    expect((await (await send(`${PATH}/${ended.id}`)).json())).toEqual(ended)
  })

  it('is not stored when that is not wanted', async () => {
    const { ask: send, platform } = await openDoor()
    await (await send(PATH, ask(script({ text: 'x' }), { store: false }))).text()
    await (await send(PATH, ask('x', { store: false, generate: false }))).text()
    expect(platform.sql.all('SELECT 1 FROM responses')).toEqual([])
  })

  it('is as it was told, word for word, when it is read again', async () => {
    const { ask: send } = await openDoor()
    const input = script({ reasoning: 'hm' }, { text: 'one ' }, { reasoning: 'hm again' }, { text: 'two' }, { stop: 'length' })
    for (const more of [{ stream: true, reasoning: { summary: 'auto' } }, { stream: true }]) {
      const ended = checkEvents(eventsIn(await (await send(PATH, ask(input, more))).text()))
      expect(await (await send(`${PATH}/${ended.id}`)).json()).toEqual(ended)
    }
  })
})
