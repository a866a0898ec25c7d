// Cold start, handshakes, and the cheapest request.

import { join, joinMany, type BenchClient } from './client.ts'
import { cpuSeconds, rssMb } from './proc.ts'
import { closedLoop, median, onOne, quantile, timed, type Measured, type Suite } from './suite.ts'
import type { Target } from './targets.ts'

/** From the start of the process to the first hello-ok, with an empty state directory. */
export const cold: Suite = {
  name: 'cold',
  async measure(bench, kind, quick) {
    const starts: { ms: number; cpu: number; rss: number }[] = []
    for (let n = 0; n < (quick ? 1 : 5); n++) {
      const target = await bench.start(kind)
      try {
        const client = await join(target)
        starts.push({ ms: performance.now() - target.begunAt, cpu: cpuSeconds(target.pid), rss: rssMb(target.pid) })
        client.close()
      } finally {
        await target.stop()
      }
    }
    const of = (member: 'ms' | 'cpu' | 'rss') => starts.map((start) => start[member])
    // The kernel counts CPU in hundredths of a second: their mean says more than their median.
    const cpu = of('cpu').reduce((sum, each) => sum + each, 0) / starts.length
    return { 'to hello-ok, ms': median(of('ms')), 'to hello-ok, CPU s': cpu, 'memory then, MB': median(of('rss')) }
  },
}

export const handshake = onOne('handshake', async (target, quick): Promise<Measured> => {
  const shake = async () => (await join(target)).close()
  await closedLoop(quick ? 20 : 50, 1, shake)
  const alone = await closedLoop(quick ? 50 : 200, 1, shake)
  const count = quick ? 200 : 1000
  const { cpu, seconds } = await timed(target, () => closedLoop(count, 16, shake))
  return {
    'one by one, ms p50': quantile(alone, 0.5),
    'one by one, ms p99': quantile(alone, 0.99),
    '16 at once, /s': count / seconds,
    'CPU ms each': (cpu * 1000) / count,
  }
})

const health = (client: BenchClient): Promise<void> => new Promise((resolve) => client.ask('health', '{}', () => resolve()))

async function callHealth(target: Target, clients: number, depth: number, count: number): Promise<Measured> {
  const all = await joinMany(target, clients)
  const loop = (calls: number) => closedLoop(calls, clients * depth, (n) => health(all[n % clients]!))
  await loop(count / 10)
  const { result: took, cpu, seconds } = await timed(target, () => loop(count))
  for (const client of all) client.close()
  const row = (what: string) => `health ${clients}×${depth}, ${what}`
  return {
    [row('ms p50')]: quantile(took, 0.5),
    [row('ms p99')]: quantile(took, 0.99),
    [row('/s')]: count / seconds,
    [row('CPU µs each')]: (cpu * 1e6) / count,
  }
}

export const rpc = onOne('rpc', async (target, quick) => ({
  ...(await callHealth(target, 1, 1, quick ? 2000 : 15_000)),
  ...(await callHealth(target, 50, 4, quick ? 10_000 : 80_000)),
}))
