// Secrets that the configuration names instead of holding: variables of the environment, as "${NAME}" or as
// {source: "env", id: "NAME"}. What they stand for is told to admins who ask for a known kind of place, and to nobody else.

import { invalid } from '../../protocol/errors.ts'
import { isObject } from './config-merge.ts'
import { redact, REDACTED } from './config-parse.ts'
import type { ConfigService } from './config.ts'

type Env = Readonly<Record<string, string | undefined>>

export interface SecretAssignment {
  readonly path: string
  readonly pathSegments: readonly string[]
  readonly value: string
}

export interface ResolvedSecrets {
  readonly assignments: readonly SecretAssignment[]
  /** What could not be resolved, and why. */
  readonly diagnostics: readonly string[]
}

export interface Secrets {
  /** `targets`: paths with `*` for names. `allowed`: only these paths. Throws for a target that holds no secrets. */
  resolve(targets: readonly string[], allowed?: readonly string[]): ResolvedSecrets
  /** References that lead nowhere. */
  missing(): readonly string[]
}

interface Reference {
  readonly keys: readonly string[]
  readonly name: string
}

export function createSecrets({ config, env }: { config: ConfigService; env: Env }): Secrets {
  const references = () => referencesIn(config.reading?.parsed.source, [])
  const valueOf = (name: string): string | null => env[name] || null
  const explain = ({ keys, name }: Reference) => `${keys.join('.')}: the environment variable ${name} is not set`

  return {
    resolve(targets, allowed) {
      for (const target of targets) {
        if (!isSecretTarget(target)) throw invalid(`invalid secrets.resolve params: unknown target id "${target.slice(0, 200)}"`)
      }
      const found = references().filter(({ keys }) => {
        return targets.some((target) => matches(target, keys)) && (!allowed || allowed.includes(keys.join('.')))
      })
      const assignments = found.flatMap(({ keys, name }) => {
        const value = valueOf(name)
        return value === null ? [] : [{ path: keys.join('.'), pathSegments: keys, value }]
      })
      return { assignments, diagnostics: found.filter(({ name }) => valueOf(name) === null).map(explain) }
    },
    missing: () => references().filter(({ name }) => valueOf(name) === null).map(explain),
  }
}

function referencesIn(value: unknown, keys: readonly string[]): Reference[] {
  if (typeof value === 'string') {
    const name = /^\$\{([A-Z_][A-Z0-9_]*)\}$/.exec(value)?.[1]
    return name === undefined ? [] : [{ keys, name }]
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => referencesIn(item, [...keys, String(index)]))
  if (!isObject(value)) return []
  if (value['source'] === 'env' && typeof value['id'] === 'string') return [{ keys, name: value['id'] }]
  return Object.entries(value).flatMap(([key, member]) => referencesIn(member, [...keys, key]))
}

/** A place that is redacted wherever the configuration is shown. */
function isSecretTarget(target: string): boolean {
  const [parent = '', key = ''] = target.split('.').slice(-2)
  const shown = redact({ [parent]: { [key]: 'x' } }) as Record<string, Record<string, unknown>>
  return shown[parent]?.[key] === REDACTED
}

function matches(target: string, keys: readonly string[]): boolean {
  const parts = target.split('.')
  return parts.length === keys.length && parts.every((part, index) => part === '*' || part === keys[index])
}
