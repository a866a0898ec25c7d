// A day of a gateway with many jobs, in which it dies again and again. Every slot must be accounted for once, and none
// may have started twice.
//   node test/chaos/cron-simulation.ts --jobs 200 --hours 24 --restarts 100 [--seed 1]

import { simulate } from '../services/automation/simulation.ts'
import { readNumbers } from './numbers.ts'

const summary = await simulate(readNumbers({ jobs: 200, hours: 24, restarts: 100, seed: 1 }))
console.log(JSON.stringify(summary, null, 2))
const { doubleStarts, unaccounted, accountedTwice, stillOpen } = summary
if (doubleStarts + unaccounted + accountedTwice + stillOpen > 0) process.exitCode = 1
