// What everybody hears of a run, over the whole gateway: deltas that join to the final text, whoever reads and how fast.

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ModelEvent } from '../../../src/index.ts'
import { settled } from '../../harness/clock.ts'
import type { Data } from '../../harness/client.ts'
import { join } from '../../harness/peer.ts'
import { startGateway, TOKEN } from '../../harness/platform.ts'
import { textIn } from '../../suites/target.ts'
import { answer, createConversation, KEY, PLAYED, playedProvider, requestOf } from './conversation.ts'

describe('what everybody hears', () => {
  /** A gateway whose model says what it is told to, piece by piece. */
  async function speaking() {
    const pieces: (readonly ModelEvent[])[] = []
    let arrived = Promise.withResolvers<void>()
    const provider = playedProvider(async function* () {
      for (;;) {
        while (pieces.length > 0) {
          const events = pieces.shift()!
          yield events
          if (events.some((event) => event.type === 'stop')) return
        }
        await arrived.promise
        arrived = Promise.withResolvers()
      }
    })
    const started = await startGateway({ config: PLAYED, providers: [provider] })
    const say = (...events: readonly ModelEvent[]) => {
      pieces.push(events)
      arrived.resolve()
    }
    return { ...started, say }
  }

  const deltasOf = (client: { events(name: string): Data[] }, runId: string) => client.events('chat').filter((payload) => payload.runId === runId && payload.state === 'delta')
  const move = fc.oneof(
    { weight: 5, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 3000, maxLength: 6000 }) },
    { weight: 3, arbitrary: fc.constantFrom('pass', 'slow', 'fast', 'drained').map((what) => ({ what })) },
  )

  it('joins to the final text exactly, for a reader that keeps up, one that does not, and one over HTTP', async () => {
    const { gateway, clock, say } = await speaking()
    const [quick, slow, old] = [await join(gateway), await join(gateway), await join(gateway, { protocol: 3 })]
    let round = 0
    await fc.assert(
      fc.asyncProperty(fc.array(move, { maxLength: 25 }), fc.boolean(), async (moves, overHttp) => {
        const key = `agent:main:round-${++round}`
        const body = JSON.stringify({ model: 'openclaw', stream: true, messages: [{ role: 'user', content: 'go' }] })
        const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', 'x-openclaw-session-key': key }
        const post = () => gateway.fetch(new Request('http://127.0.0.1:18789/v1/chat/completions', { method: 'POST', body, headers }), { remoteAddress: '127.0.0.1' })
        const http = overHttp ? post() : null
        if (!overHttp) await quick.client.call('chat.send', { sessionKey: key, message: 'go', idempotencyKey: `r${round}` })
        let spoken = ''
        for (const each of moves) {
          if (typeof each === 'string') {
            spoken += each
            say({ type: 'text', text: each })
          } else if (each.what === 'pass') await clock.advance(100)
          else if (each.what === 'drained') gateway.socket.drained(slow.peer)
          else slow.peer.waiting = each.what === 'slow' ? 200_000 : 0
          await settled()
        }
        say({ type: 'stop', reason: 'stop' })
        await clock.advance(200)
        slow.peer.waiting = 0
        await clock.advance(200)
        const final = quick.client.events('chat').find((payload) => payload.sessionKey === key && payload.state === 'final')
        expect(textIn(final.message)).toBe(spoken)
        for (const { client } of [quick, slow]) {
          const deltas = deltasOf(client, final.runId)
          expect(deltas.map((payload) => payload.deltaText).join('')).toBe(spoken)
          const told = client.events('chat').filter((payload) => payload.runId === final.runId)
          expect(told.at(-1)).toEqual(final)
        }
        const seen = deltasOf(old.client, final.runId)
        for (const payload of seen) expect(payload).not.toHaveProperty('deltaText')
        if (http) {
          const chunks = (await (await http).text()).split('\n\n').filter((line) => line.startsWith('data: {'))
          expect(chunks.map((line) => (JSON.parse(line.slice(6)) as Data).choices[0]?.delta.content ?? '').join('')).toBe(spoken)
        }
      }),
      { numRuns: 25 },
    )
  })

  it('is merged into few frames for who does not keep up, and comes before the end', async () => {
    const { gateway, clock, say } = await speaking()
    const [quick, slow] = [await join(gateway), await join(gateway)]
    await quick.client.call('chat.send', { sessionKey: KEY, message: 'go', idempotencyKey: 'r' })
    slow.peer.waiting = 200_000
    for (const text of ['one ', 'two ', 'three ']) {
      say({ type: 'text', text })
      await settled()
    }
    expect(deltasOf(quick.client, 'r').map((payload) => payload.deltaText)).toEqual(['one ', 'two ', 'three '])
    expect(deltasOf(slow.client, 'r').map((payload) => payload.deltaText).join('').length).toBeLessThan('one two three '.length)
    say({ type: 'text', text: 'four' }, { type: 'stop', reason: 'stop' })
    await clock.advance(200)
    const states = slow.client.events('chat').map((payload) => payload.state as string)
    expect(states.filter((state) => state === 'delta').length).toBeLessThan(4)
    expect(states.at(-1)).toBe('final')
    expect(deltasOf(slow.client, 'r').map((payload) => payload.deltaText).join('')).toBe('one two three four')
  })

  it('is whole before the end of the run, whatever else is being written meanwhile', async () => {
    const { runs, commit, sql } = await createConversation({ config: PLAYED, providers: [playedProvider(async function* () { yield answer('all of it') })] }) // prettier-ignore
    sql.exec('CREATE TABLE others (n INTEGER PRIMARY KEY)')
    sql.sync = () => settled() // a disk that takes its time
    let isBusy = true
    const write = () => {
      if (!isBusy) return
      commit.tx(() => sql.run('INSERT INTO others DEFAULT VALUES'))
      setImmediate(write)
    }
    write()
    for (let n = 0; n < 20; n++) {
      const { run } = runs.start({ ...requestOf('x', { origin: 'http' }), runId: `r${n}`, sessionKey: `agent:main:${n}` })
      let heard = ''
      run!.listen((progress) => void (heard += progress.text))
      await run!.done
      expect(heard).toBe('all of it')
    }
    isBusy = false
  })
})
