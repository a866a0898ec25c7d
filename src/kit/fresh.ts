// What was found lately is not looked for again.

export interface Fresh<T> {
  /** What `look` found for the key at most `ms` ago, or finds now. */
  get(key: string): Promise<T>
  /** What is found next is new. Without a key: of everything. */
  forget(key?: string): void
}

/** `max` keys are remembered; a look that fails is not. */
export function keepFresh<T>({ now, ms, max, look }: { now: () => number; ms: number; max: number; look: (key: string) => Promise<T> }): Fresh<T> {
  const seen = new Map<string, { readonly at: number; readonly found: Promise<T> }>()

  return {
    get(key) {
      const known = seen.get(key)
      if (known && now() - known.at < ms) return known.found
      const found = look(key)
      const entry = { at: now(), found }
      found.catch(() => seen.get(key) === entry && seen.delete(key))
      if (seen.size >= max) seen.clear()
      seen.set(key, entry)
      return found
    },
    forget(key) {
      if (key === undefined) seen.clear()
      else seen.delete(key)
    },
  }
}
