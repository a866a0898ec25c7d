// The way back of a redacted configuration: a placeholder means that the secret which stood there is kept. A placeholder
// that stands for nothing is refused, because it would be written as if it were a secret.

import { invalid } from '../../protocol/errors.ts'
import { isObject, type ConfigObject } from './config-merge.ts'
import { redact, REDACTED } from './config-parse.ts'

/** `next` with the secrets of `before` where it has placeholders. Throws for those that stand for nothing. */
export function restoreSecrets(next: ConfigObject, before: ConfigObject): ConfigObject {
  return restore(next, redact(before), before, '') as ConfigObject
}

function restore(next: unknown, shown: unknown, before: unknown, path: string): unknown {
  if (typeof next === 'string') return restoreText(next, shown, before, path)
  if (Array.isArray(next)) {
    const [shownList, list] = [shown, before].map((each) => (Array.isArray(each) ? (each as unknown[]) : [])) as [unknown[], unknown[]]
    return next.map((item, index) => {
      const at = counterpart(item, index, list)
      return restore(item, shownList[at], list[at], `${path}[${index}]`)
    })
  }
  if (!isObject(next)) return next
  const members = Object.entries(next).map(([key, value]) => {
    const inner = path === '' ? key : `${path}.${key}`
    return [key, restore(value, memberOf(shown, key), memberOf(before, key), inner)]
  })
  return Object.fromEntries(members) as unknown
}

function restoreText(next: string, shown: unknown, before: unknown, path: string): unknown {
  if (!next.includes(REDACTED)) return next
  if (next === shown && typeof before === 'string') return before
  throw invalid(`Sentinel value "${REDACTED}" in key ${path} is not valid as real data`, {
    details: { code: 'CONFIG_PLACEHOLDER', path },
  })
}

const memberOf = (value: unknown, key: string): unknown => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined)

/** The entry that this one was: the one with its id, else the one in its place. */
function counterpart(item: unknown, index: number, list: readonly unknown[]): number {
  const id = isObject(item) ? item['id'] : undefined
  if (typeof id !== 'string') return index
  return list.findIndex((each) => isObject(each) && each['id'] === id)
}
