// The configuration as a JSON Schema with hints: what forms are made of, whole or for one path.

import * as z from 'zod'
import { invalid } from '../../protocol/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import { CONFIG_HINTS, type ConfigHint } from './config-hints.ts'
import { redact, REDACTED } from './config-parse.ts'
import { reloadKindOf, type ReloadKind } from './config-plan.ts'
import { configSchema } from './config-schema.ts'

export interface SchemaNode {
  type?: string | string[]
  title?: string
  description?: string
  properties?: Record<string, SchemaNode>
  additionalProperties?: SchemaNode | boolean
  items?: SchemaNode
  required?: string[]
  anyOf?: SchemaNode[]
  [member: string]: unknown
}

export interface SchemaChild {
  readonly key: string
  readonly path: string
  readonly type?: string | string[]
  readonly required: boolean
  readonly hasChildren: boolean
  readonly reloadKind: ReloadKind
  readonly hint?: ConfigHint
  readonly hintPath?: string
}

export interface SchemaLookup {
  readonly path: string
  readonly schema: unknown
  readonly reloadKind: ReloadKind
  readonly hint?: ConfigHint
  readonly hintPath?: string
  readonly children: readonly SchemaChild[]
}

export interface ConfigDocument {
  schema(): { readonly schema: unknown; readonly uiHints: Readonly<Record<string, ConfigHint>>; readonly version: string; readonly generatedAt: string }
  /** Throws for a path that the schema does not have. `.` is the whole. */
  lookup(path: string): SchemaLookup
}

const ROOT = '.'

export function createConfigDocument({ version, clock }: { version: string; clock: Clock }): ConfigDocument {
  let made: { schema: SchemaNode; uiHints: Record<string, ConfigHint>; generatedAt: string } | null = null

  /** Made when it is asked for first: a gateway that nobody configures does not need it. */
  function document() {
    if (made) return made
    const uiHints: Record<string, ConfigHint> = {}
    const schema = z.toJSONSchema(configSchema, { target: 'draft-7', io: 'input', unrepresentable: 'any' }) as SchemaNode
    annotate(schema, '', uiHints)
    schema.title = 'edgeclaw configuration'
    return (made = { schema, uiHints, generatedAt: new Date(clock.now()).toISOString() })
  }

  function lookup(asked: string): SchemaLookup {
    const { schema, uiHints } = document()
    const keys = toKeys(asked)
    let node = schema
    const pattern: string[] = []
    for (const key of keys) {
      const step = stepInto(node, key)
      if (!step) throw invalid('config schema path not found')
      node = step.node
      pattern.push(step.pattern)
    }
    const path = keys.join('.')
    const hintPath = pattern.join('.')
    return { path: path === '' ? ROOT : path, schema: shallow(node), reloadKind: reloadKindOf(hintPath), ...hintAt(hintPath, uiHints), children: childrenOf(node, path, hintPath, uiHints) }
  }

  return { schema: () => ({ ...document(), version }), lookup }
}

/** `a.b[].c`, `a.b[0].c` and `a.b.*.c` all name the keys of a path. */
const toKeys = (path: string): string[] =>
  path
    .replaceAll('[]', '.*')
    .replace(/\[(\d+)\]/g, '.$1')
    .split('.')
    .filter((key) => key !== '')

/** The schema below a key, and what the key is called in hints: `*` for a name that people choose. */
function stepInto(node: SchemaNode, key: string): { node: SchemaNode; pattern: string } | null {
  if (node.properties && Object.hasOwn(node.properties, key)) return { node: node.properties[key]!, pattern: key }
  const each = eachOf(node)
  if (!each) return null
  if (node.items && key !== '*' && !/^\d+$/.test(key)) return null
  return { node: each, pattern: '*' }
}

/** What the entries of a map or of a list are. */
const eachOf = (node: SchemaNode): SchemaNode | null =>
  node.items ?? (typeof node.additionalProperties === 'object' ? node.additionalProperties : null)

function childrenOf(node: SchemaNode, path: string, hintPath: string, uiHints: Record<string, ConfigHint>): SchemaChild[] {
  const each = eachOf(node)
  const named = Object.entries(node.properties ?? {}).map(([key, child]) => ({ key, child }))
  return [...named, ...(each ? [{ key: '*', child: each }] : [])].map(({ key, child }) => {
    const inner = below(hintPath, key)
    return {
      key,
      path: below(path, key),
      ...(child.type !== undefined && { type: child.type }),
      required: node.required?.includes(key) ?? false,
      hasChildren: child.properties !== undefined || eachOf(child) !== null,
      reloadKind: reloadKindOf(inner),
      ...hintAt(inner, uiHints),
    }
  })
}

const below = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

const hintAt = (hintPath: string, uiHints: Record<string, ConfigHint>) =>
  uiHints[hintPath] ? { hint: uiHints[hintPath], hintPath } : {}

/** Without its properties: they are the children. */
function shallow(node: SchemaNode): SchemaNode {
  const { properties: _, ...rest } = node
  return rest
}

/** Labels and help into the schema and the hints; `{}`, which allows everything, as `true`. */
function annotate(node: SchemaNode, path: string, uiHints: Record<string, ConfigHint>) {
  if (path !== '') {
    const hint = toHint(path, node)
    uiHints[path] = hint
    if (hint.label !== undefined) node.title = hint.label
    if (hint.help !== undefined) node.description = hint.help
  }
  const { additionalProperties } = node
  if (typeof additionalProperties === 'object' && Object.keys(additionalProperties).length === 0) node.additionalProperties = true
  for (const [key, child] of Object.entries(node.properties ?? {})) annotate(child, below(path, key), uiHints)
  const each = eachOf(node)
  if (each) annotate(each, below(path, '*'), uiHints)
}

function toHint(path: string, { type }: SchemaNode): ConfigHint {
  const key = path.split('.').at(-1)!
  const label = key === '*' ? undefined : toLabel(key)
  const sensitive = (type === undefined || type === 'string') && (redact({ [key]: 'x' }) as Record<string, unknown>)[key] === REDACTED
  return { ...(label !== undefined && { label }), advanced: true, ...CONFIG_HINTS[path], ...(sensitive && { sensitive }) }
}

/** `timeoutSeconds` as `Timeout seconds`. */
function toLabel(key: string): string {
  const words = key.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase()
  return words.slice(0, 1).toUpperCase() + words.slice(1)
}
