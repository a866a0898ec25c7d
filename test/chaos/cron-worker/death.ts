// How the object dies: all that it holds in memory is gone, and so are writes that were not on disk.

import type { Sql } from '../../../src/index.ts'

/** Where a death is asked for, with a POST. */
export const DEATH_PATH = '/chaos/death'
/** What the log says of each. */
export const DEATH_MARK = 'chaos: the object dies'

/** When it comes: at once, so many real milliseconds from now, or at that statement of SQL. */
export type DeathWish = { readonly kind: 'now' } | { readonly kind: 'later'; readonly ms: number } | { readonly kind: 'statement'; readonly n: number }

export interface Death {
  arrange(wish: DeathWish): void
  /** The same database, of which a statement may be the last one. */
  over(sql: Sql): Sql
}

export function createDeath(ctx: Pick<DurableObjectState, 'abort'>): Death {
  let left = Number.POSITIVE_INFINITY

  function die() {
    console.log(DEATH_MARK)
    ctx.abort('chaos')
  }

  function step() {
    if (--left < 0) die()
  }

  return {
    arrange(wish) {
      if (wish.kind === 'now') die()
      else if (wish.kind === 'later') setTimeout(die, wish.ms)
      else left = wish.n
    },
    over: (sql) => ({
      ...sql,
      all: (query, ...params) => (step(), sql.all(query, ...params)),
      get: (query, ...params) => (step(), sql.get(query, ...params)),
      run: (query, ...params) => (step(), sql.run(query, ...params)),
    }),
  }
}
