// One run that many operators listen to: how old each delta is when it arrives at each of them, and how long after the
// last delta the last of them knows that the run is over. Frames are counted too, because a gateway may merge deltas.

import { joinMany, within, type BenchClient } from './client.ts'
import { nowUs, order, stampsIn } from './stamps.ts'
import { onOne, quantile, timed, type Measured } from './suite.ts'
import type { Target } from './targets.ts'

const LIMIT_MS = 60_000
const NAME_AT = '{"type":"event",'.length
const CHAT = '"event":"chat"'
const DELTA = '"deltaText":"'
const FINAL = '"state":"final"'

interface Heard {
  readonly lagsMs: number[]
  frames: number
  deltas: number
  finals: number
  /** When the newest delta was written by the upstream. */
  lastStamp: number
  lastFinal: number
}

/** Takes in one frame. True when it was the final one of this client. */
function hear(heard: Heard, frame: Buffer): boolean {
  heard.frames++
  if (frame.toString('latin1', NAME_AT, NAME_AT + CHAT.length) !== CHAT) return false
  const now = nowUs()
  const at = frame.indexOf(DELTA)
  if (at !== -1) {
    const begin = at + DELTA.length
    for (const stamp of stampsIn(frame.toString('latin1', begin, frame.indexOf('"', begin)))) {
      heard.lagsMs.push((now - stamp) / 1000)
      heard.deltas++
      if (stamp > heard.lastStamp) heard.lastStamp = stamp
    }
    return false
  }
  if (!frame.includes(FINAL)) return false
  heard.finals++
  heard.lastFinal = now
  return true
}

async function run(clients: readonly BenchClient[], deltas: number, everyMs: number): Promise<Heard> {
  const heard: Heard = { lagsMs: [], frames: 0, deltas: 0, finals: 0, lastStamp: 0, lastFinal: 0 }
  const done = Promise.withResolvers<void>()
  for (const client of clients) {
    client.onEvent = (frame) => {
      if (hear(heard, frame) && heard.finals === clients.length) done.resolve()
    }
  }
  const runId = crypto.randomUUID()
  await clients[0]!.call('chat.send', { sessionKey: `agent:main:${runId}`, message: order(deltas, everyMs), idempotencyKey: runId })
  await within(LIMIT_MS, 'the end of the run', done.promise)
  if (heard.deltas !== deltas * clients.length) throw new Error(`${heard.deltas} deltas arrived instead of ${deltas * clients.length}`)
  return heard
}

async function measureRun(target: Target, clients: readonly BenchClient[], how: string, deltas: number, everyMs: number): Promise<Measured> {
  const { result, cpu } = await timed(target, () => run(clients, deltas, everyMs))
  const { lagsMs, frames, lastStamp, lastFinal } = result
  const row = (what: string) => `${clients.length.toLocaleString('en')} clients ${how}, ${what}`
  return {
    [row('lag ms p50')]: quantile(lagsMs, 0.5),
    [row('lag ms p99')]: quantile(lagsMs, 0.99),
    [row('last delta to last final, ms')]: (lastFinal - lastStamp) / 1000,
    [row('CPU s')]: cpu,
    [row('frames each')]: frames / clients.length,
  }
}

export const fanout = onOne('fanout', async (target, quick) => {
  const measured: Measured = {}
  const clients: BenchClient[] = []
  for (const count of [200, 1000]) {
    clients.push(...(await joinMany(target, count - clients.length)))
    await run(clients, 20, 0) // warms up
    Object.assign(measured, await measureRun(target, clients, 'paced', quick ? 50 : 100, 20))
    Object.assign(measured, await measureRun(target, clients, 'burst', 200, 0))
  }
  for (const client of clients) client.close()
  return measured
})
