// The start-up sequence: named phases, in order. They carry the names of the design's initialization sequence; those
// whose features do not exist yet (plugins, discovery, hot reload, sidecars, exposure) are not here.

import { messageOf, type Logger } from './kit/log.ts'
import type { Clock } from './ports/clock.ts'

export interface Phase {
  readonly name:
    | 'configuration'
    | 'core'
    | 'runtime configuration'
    | 'state'
    | 'services'
    | 'events'
    | 'maintenance'
    | 'socket'
    | 'listen'
    | 'after start'
  /** What to do when it fails; said behind the reason. */
  readonly mend: string
  run(): void | Promise<void>
}

/** The start stopped. The message names the phase, the reason and the way out. */
export class StartError extends Error {
  readonly phase: string

  constructor({ name, mend }: Phase, cause: unknown) {
    super(`the start failed in the phase "${name}": ${messageOf(cause)}\n${mend}`, { cause })
    this.phase = name
  }
}

export async function walkPhases(phases: readonly Phase[], clock: Clock, log: Logger): Promise<void> {
  const spans: string[] = []
  for (const phase of phases) {
    const startedAt = clock.now()
    try {
      await phase.run()
    } catch (error) {
      throw new StartError(phase, error)
    }
    spans.push(`${phase.name} ${clock.now() - startedAt} ms`)
  }
  log.info(`started: ${spans.join(', ')}`)
}
