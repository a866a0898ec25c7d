// A day of a gateway with many jobs, in which it dies again and again. Every slot must be accounted for once, and none
// may have started twice.
//   node test/chaos/cron-simulation.ts --jobs 200 --hours 24 --restarts 100 [--seed 1]

import { parseArgs } from 'node:util'
import { simulate } from '../services/automation/simulation.ts'

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '200' },
    hours: { type: 'string', default: '24' },
    restarts: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
})

const summary = await simulate({
  jobs: Number(values.jobs),
  hours: Number(values.hours),
  restarts: Number(values.restarts),
  seed: Number(values.seed),
})
console.log(JSON.stringify(summary, null, 2))
const { doubleStarts, unaccounted, accountedTwice, stillOpen } = summary
if (doubleStarts + unaccounted + accountedTwice + stillOpen > 0) process.exitCode = 1
