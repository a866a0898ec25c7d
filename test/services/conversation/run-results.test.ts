// The end of a run on its way to the disk.

import { expect, it } from 'vitest'
import { createLogger, type LogRecord } from '../../../src/kit/log.ts'
import { noUsage } from '../../../src/protocol/shapes.ts'
import { createRunResults } from '../../../src/services/conversation/run-results.ts'
import type { RunResult } from '../../../src/services/conversation/run-table.ts'
import { settled } from '../../harness/clock.ts'
import { foundation } from '../../harness/foundation.ts'

const RESULT: RunResult = { state: 'ok', text: 'said', stopReason: 'stop', toolCalls: [], usage: noUsage(), provider: 'p', model: 'm', startedAt: 1, endedAt: 2 }

function make() {
  const base = foundation()
  const logged: LogRecord[] = []
  return { ...base, logged, results: createRunResults({ ...base, log: createLogger('test', (record) => logged.push(record), base.clock.now) }) }
}

/** Work that fails so often. */
function failing(times: number) {
  const attempts: boolean[] = []
  const work = (isRepeated: boolean) => {
    attempts.push(isRepeated)
    if (attempts.length <= times) throw new Error('the disk is full')
  }
  return { attempts, work }
}

it('is the result, written once', async () => {
  const { results, logged } = make()
  const { attempts, work } = failing(0)
  expect(await results.keep('r', RESULT, work)).toBe(RESULT)
  expect([attempts, results.unkept('r'), logged]).toEqual([[false], undefined, []])
})

it('is tried again a second later, and says that it is', async () => {
  const { results, clock } = make()
  const { attempts, work } = failing(1)
  const kept = results.keep('r', RESULT, work)
  await settled()
  await clock.advance(999)
  expect(attempts).toEqual([false])
  await clock.advance(1)
  expect(await kept).toBe(RESULT)
  expect(attempts).toEqual([false, true])
})

it('is an error when it cannot be kept, and remembered as such', async () => {
  const { results, clock, logged } = make()
  const { attempts, work } = failing(9)
  const kept = results.keep('r', RESULT, work)
  for (let second = 0; second < 4; second++) await clock.advance(1000)
  expect(await kept).toMatchObject({ state: 'error', text: 'said', error: { kind: 'internal', message: expect.stringContaining('free some space') } })
  expect(results.unkept('r')).toBe(await kept)
  expect([attempts.length, logged.length]).toEqual([3, 3])
})

it('remembers a bounded number of them', async () => {
  const { results, clock } = make()
  for (let n = 0; n <= 1000; n++) void results.keep(`r${n}`, RESULT, failing(9).work)
  for (let second = 0; second < 4; second++) await clock.advance(1000)
  expect([results.unkept('r0'), results.unkept('r1000')?.state]).toEqual([undefined, 'error'])
})
