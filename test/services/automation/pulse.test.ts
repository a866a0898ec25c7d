// When heartbeats are due.

import { expect, it } from 'vitest'
import { createHeartbeatSettings } from '../../../src/services/automation/heartbeat-settings.ts'
import { createPulse } from '../../../src/services/automation/pulse.ts'
import { createWakeups } from '../../../src/services/operations/wakeups.ts'
import { fakeClock, type FakeClock } from '../../harness/clock.ts'
import { memorySql, type TestSql } from '../../harness/sql.ts'
import { createConversation, PLAYED } from '../conversation/conversation.ts'

const MINUTE = 60_000
const NOW = Date.UTC(2026, 0, 1)

async function setUp(heartbeat: object, { sql = memorySql(), clock = fakeClock() }: { sql?: TestSql; clock?: FakeClock } = {}) {
  const c = await createConversation({ sql, clock, config: { ...PLAYED, agents: { defaults: { ...PLAYED.agents.defaults, heartbeat } } } })
  const alarm = { at: null as number | null }
  const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }
  const wakeups = createWakeups({ alarm: { set: (at) => void (alarm.at = at) }, clock, log })
  const beats: number[] = []
  const pulse = createPulse({ ...c, settings: createHeartbeatSettings({ ...c, hibernates: true }), wakeups, due: () => void beats.push(clock.now() - NOW) })
  return {
    sql, clock, pulse, beats, alarm,
    async pass(ms: number) {
      const until = clock.now() + ms
      while (alarm.at !== null && alarm.at <= until) {
        await clock.advance(Math.max(0, alarm.at - clock.now()))
        await wakeups.ring()
      }
      await clock.advance(until - clock.now())
    },
  } // prettier-ignore
}

it('beats at even distances', async () => {
  const { pulse, beats, pass } = await setUp({ every: '10m' })
  pulse.begin(true)
  await pass(60 * MINUTE)
  expect(beats).toHaveLength(6)
  expect(new Set(beats.slice(1).map((at, n) => at - beats[n]!))).toEqual(new Set([10 * MINUTE]))
})

it('sets no alarm when it is off', async () => {
  const { pulse, alarm } = await setUp({ every: '10m' })
  pulse.begin(true)
  expect(alarm.at).not.toBeNull()
  pulse.begin(false)
  expect(alarm.at).toBeNull()
  const never = await setUp({ every: '0m' })
  never.pulse.begin(true)
  expect(never.alarm.at).toBeNull()
  pulse.begin(true)
  pulse.end()
  expect(alarm.at).toBeNull()
})

it('keeps the time of a beat over a sleep', async () => {
  const first = await setUp({ every: '10m' })
  first.pulse.begin(true)
  const due = first.alarm.at!
  await first.clock.advance(due - NOW + 5)
  const second = await setUp({ every: '10m' }, first)
  second.pulse.begin(true)
  expect(second.alarm.at).toBe(due)
  await second.pass(0)
  expect([second.beats.length, second.alarm.at]).toEqual([1, due + 10 * MINUTE])
})

it('takes up a new distance at once', async () => {
  const first = await setUp({ every: '10h' })
  first.pulse.begin(true)
  const second = await setUp({ every: '1m' }, first)
  second.pulse.begin(true)
  expect(second.alarm.at! - NOW).toBeLessThanOrEqual(MINUTE)
})

it('passes over hours in which nobody is to be disturbed', async () => {
  const { pulse, beats, pass, alarm } = await setUp({ every: '30m', activeHours: { start: '09:00', end: '10:00', timezone: 'UTC' } })
  pulse.begin(true)
  expect(alarm.at! - NOW).toBeGreaterThanOrEqual(9 * 60 * MINUTE)
  await pass(48 * 60 * MINUTE)
  expect(beats.map((at) => Math.floor(at / MINUTE / 60) % 24)).toEqual([9, 9, 9, 9])
})
