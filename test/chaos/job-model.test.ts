// What the model counts as a start too many.

import { expect, it } from 'vitest'
import { countExcess } from './job-model.ts'

const runs = [
  { job: 'job 1', begin: 2000, end: null },
  { job: 'job 1', begin: 1000, end: 1500 },
  { job: 'job 2', begin: 1000, end: 1500 },
]

it('has one start for each run, or none', () => {
  expect(countExcess([{ job: 'job 1', at: 1000 }, { job: 'job 1', at: 2100 }, { job: 'job 2', at: 1500 }], runs)).toBe(0)
  expect(countExcess([], runs)).toBe(0)
})

it('finds a run that began twice, one that nobody knows, and one of a job that has none', () => {
  expect(countExcess([{ job: 'job 1', at: 1200 }, { job: 'job 1', at: 1400 }], runs)).toBe(1)
  expect(countExcess([{ job: 'job 2', at: 1600 }], runs)).toBe(1)
  expect(countExcess([{ job: 'job 3', at: 1000 }], runs)).toBe(1)
})
