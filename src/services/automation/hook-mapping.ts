// From a call to what it means, by data alone: which mapping fits, and the texts that its templates make.

import { isDangerousKey } from '../../kit/keys.ts'
import { firstUnits } from '../../kit/text.ts'
import type { HookMapping } from './hook-settings.ts'

/** A call, as it came. */
export interface HookCall {
  /** Behind the path of the hooks: `github`, `deploy/done`. */
  readonly path: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  /** Parsed JSON; null when there was none. */
  readonly body: unknown
  readonly receivedAt: number
}

const MAX_RENDERED_CHARS = 100_000
const MAX_VALUE_CHARS = 20_000
/** Of a list that a mapping is carried out for. */
const MAX_ITEMS = 200

/** The first that fits; null: nobody wants it. */
export const findMapping = (mappings: readonly HookMapping[], call: HookCall): HookMapping | null => mappings.find((mapping) => fits(mapping, call)) ?? null

/** Those that may fit, whatever the call says beside its path. */
export const mappingsAt = (mappings: readonly HookMapping[], path: string): readonly HookMapping[] => mappings.filter((mapping) => isAt(mapping, path))

/** Without `match` the id is the path; with one that names no path, it is any. */
function isAt({ id, match }: HookMapping, path: string): boolean {
  const wanted = match ? match.path : id
  return path !== '' && (wanted === undefined || trim(wanted) === path)
}

function fits(mapping: HookMapping, { path, headers, body }: HookCall): boolean {
  if (!isAt(mapping, path)) return false
  const { source, headers: named = {}, body: parts = {} } = mapping.match ?? {}
  return (
    (source === undefined || valueAt(body, 'source') === source) &&
    Object.entries(named).every(([name, wanted]) => isSame(wanted, own(headers, name.toLowerCase()))) &&
    Object.entries(parts).every(([at, wanted]) => isSame(wanted, valueAt(body, at)))
  )
}

const trim = (path: string): string => path.replace(/^\/+|\/+$/g, '')

const isSame = (wanted: string | number | boolean, found: unknown): boolean => (wanted === '*' ? found !== undefined : found === wanted)

const own = (from: Readonly<Record<string, string>>, name: string): string | undefined => (Object.hasOwn(from, name) ? from[name] : undefined)

/** `repository.owner.login`, `commits[0].id`; undefined where there is nothing. */
export function valueAt(root: unknown, path: string): unknown {
  let value = root
  for (const key of path.replace(/\[(\d+)\]/g, '.$1').split('.')) {
    if (typeof value !== 'object' || value === null || isDangerousKey(key) || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

/** As many calls as the list has items that the mapping is carried out for, each with one of them; none: nothing is to be done. */
export function callsOf({ forEach }: HookMapping, call: HookCall): readonly HookCall[] {
  if (forEach === undefined) return [call]
  const items = valueAt(call.body, forEach)
  if (!Array.isArray(items)) return []
  return items.slice(0, MAX_ITEMS).map((item: unknown) => ({ ...call, body: { ...(call.body as object), [forEach]: [item] } }))
}

/**
 * `{{path}}`, `{{now}}`, `{{headers.x}}`, `{{query.x}}`, `{{values.x}}`, `{{body.x.y}}`, or `{{x.y}}`, which is a part of
 * the body. What is not there is nothing.
 */
export function render(template: string, call: HookCall, values: HookMapping['values'] = {}): string {
  const text = template.replace(/\{\{\s*([^{}\s]{1,200})\s*\}\}/g, (_, at: string) => toText(lookUp(at, call, values)))
  return firstUnits(text, Math.min(text.length, MAX_RENDERED_CHARS))
}

function lookUp(at: string, call: HookCall, values: NonNullable<HookMapping['values']>): unknown {
  const { path, headers, query, body, receivedAt } = call
  if (at === 'path') return path
  if (at === 'now') return new Date(receivedAt).toISOString()
  if (at === 'body' || at === 'payload') return body
  const [, root, rest = ''] = /^(body|payload|headers|query|values)\.(.+)$/.exec(at) ?? []
  switch (root) {
    case 'headers':
      return own(headers, rest.toLowerCase())
    case 'query':
      return own(query, rest)
    case 'values':
      return Object.hasOwn(values, rest) ? translate(values[rest]!, call) : undefined
    default:
      return valueAt(body, root === undefined ? at : rest)
  }
}

/** A part of the call in other words; as it is where there are none for it. */
function translate({ from, map = {}, default: otherwise }: NonNullable<HookMapping['values']>[string], call: HookCall): string {
  const found = toText(lookUp(from, call, {}))
  if (Object.hasOwn(map, found)) return map[found]!
  return otherwise !== undefined && (found === '' || Object.keys(map).length > 0) ? otherwise : found
}

function toText(value: unknown): string {
  const text = value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
  return firstUnits(text, Math.min(text.length, MAX_VALUE_CHARS))
}
