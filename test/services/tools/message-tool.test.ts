import { expect, it } from 'vitest'
import { createMessageTool } from '../../../src/services/tools/message-tool.ts'
import { settled } from '../../harness/clock.ts'
import { openBench } from './bench.ts'

it('writes into a session, by key or label, and nowhere else', async () => {
  const bench = await openBench()
  bench.add([createMessageTool(bench)])
  bench.sessions.create({ key: 'agent:main:there', label: 'there', via: 'operator' })
  expect(await bench.json('message', { target: 'agent:main:there', message: 'one' })).toMatchObject({ sent: true, sessionKey: 'agent:main:there' })
  expect(await bench.json('message', { action: 'send', target: 'there', message: 'two', channel: 'webchat' })).toMatchObject({ sent: true })
  expect(bench.said('agent:main:there')).toEqual(['assistant: one', 'assistant: two'])
  await settled()
  expect(bench.heard('chat').map((payload) => payload.state)).toEqual(['final', 'final'])
  expect((await bench.use('message', { target: 'nobody', message: 'x' })).text).toContain('there is no session')
  expect((await bench.use('message', { target: 'there', message: 'x', channel: 'signal' })).text).toContain('no channel "signal" is set up here')
})
