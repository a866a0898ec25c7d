// By which of the mounted paths a request is served: what it may be counted under, however many there are of it.

import { OTHER_ROUTE } from '../services/operations/figures.ts'

export interface RouteNames {
  readonly all: readonly string[]
  of(path: string): string
}

interface Mounted {
  readonly method: string
  readonly path: string
}

const VERBS: readonly string[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

export function createRouteNames(mounted: readonly Mounted[]): RouteNames {
  const all = [...new Set(mounted.filter(({ method }) => VERBS.includes(method)).map(({ path }) => path))]
  const whole = new Set(all.filter((path) => !/[:*]/.test(path)))
  const patterns = all.filter((path) => !whole.has(path)).map((path) => [path, toPattern(path)] as const)
  return {
    all,
    of(path) {
      if (whole.has(path)) return path
      for (const [name, pattern] of patterns) if (pattern.test(path)) return name
      return OTHER_ROUTE
    },
  }
}

const toPattern = (path: string): RegExp => new RegExp(`^${path.replace(/[.+?^$()|[\]\\]/g, '\\$&').replace(/:\w+(?:\{[^}]*\})?/g, '[^/]+').replace(/\*/g, '.*')}$`)
