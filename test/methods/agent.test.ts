// Runs that a program waits for: what it is told when the end of one could not be kept.

import { expect, it } from 'vitest'
import { settled } from '../harness/clock.ts'
import { join } from '../harness/peer.ts'
import { startGateway } from '../harness/platform.ts'
import { script } from '../suites/target.ts'

it('says the same of a result that could not be written whenever it is asked: agent, agent.wait, and agent with the key again', async () => {
  const { gateway, platform, clock } = await startGateway()
  const { client } = await join(gateway)
  const { sql } = platform
  const { run } = sql
  Object.assign(sql, {
    run(...[query, ...params]: Parameters<typeof run>) {
      if (query.startsWith('UPDATE runs SET state = ?')) throw new Error('the disk is full')
      run(query, ...params)
    },
  })
  const params = { message: script({ text: 'lost' }), idempotencyKey: 'r' }
  expect(await client.call('agent', params)).toMatchObject({ status: 'accepted' })
  await settled()
  await clock.advance(3000)
  const { id } = client.frames.findLast((frame) => frame.type === 'res')!
  const answers = client.frames.filter((frame) => frame.type === 'res' && frame.id === id)
  const lost = { code: 'UNAVAILABLE', message: expect.stringContaining('could not be written to disk'), details: { runId: 'r', status: 'error' } }
  expect(answers.at(-1)!.error).toMatchObject(lost)
  expect((await client.request('agent', params)).error).toMatchObject(lost)
  expect(await client.call('agent.wait', { runId: 'r', timeoutMs: 0 })).toMatchObject({ status: 'error', error: expect.stringContaining('could not be written') })
})
