// How fast sessions and messages are written, durably where the server stores them, and how reading them grows.

import { join, type BenchClient } from './client.ts'
import { closedLoop, onOne, quantile, type Measured } from './suite.ts'

/** Requests under way at a time while filling. */
const WIDTH = 16
const PAGE = 50

const sessionKey = (n: number) => `agent:main:bench-${n}`
const number = (n: number) => n.toLocaleString('en')

async function fill(from: number, to: number, add: (n: number) => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await closedLoop(to - from, WIDTH, (n) => add(from + n))
  return (to - from) / ((performance.now() - begun) / 1000)
}

async function read(client: BenchClient, quick: boolean, method: string, params: unknown): Promise<number> {
  const call = () => client.call(method, params)
  await closedLoop(20, 1, call)
  return quantile(await closedLoop(quick ? 50 : 300, 1, call), 0.5)
}

export const growth = onOne('growth', async (target, quick) => {
  const client = await join(target)
  const levels = quick ? [10, 300] : [10, 1000, 10_000]
  const measured: Measured = {}
  const steps = levels.map((to, index) => [index === 0 ? 0 : levels[index - 1]!, to] as const)
  for (const [from, to] of steps) {
    const rate = await fill(from, to, (n) => client.call('sessions.create', { key: sessionKey(n) }))
    if (from > 0) measured[`sessions.create up to ${number(to)}, /s`] = rate
    measured[`sessions.list(${PAGE}) of ${number(to)}, ms p50`] = await read(client, quick, 'sessions.list', { limit: PAGE })
  }
  for (const [from, to] of steps) {
    const message = (n: number) => `message ${n}, with a little text in it, as people write`
    const rate = await fill(from, to, (n) => client.call('chat.inject', { sessionKey: sessionKey(0), message: message(n) }))
    if (from > 0) measured[`chat.inject up to ${number(to)}, /s`] = rate
    measured[`chat.history(${PAGE}) of ${number(to)}, ms p50`] = await read(client, quick, 'chat.history', { sessionKey: sessionKey(0), limit: PAGE })
  }
  client.close()
  return measured
})
