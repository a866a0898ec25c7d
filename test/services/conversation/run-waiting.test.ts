// Those who wait for the end of a run.

import { expect, it } from 'vitest'
import { noUsage } from '../../../src/protocol/shapes.ts'
import type { RunResult } from '../../../src/services/conversation/run-table.ts'
import { createRunWaiting } from '../../../src/services/conversation/run-waiting.ts'
import { fakeClock, settled } from '../../harness/clock.ts'

const RESULT: RunResult = { state: 'ok', text: 'said', stopReason: 'stop', toolCalls: [], usage: noUsage(), provider: 'p', model: 'm', startedAt: 1, endedAt: 2 }

function make() {
  const clock = fakeClock()
  const runs = new Map<string, { id: string; done: Promise<RunResult> }>()
  const ended = new Map<string, RunResult>()
  const waiting = createRunWaiting({ clock, live: (id) => runs.get(id), resultOf: (id) => ended.get(id) ?? null })
  const start = (id: string) => {
    const { promise, resolve } = Promise.withResolvers<RunResult>()
    runs.set(id, { id, done: promise })
    return resolve
  }
  return { clock, runs, ended, waiting, start }
}

it('have the result of one that has ended at once', async () => {
  const { waiting, ended, clock } = make()
  ended.set('r', RESULT)
  expect(await waiting.wait('r', 1000)).toBe(RESULT)
  expect(clock.pending).toBe(0)
})

it('have it when one that runs ends, and leave no timer behind', async () => {
  const { waiting, start, clock } = make()
  const end = start('r')
  const waited = waiting.wait('r', 1000)
  end(RESULT)
  expect(await waited).toBe(RESULT)
  expect(clock.pending).toBe(0)
})

it('wait for one that has not come yet, however many they are', async () => {
  const { waiting, start, runs } = make()
  const waited = [waiting.wait('r', 1000), waiting.wait('r', 1000)]
  const end = start('r')
  waiting.arrived(runs.get('r')!)
  end(RESULT)
  expect(await Promise.all(waited)).toEqual([RESULT, RESULT])
})

it('hear nothing when their time is over, and are forgotten', async () => {
  const { waiting, clock, start, runs } = make()
  const end = start('slow')
  const waited = [waiting.wait('slow', 1000), waiting.wait('never', 1000)]
  await clock.advance(1000)
  expect(await Promise.all(waited)).toEqual([null, null])
  end(RESULT)
  waiting.arrived(runs.get('slow')!)
  await settled()
  expect(clock.pending).toBe(0)
})

it('are not expected in any number: one too many waits its time in vain', async () => {
  const { waiting, start, runs, clock } = make()
  for (let n = 0; n < 1000; n++) void waiting.wait(`other ${n}`, 5000)
  const waited = waiting.wait('r', 1000)
  start('r')(RESULT)
  waiting.arrived(runs.get('r')!)
  await clock.advance(1000)
  expect(await waited).toBeNull()
})
