// What services tell of themselves on the health and status pages. They name it here; the pages know nothing of them.

export interface HeartbeatFacts {
  readonly enabled: boolean
  /** As it was written; `disabled`. */
  readonly every: string
  readonly everyMs: number | null
  readonly prompt: string
  readonly target: string
  readonly ackMaxChars: number
}

export interface Vitals {
  /** How the heartbeat of an agent is set. */
  heartbeatOf(agentId: string): HeartbeatFacts
  /** Texts that agents are told at their next turns. */
  queuedEvents(): readonly string[]
  tell(sources: Partial<Pick<Vitals, 'heartbeatOf' | 'queuedEvents'>>): void
}

const NO_HEARTBEAT: HeartbeatFacts = { enabled: false, every: 'disabled', everyMs: null, prompt: '', target: 'none', ackMaxChars: 0 }

export function createVitals(): Vitals {
  let told: Partial<Pick<Vitals, 'heartbeatOf' | 'queuedEvents'>> = {}
  return {
    heartbeatOf: (agentId) => told.heartbeatOf?.(agentId) ?? NO_HEARTBEAT,
    queuedEvents: () => told.queuedEvents?.() ?? [],
    tell: (sources) => void (told = { ...told, ...sources }),
  }
}
