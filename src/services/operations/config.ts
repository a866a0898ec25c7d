// The configuration that is active, and what others ask of it. Reading it happens at the start; a wrong value stops
// the start with the path of the key, what is wrong and how to mend it.

import { sha256Hex } from '../../kit/bytes.ts'
import type { Logger } from '../../kit/log.ts'
import type { ConfigSource } from '../../ports/platform.ts'
import { parseConfig, redact, type ConfigIssue } from './config-parse.ts'
import { configSchema, type AgentConfig, type Config, type ProviderConfig } from './config-schema.ts'

export interface ConfigSnapshot {
  readonly path: string
  readonly exists: boolean
  /** As written, without secrets. */
  readonly source: unknown
  /** With variables filled in, without secrets. */
  readonly resolved: unknown
  readonly hash: string
  readonly warnings: readonly ConfigIssue[]
}

export interface ConfiguredAgent extends AgentConfig {
  readonly id: string
}

export interface ConfigService {
  /** Reads and checks the file. Throws an error that lists what is wrong. */
  load(): Promise<void>
  readonly current: Config
  snapshot(): ConfigSnapshot
  /** At least one. The first, or the one marked as default, answers where no agent is named. */
  agents(): readonly ConfiguredAgent[]
  defaultAgentId(): string
  /** The rest of the key of an agent's main session. */
  mainKey(): string
  providers(): Readonly<Record<string, ProviderConfig>>
}

type Env = Readonly<Record<string, string | undefined>>

export function createConfig(deps: { source: ConfigSource; env: Env; log: Logger; given?: unknown }): ConfigService {
  const { source, env, log } = deps
  let current: Config = configSchema.parse({})
  let loaded: Omit<ConfigSnapshot, 'path'> = { exists: false, source: {}, resolved: {}, hash: '', warnings: [] }

  async function load() {
    const text = deps.given === undefined ? await source.read() : JSON.stringify(deps.given)
    const parsed = parseConfig(text ?? '{}', env)
    if (!parsed.ok) throw new Error(explain(source.path, parsed.issues))
    for (const { path, message } of parsed.warnings) log.warn(`${source.path}: ${path} ${message}`)
    current = parsed.config
    loaded = {
      exists: text !== null,
      source: redact(parsed.source),
      resolved: redact(parsed.config),
      hash: await sha256Hex(text ?? ''),
      warnings: parsed.warnings,
    }
  }

  function agents(): readonly ConfiguredAgent[] {
    const entries = Object.entries(current.agents?.entries ?? {}).map(([id, agent]) => ({ ...agent, id }))
    const all = [...(current.agents?.list ?? []), ...entries]
    return all.length > 0 ? all : [{ id: 'main' }]
  }

  return {
    load,
    get current() {
      return current
    },
    snapshot: () => ({ path: source.path, ...loaded }),
    agents,
    defaultAgentId: () => (agents().find((agent) => agent.default) ?? agents()[0]!).id,
    mainKey: () => current.session?.mainKey ?? 'main',
    providers: () => current.models?.providers ?? {},
  }
}

function explain(path: string, issues: readonly ConfigIssue[]): string {
  const lines = issues.map((issue) => `  ${issue.path === '' ? 'the file' : issue.path} ${issue.message}`)
  return [`${path} cannot be used:`, ...lines].join('\n')
}
