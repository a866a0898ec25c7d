// How the end of a run gets onto the disk: tried again when that fails, and remembered when it is given up.

import { messageOf, type Logger } from '../../kit/log.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Gate } from '../../store/gate.ts'
import type { RunResult } from './run-table.ts'

export interface RunResults {
  /**
   * Calls `work`, which writes the result, until it is on disk. What is told of the run: the result, or that it could not
   * be kept.
   */
  keep(runId: string, result: RunResult, work: (isRepeated: boolean) => void): Promise<RunResult>
  /** What was told of a run whose result could not be kept: until the next start it is what became of it. */
  unkept(runId: string): RunResult | undefined
}

/** How often a result is tried to be written before it is given up. */
const WRITE_ATTEMPTS = 3
/** Results that are remembered because they could not be written. */
const MAX_UNKEPT = 1000

const NOT_KEPT = {
  message: 'the answer could not be written to disk: free some space, and look at the log of the gateway',
  kind: 'internal',
} as const

export function createRunResults({ gate, clock, log }: { gate: Gate; clock: Clock; log: Logger }): RunResults {
  const unkept = new Map<string, RunResult>()

  async function write(runId: string, work: (isRepeated: boolean) => void): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      const since = gate.mark()
      try {
        work(attempt > 1)
        await gate.passed(since)
        return true
      } catch (error) {
        log.error(`the result of run ${runId} could not be written`, { attempt, error: messageOf(error) })
        if (attempt === WRITE_ATTEMPTS) return false
        await new Promise<void>((resolve) => clock.after(1000 * attempt, resolve))
      }
    }
  }

  return {
    async keep(runId, result, work) {
      if (await write(runId, work)) return result
      const told: RunResult = { ...result, state: 'error', stopReason: 'error', error: NOT_KEPT }
      if (unkept.size >= MAX_UNKEPT) unkept.delete(unkept.keys().next().value!)
      unkept.set(runId, told)
      return told
    },
    unkept: (runId) => unkept.get(runId),
  }
}
