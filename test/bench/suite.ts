// What a measurement is, and the figures that all of them take.

import { cpuSeconds } from './proc.ts'
import type { Bench, Kind, Target } from './targets.ts'

/** Values by the name of their row; the name ends with the unit. */
export type Measured = Record<string, number>

export interface Suite {
  readonly name: string
  /** Measures one server, on processes of its own. */
  measure(bench: Bench, kind: Kind, quick: boolean): Promise<Measured>
}

/** A suite that needs one running server. */
export const onOne = (name: string, measure: (target: Target, quick: boolean) => Promise<Measured>): Suite => ({
  name,
  async measure(bench, kind, quick) {
    const target = await bench.start(kind)
    try {
      return await measure(target, quick)
    } finally {
      await target.stop()
    }
  },
})

/** What `work` gave, how long it took, and the CPU seconds of the server meanwhile. */
export async function timed<T>(target: Target, work: () => Promise<T>): Promise<{ result: T; seconds: number; cpu: number }> {
  const [cpu, begun] = [cpuSeconds(target.pid), performance.now()]
  const result = await work()
  return { result, seconds: (performance.now() - begun) / 1000, cpu: cpuSeconds(target.pid) - cpu }
}

/** The smallest value that at least `share` of the values do not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Does `count` things, `width` of them at a time, and says how many milliseconds each took. */
export async function closedLoop(count: number, width: number, work: (n: number) => Promise<unknown>): Promise<number[]> {
  const took: number[] = []
  let begun = 0
  const one = async () => {
    while (begun < count) {
      const n = begun++
      const at = performance.now()
      await work(n)
      took.push(performance.now() - at)
    }
  }
  await Promise.all(Array.from({ length: width }, one))
  return took
}
