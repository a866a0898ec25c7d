// JSON in and out: bounded where it comes from outside, stable where it is hashed.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export type Parsed = { ok: true; value: unknown } | { ok: false }

/** Deeper nesting than this is refused: no message of the protocol comes near, and recursion over it would overflow. */
const MAX_DEPTH = 64

export function parseJson(text: string): Parsed {
  try {
    const value: unknown = JSON.parse(text)
    return isDeeper(value, MAX_DEPTH) ? { ok: false } : { ok: true, value }
  } catch {
    return { ok: false }
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  if (Array.isArray(value)) return value.some((item) => isDeeper(item, levels - 1))
  for (const key in value) if (isDeeper((value as Record<string, unknown>)[key], levels - 1)) return true
  return false
}

/** The same text for the same value, whatever the order of its keys. Members that are `undefined` are left out. */
export function stableStringify(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => stableStringify(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${stableStringify(member)}`)
  return `{${members.join(',')}}`
}

/** `value` without the members that are `undefined`: what JSON would carry. Shallow. */
export function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(members) as { [K in keyof T]: Exclude<T[K], undefined> }
}

/** A result that is already JSON text: serialised once, sent many times. `T` is the shape that the text has. */
export class Serialized<T> {
  declare readonly shape?: T
  readonly json: string
  constructor(json: string) {
    this.json = json
  }
}

export const serialize = <T>(value: T): Serialized<T> => new Serialized(JSON.stringify(value))
