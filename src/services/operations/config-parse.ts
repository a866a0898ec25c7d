// From the text of a configuration file to a checked value, or to a list of what is wrong with it and how to mend it.

import JSON5 from 'json5'
import { isDangerousKey } from '../../kit/keys.ts'
import { messageOf } from '../../kit/log.ts'
import { hide, hideUserinfo } from '../../kit/redact.ts'
import { describeIssues } from '../../protocol/issues.ts'
import { configSchema, FOREIGN_SECTIONS, MENDS, type Config } from './config-schema.ts'

export interface ConfigIssue {
  /** Dotted path of the key; empty for the file as a whole. */
  readonly path: string
  readonly message: string
}

export type ParsedConfig =
  | { readonly ok: true; readonly config: Config; readonly source: unknown; readonly warnings: readonly ConfigIssue[] }
  | { readonly ok: false; readonly source: unknown; readonly issues: readonly ConfigIssue[] }

type Env = Readonly<Record<string, string | undefined>>

export function parseConfig(text: string, env: Env): ParsedConfig {
  let source: unknown
  try {
    source = JSON5.parse(text)
  } catch (error) {
    return failed({}, '', `is not JSON5: ${messageOf(error)} — mend the syntax, or restore the last copy`)
  }
  if (typeof source !== 'object' || source === null || Array.isArray(source)) {
    return failed(source, '', 'must be an object — wrap the settings in { }')
  }
  const issues: ConfigIssue[] = []
  const resolved = substitute(source, env, [], issues)
  if (issues.length > 0) return { ok: false, source, issues }
  const result = configSchema.safeParse(resolved, { reportInput: true })
  if (!result.success) {
    return { ok: false, source, issues: result.error.issues.map((issue) => toIssue(issue)) }
  }
  return { ok: true, config: result.data, source, warnings: unknownSections(source) }
}

const failed = (source: unknown, path: string, message: string): ParsedConfig => ({
  ok: false,
  source,
  issues: [{ path, message }],
})

function toIssue(issue: Parameters<typeof describeIssues>[0][number]): ConfigIssue {
  const path = issue.path.map(String).join('.')
  const said = issue.input === undefined ? 'is missing' : describeIssues([{ ...issue, path: [] }])
  const mend = mendFor(issue.path.map(String))
  return { path, message: mend ? `${said} — ${mend}` : said }
}

function mendFor(path: readonly string[]): string | undefined {
  const found = Object.entries(MENDS).find(([pattern]) => {
    const parts = pattern.split('.')
    return parts.every((part, index) => part === '*' || part === path[index])
  })
  return found?.[1]
}

/** `${NAME}` in any string stands for a variable of the environment; `$${NAME}` for itself. */
function substitute(value: unknown, env: Env, path: readonly string[], issues: ConfigIssue[]): unknown {
  if (typeof value === 'string') return substituteText(value, env, path, issues)
  if (Array.isArray(value)) return value.map((item, index) => substitute(item, env, [...path, String(index)], issues))
  if (typeof value !== 'object' || value === null) return value
  if (isSecretReference(value)) return substituteReference(value, env, path, issues)
  const result: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    if (isDangerousKey(key)) {
      issues.push({ path: [...path, key].join('.'), message: 'is not allowed as a key — remove it' })
    } else if (key === '$include') {
      issues.push({ path: [...path, key].join('.'), message: 'is not supported — put the content of the file here' })
    } else {
      result[key] = substitute(member, env, [...path, key], issues)
    }
  }
  return result
}

function substituteText(text: string, env: Env, path: readonly string[], issues: ConfigIssue[]): string {
  return text.replace(/\$?\$\{([A-Z_][A-Z0-9_]*)\}/g, (match, name: string) => {
    if (match.startsWith('$$')) return match.slice(1)
    return variable(name, env, path, issues) ?? match
  })
}

/** null, and an issue, when there is no such variable. */
function variable(name: string, env: Env, path: readonly string[], issues: ConfigIssue[]): string | null {
  const found = Object.hasOwn(env, name) ? env[name] : undefined
  if (found) return found
  issues.push({ path: path.join('.'), message: `needs the environment variable ${name} — set it, or write the value here` })
  return null
}

interface SecretReference {
  readonly source: string
  readonly id: string
}

/** `{source: "env", id: "NAME"}`: the long form of a variable. */
const isSecretReference = (value: object): value is SecretReference =>
  'source' in value &&
  'id' in value &&
  typeof value.source === 'string' &&
  typeof value.id === 'string' &&
  ['env', 'file', 'exec'].includes(value.source)

function substituteReference(value: SecretReference, env: Env, path: readonly string[], issues: ConfigIssue[]): unknown {
  if (value.source === 'env') return variable(value.id, env, path, issues)
  const message = `takes secrets from the environment only, not from "${value.source}" — use {source: "env", id: "NAME"}`
  issues.push({ path: path.join('.'), message })
  return ''
}

function unknownSections(source: object): ConfigIssue[] {
  const known = new Set([...Object.keys(configSchema.shape), ...FOREIGN_SECTIONS])
  return Object.keys(source)
    .filter((key) => !known.has(key))
    .map((key) => ({ path: key, message: 'is not a known section; it is kept and has no effect' }))
}

export const REDACTED = '__OPENCLAW_REDACTED__'

/** The value with every secret replaced: by the name of its key, by its value wherever that is repeated, and in URLs. */
export function redact(value: unknown): unknown {
  const secrets = new Set<string>()
  mapTexts(value, (text, isSecret) => {
    if (isSecret) secrets.add(text)
    return text
  })
  return mapTexts(value, (text, isSecret) => (isSecret && text !== '' ? REDACTED : hide(hideUserinfo(text, REDACTED), [...secrets], REDACTED)))
}

/** The value with each text in it replaced. An object is no secret because of its key: what is in it may be one. */
function mapTexts(value: unknown, replace: (text: string, isSecret: boolean) => string, key = '', isSecret = false): unknown {
  if (typeof value === 'string') return replace(value, isSecret)
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, replace, key, isSecret))
  if (typeof value !== 'object' || value === null) return value
  const inSecret = isSecretMap(key)
  const members = Object.entries(value).map(([name, member]) => [name, mapTexts(member, replace, name, inSecret || isSecretKey(name))])
  return Object.fromEntries(members)
}

/** Maps whose values are secrets whatever their names: HTTP headers, environment variables. */
const isSecretMap = (key: string): boolean => key === 'headers' || key === 'vars' || key === 'env'

const isSecretKey = (key: string): boolean =>
  /(token|password|passwd|secret|api_?key|private_?key|access_?key(?:_?id)?|credential|signingkey|webhookkey|database_?url|connection_?string)s?$/i.test(key)
