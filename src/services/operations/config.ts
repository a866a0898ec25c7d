// The configuration that is active, and what others ask of it. Reading it happens at the start; a wrong value stops
// the start with the path of the key, what is wrong and how to mend it. Later texts become active by `adopt` alone, or
// are noted as what stands there and is not active.

import { messageOf, type Logger } from '../../kit/log.ts'
import type { ConfigSource } from '../../ports/platform.ts'
import { changedPaths, type ConfigObject } from './config-merge.ts'
import { redact, type ConfigIssue } from './config-parse.ts'
import { configSchema, type AgentConfig, type Config, type ProviderConfig } from './config-schema.ts'
import { createFleetingState } from './config-state.ts'
import { createConfigText, type ConfigReading, type ConfigText } from './config-text.ts'

export interface ConfigSnapshot {
  readonly path: string
  readonly exists: boolean
  /** Whether what stands there could be used. If not, `issues` say why, and what was active before still is. */
  readonly valid: boolean
  /** As written, without secrets. */
  readonly source: unknown
  /** With variables filled in, without secrets. */
  readonly resolved: unknown
  /** What is active, without secrets. */
  readonly active: unknown
  /** Of what stands there; empty before anything was read. */
  readonly hash: string
  /** Of the settings that stand there, and of those that are active. */
  readonly revisionHash: string | null
  readonly appliedHash: string
  readonly issues: readonly ConfigIssue[]
  readonly warnings: readonly ConfigIssue[]
  /** Paths of what stands there and waits for a restart. */
  readonly waiting: readonly string[]
}

export interface ConfiguredAgent extends AgentConfig {
  readonly id: string
}

/** The active configuration has changed. */
export interface ConfigChange {
  /** The first keys of `paths`. */
  readonly sections: ReadonlySet<string>
  readonly paths: readonly string[]
  readonly before: Config
  readonly after: Config
}

export interface ConfigService {
  /** Reads and checks the text. Throws an error that lists what is wrong. */
  load(): Promise<void>
  readonly current: Config
  snapshot(): ConfigSnapshot
  /** At least one. The first, or the one marked as default, answers where no agent is named. */
  agents(): readonly ConfiguredAgent[]
  defaultAgentId(): string
  /** The rest of the key of an agent's main session. */
  mainKey(): string
  providers(): Readonly<Record<string, ProviderConfig>>
  /** Listeners are told in the order in which they came, after `current` has changed. */
  onChange(listener: (change: ConfigChange) => void): void
  /** What was read last. */
  readonly reading: ConfigReading | null
  /** Makes `config`, which the reading means as far as `waiting` allows, the active one. */
  adopt(reading: ConfigReading, config: Config, waiting: readonly string[]): ConfigChange
  /** Remembers a reading that does not become active: because of `issues`, or because it `waits`. */
  note(reading: ConfigReading, issues: readonly ConfigIssue[], waiting: readonly string[]): void
}

type Env = Readonly<Record<string, string | undefined>>

export interface ConfigDeps {
  readonly source: ConfigSource
  readonly env: Env
  readonly log: Logger
  readonly given?: unknown
  readonly text?: ConfigText
  /** Done before the text is read at the start. */
  readonly prepare?: () => Promise<void>
}

export function createConfig(deps: ConfigDeps): ConfigService {
  const { log } = deps
  const text = deps.text ?? createConfigText({ ...deps, state: createFleetingState() })
  const listeners: ((change: ConfigChange) => void)[] = []
  let current: Config = configSchema.parse({})
  let reading: ConfigReading | null = null
  let issues: readonly ConfigIssue[] = []
  let waiting: readonly string[] = []
  let appliedHash = ''
  /** Asked for with every `connect`. */
  let kept: ConfigSnapshot | null = null

  async function load() {
    await deps.prepare?.()
    const found = await text.read()
    if (!found.parsed.ok) throw new Error(explain(text.path, found.parsed.issues))
    for (const { path, message } of found.parsed.warnings) log.warn(`${text.path}: ${path} ${message}`)
    take(found, found.parsed.config, [])
  }

  function take(found: ConfigReading, config: Config, waits: readonly string[]) {
    reading = found
    current = config
    issues = []
    waiting = waits
    if (waits.length === 0) appliedHash = found.revision ?? ''
    kept = null
  }

  /** One listener that fails keeps none of the others from what they have to do. */
  function tell(change: ConfigChange) {
    for (const listener of listeners) {
      try {
        listener(change)
      } catch (error) {
        log.error('a change of the configuration had no effect in a place', { error: messageOf(error), paths: change.paths.join(', ') })
      }
    }
  }

  function agents(): readonly ConfiguredAgent[] {
    const entries = Object.entries(current.agents?.entries ?? {}).map(([id, agent]) => ({ ...agent, id }))
    const all = [...(current.agents?.list ?? []), ...entries]
    return all.length > 0 ? all : [{ id: 'main' }]
  }

  function makeSnapshot(): ConfigSnapshot {
    const parsed = reading?.parsed
    return {
      path: text.path,
      exists: reading !== null && reading.text !== null,
      valid: issues.length === 0,
      source: redact(parsed?.source ?? {}),
      resolved: redact(parsed?.ok ? parsed.config : {}),
      active: redact(current),
      hash: reading?.hash ?? '',
      revisionHash: issues.length === 0 ? (reading?.revision ?? null) : null,
      appliedHash,
      issues,
      warnings: parsed?.ok ? parsed.warnings : [],
      waiting,
    }
  }

  return {
    load,
    get current() {
      return current
    },
    snapshot: () => (kept ??= makeSnapshot()),
    agents,
    defaultAgentId: () => (agents().find((agent) => agent.default) ?? agents()[0]!).id,
    mainKey: () => current.session?.mainKey ?? 'main',
    providers: () => current.models?.providers ?? {},
    onChange: (listener) => void listeners.push(listener),
    get reading() {
      return reading
    },
    adopt(found, config, waits) {
      const before = current
      take(found, config, waits)
      const paths = changedPaths(before, config as ConfigObject)
      const change = { sections: new Set(paths.map((path) => path.split('.')[0]!)), paths, before, after: config }
      if (paths.length > 0) tell(change)
      return change
    },
    note(found, problems, waits) {
      reading = found
      issues = problems
      waiting = waits
      kept = null
    },
  }
}

function explain(path: string, issues: readonly ConfigIssue[]): string {
  const lines = issues.map((issue) => `  ${issue.path === '' ? 'the file' : issue.path} ${issue.message}`)
  return [`${path} cannot be used:`, ...lines].join('\n')
}
