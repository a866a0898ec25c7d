import { expect, it } from 'vitest'
import { createConversation, requestOf, KEY, playedProvider, PLAYED, call, answer } from './conversation.ts'
import { defineTool } from '../../../src/services/conversation/tools.ts'
import * as z from 'zod'
import { script } from '../../suites/target.ts'
import { settled } from '../../harness/clock.ts'
import { createEventStream } from '../../../src/http/sse.ts'
import { fakeClock } from '../../harness/clock.ts'
import { startGateway, TOKEN, testPlatform } from '../../harness/platform.ts'
import { join } from '../../harness/peer.ts'

it('flush failure duplicates', async () => {
  const c = await createConversation()
  const { run } = c.runs.start(requestOf(script({ text: 'hi' }, { delayMs: 10 })))
  await settled()
  c.sql.sync = () => Promise.reject(new Error('disk'))
  await c.clock.advance(10)
  c.sql.sync = async () => {}
  await c.clock.advance(10000)
  console.log(await run!.done, c.said(KEY), c.sessions.get(KEY))
})
it('rolled back changes come back', async () => {
  const c = await createConversation()
  c.sessions.create({ key: 'agent:main:one', label: 'taken', via: 'operator' })
  await settled()
  expect(() => c.sessions.patch('agent:main:two', { label: 'taken' })).toThrow()
  console.log('page', c.sessions.page({}, 10, 0).map((r) => r.key), c.sessions.count({}))
  console.log('get', c.sessions.get('agent:main:two')?.key)
  await settled()
  console.log(c.told.map((t) => [t.name, t.payload.sessionKey, t.payload.reason, t.payload.session?.key]))
})
it('tool after abort', async () => {
  let called = 0
  const c = await createConversation({ config: PLAYED, providers: [playedProvider(async function* (r) { if (r.messages.at(-1)?.role !== 'tool') yield [call('act'), { type: 'stop', reason: 'tool_calls' }]; else yield answer('done') })] })
  const slow = Promise.withResolvers<string>()
  c.tools.add(defineTool({ name: 'act', description: '', scope: 'operator.read', params: z.strictObject({}), run: () => { called++; return slow.promise } }))
  const { run } = c.runs.start(requestOf('go'))
  await settled()
  console.log('called', called)
  run!.abort('rpc')
  await run!.done
  slow.resolve('late')
  await settled()
  console.log(c.said(KEY))
  // held
  called = 0
  const held = Promise.withResolvers<void>()
  const { run: second } = c.runs.start(requestOf('again', { sessionKey: 'agent:main:b' }))
  c.sql.sync = () => held.promise
  await settled()
  console.log('called before', called)
  second!.abort('rpc')
  await settled()
  held.resolve(); c.sql.sync = async () => {}
  await settled()
  console.log('called after abort', called, c.said('agent:main:b'))
})
it('sse leak', async () => {
  const clock = fakeClock()
  let gone = 0
  const s = createEventStream(clock, () => gone++)
  s.write('x'.repeat(9 * 1024 * 1024))
  await clock.advance(15000)
  console.log('gone', gone, 'pending', clock.pending)
  await clock.advance(60000)
  console.log('pending', clock.pending)
})
it('http odd', async () => {
  const { gateway, platform } = await startGateway({ platform: testPlatform({ assets: async () => { throw new Error('boom') } }) })
  const get = (p: string, h = {}) => gateway.fetch(new Request('http://127.0.0.1:18789' + p, { headers: { authorization: `Bearer ${TOKEN}`, ...h } }), { remoteAddress: '127.0.0.1' })
  for (const p of ['/v1/models/%zz', '/v1/models/%E0%A4%A', '/page']) {
    const r = await get(p)
    console.log(p, r.status, r.headers.get('x-request-id'), await r.text())
  }
  console.log(platform.logged.slice(-3))
})
it('agent after not kept', async () => {
  const { gateway, platform, clock } = await startGateway()
  const { client } = await join(gateway)
  const params = { message: script({ text: 'hi' }, { delayMs: 10 }), sessionKey: 'agent:main:z', idempotencyKey: 'k' }
  await client.request('agent', params)
  platform.sql.sync = () => Promise.reject(new Error('disk'))
  await clock.advance(20)
  for (let i = 0; i < 5; i++) await clock.advance(3000)
  platform.sql.sync = async () => {}
  await clock.advance(3000)
  const hist = await client.call('chat.history', { sessionKey: 'agent:main:z' })
  console.log(hist.messages.length)
  console.log(client.frames.slice(-3))
  console.log(await client.request('agent', params))
})
