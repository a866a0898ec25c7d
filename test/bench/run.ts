// Compares the built gateway with a bare server, in one run on one machine: `npm run bench`. Rounds alternate between
// the two, and turn the order round each time. Wall-clock figures follow what else the machine does; CPU and ratios are
// the steadier ones. Needs Linux.
//   --quick            a smoke run under a minute
//   --only a,b         some of: cold, handshake, rpc, fanout, completions, growth
//   --rounds 3

import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { completions } from './completions.ts'
import { cold, handshake, rpc } from './connections.ts'
import { fanout } from './fanout.ts'
import { growth } from './growth.ts'
import { watchLoad } from './proc.ts'
import type { Suite } from './suite.ts'
import { toCaveats, toTable, type Sample } from './table.ts'
import { KINDS, openBench } from './targets.ts'

const SUITES: readonly Suite[] = [cold, handshake, rpc, fanout, completions, growth]
const LIMIT_MS = 20 * 60_000

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' }, rounds: { type: 'string' } },
})
const { quick, only } = values
const rounds = Number(values.rounds ?? (quick ? 1 : 3))
const wanted = only?.split(',') ?? SUITES.map((suite) => suite.name)
const unknown = wanted.find((name) => !SUITES.some((suite) => suite.name === name))

function giveUp(why: string): never {
  process.stderr.write(`${why}\n`)
  process.exit(1)
}
if (unknown !== undefined) giveUp(`there is no suite "${unknown}": choose of ${SUITES.map((suite) => suite.name).join(', ')}`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => giveUp(signal))
setTimeout(() => giveUp(`not done after ${LIMIT_MS / 60_000} minutes`), LIMIT_MS).unref()

const samples: Sample[] = []
const bench = await openBench()
try {
  for (let round = 1; round <= rounds; round++) {
    for (const suite of SUITES.filter(({ name }) => wanted.includes(name))) {
      for (const kind of round % 2 === 1 ? KINDS : KINDS.toReversed()) {
        process.stderr.write(`round ${round} of ${rounds}: ${suite.name}, ${kind}\n`)
        const watched = watchLoad(bench.upstream.pid)
        const measured = await suite.measure(bench, kind, quick)
        samples.push({ suite: suite.name, kind, measured, load: watched() })
      }
    }
  }
} finally {
  await bench.close()
}
const machine = `${cpus().length} cores, Node ${process.version}, rounds: ${rounds}`
process.stdout.write(`${toTable(samples)}\n\n${machine}\n${toCaveats(samples)}\n`)
