// One configuration text out of another: JSON Merge Patch (RFC 7396), with the one difference that lists of objects
// with ids are merged by id; what such a change would remove; and what differs between two. Pure.

import { stableStringify } from '../../kit/json.ts'
import { isDangerousKey } from '../../kit/keys.ts'
import { invalid } from '../../protocol/errors.ts'

export type ConfigObject = { readonly [key: string]: unknown }

/** Deeper than any configuration; recursion over more would overflow. */
export const MAX_CONFIG_DEPTH = 64

export const isObject = (value: unknown): value is ConfigObject => typeof value === 'object' && value !== null && !Array.isArray(value)

const isIdList = (value: readonly unknown[]): value is readonly (ConfigObject & { readonly id: string })[] =>
  value.length > 0 && value.every((item) => isObject(item) && typeof item['id'] === 'string')

const below = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)
const same = (a: unknown, b: unknown): boolean => stableStringify(a) === stableStringify(b)

/** `replace`: paths of lists that the patch gives whole. */
export function mergePatch(target: unknown, patch: unknown, replace: readonly string[] = [], path = ''): unknown {
  if (Array.isArray(patch)) return mergeList(target, patch, replace, path)
  if (!isObject(patch)) return patch
  const result = new Map(Object.entries(isObject(target) ? target : {}))
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key)
    else result.set(key, mergePatch(result.get(key), value, replace, below(path, key)))
  }
  return Object.fromEntries(result)
}

function mergeList(target: unknown, patch: readonly unknown[], replace: readonly string[], path: string): unknown {
  const merges = Array.isArray(target) && isIdList(target) && patch.every(isObject) && !replace.includes(path)
  if (!merges) return patch.map((item) => mergePatch(undefined, item, replace, `${path}[]`))
  const result: unknown[] = [...target]
  const seen = new Set<unknown>()
  for (const item of patch) {
    const id = item['id']
    const at = result.findIndex((each) => isObject(each) && each['id'] === id)
    if (typeof id === 'string' && (seen.has(id) || target.filter((each) => each.id === id).length > 1)) {
      throw invalid(`Ambiguous duplicate ID ${id} in array at ${path}.`)
    }
    seen.add(id)
    if (at === -1 || typeof id !== 'string') result.push(mergePatch(undefined, item, replace, `${path}[]`))
    else result[at] = mergePatch(result[at], item, replace, `${path}[]`)
  }
  return result
}

/** The paths of lists of which entries are gone. A merge says so only by accident: whoever means it, says it. */
export function removedEntries(before: unknown, after: unknown, replace: readonly string[] = [], path = ''): string[] {
  if (Array.isArray(before)) return removedFromList(before, after, replace, path)
  if (!isObject(before)) return []
  const others = isObject(after) ? after : {}
  return Object.entries(before).flatMap(([key, value]) => removedEntries(value, others[key], replace, below(path, key)))
}

function removedFromList(before: readonly unknown[], after: unknown, replace: readonly string[], path: string): string[] {
  if (before.length === 0 || replace.includes(path)) return []
  const left: readonly unknown[] = Array.isArray(after) ? after : []
  if (!isIdList(before)) {
    const texts = left.map(stableStringify)
    return before.every((item) => texts.includes(stableStringify(item))) ? [] : [path]
  }
  const kept = new Map(left.filter(isObject).map((item) => [item['id'], item]))
  if (before.some(({ id }) => !kept.has(id))) return [path]
  return [...new Set(before.flatMap((item) => removedEntries(item, kept.get(item.id), replace, `${path}[]`)))]
}

/** The paths at which two differ: of members, of lists as a whole. */
export function changedPaths(before: unknown, after: unknown, path = ''): string[] {
  if (!isObject(before) || !isObject(after)) return same(before, after) ? [] : [path]
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].flatMap((key) => changedPaths(before[key], after[key], below(path, key)))
}

/** The patch that makes `after` out of `before`. A member that is null counts as one that is not there. */
export function toPatch(before: ConfigObject, after: ConfigObject): ConfigObject {
  const patch: [string, unknown][] = []
  for (const key of Object.keys(before)) if (!Object.hasOwn(after, key)) patch.push([key, null])
  for (const [key, value] of Object.entries(after)) {
    const old = before[key]
    if (same(old, value)) continue
    patch.push([key, isObject(old) && isObject(value) ? toPatch(old, value) : value])
  }
  return Object.fromEntries(patch)
}

/** Lays a patch made by `toPatch` over something: lists are taken whole. */
export function layOver(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result = new Map(Object.entries(isObject(target) ? target : {}))
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key)
    else result.set(key, layOver(result.get(key), value))
  }
  return Object.fromEntries(result)
}

/** The members that a patch names, as paths. */
export function patchedPaths(patch: unknown, path = ''): string[] {
  if (!isObject(patch) || Object.keys(patch).length === 0) return path === '' ? [] : [path]
  return Object.entries(patch).flatMap(([key, value]) => patchedPaths(value, below(path, key)))
}

/** The path of the first key that would reach a prototype; null when there is none. */
export function findDangerousKey(value: unknown, path = ''): string | null {
  if (typeof value !== 'object' || value === null) return null
  for (const [key, member] of Object.entries(value)) {
    const here = below(path, key)
    const found = !Array.isArray(value) && isDangerousKey(key) ? here : findDangerousKey(member, here)
    if (found !== null) return found
  }
  return null
}

export function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  return Object.values(value).some((member) => isDeeperThan(member, levels - 1))
}

/** What stands at a path of keys and indices. */
export function valueAt(value: unknown, keys: readonly string[]): unknown {
  let found = value
  for (const key of keys) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined
    found = (found as Record<string, unknown>)[key]
  }
  return found
}

/** A copy with another value at a path; `undefined` takes the member away. */
export function withValueAt(value: ConfigObject, keys: readonly string[], replacement: unknown): ConfigObject {
  const [key = '', ...rest] = keys
  const inner = value[key]
  if (rest.length > 0) {
    if (!isObject(inner) && replacement === undefined) return value
    return { ...value, [key]: withValueAt(isObject(inner) ? inner : {}, rest, replacement) }
  }
  if (replacement !== undefined) return { ...value, [key]: replacement }
  const { [key]: _, ...others } = value
  return others
}
