// Named keys on real values, with prices that a test chooses.

import type { PriceOf } from '../../../src/services/conversation/prices.ts'
import { createKeyLimiter } from '../../../src/services/identity/key-limits.ts'
import { createKeySigning } from '../../../src/services/identity/key-signing.ts'
import { createKeyTable } from '../../../src/services/identity/key-table.ts'
import { createKeys, type KeyWish } from '../../../src/services/identity/keys.ts'
import { SCOPES, type Principal } from '../../../src/protocol/scopes.ts'
import { foundation, type Foundation } from '../../harness/foundation.ts'

export const ADMIN: Principal = { id: 'operator', role: 'operator', scopes: new Set(SCOPES) }
export const DAY = 24 * 60 * 60 * 1000

/** A dollar for a thousand tokens, of models that are not called `secret`. */
const priceOf: PriceOf = ({ model }, { input, output }) => {
  const [i, o] = [input / 1000, output / 1000]
  return model === 'secret' ? null : { input: i, output: o, cacheRead: 0, cacheWrite: 0, total: i + o }
}

export function createRing(base: Foundation = foundation()) {
  const { sql, commit, clock } = base
  const table = createKeyTable(sql)
  const signing = createKeySigning({ sql, commit, clock })
  const keys = createKeys({ table, signing, commit, clock })
  const opened = { times: 0 }
  const prices = {
    open: async () => {
      opened.times++
      return priceOf
    },
  }
  const limiter = createKeyLimiter({ keys, table, prices, commit, clock })
  const make = (wish: Partial<KeyWish> = {}, by = ADMIN) => keys.make({ name: 'a key', kind: 'opaque', scopes: ['operator.write'], ...wish }, by)
  /** Its holder, as they come in. */
  async function enter(wish: Partial<KeyWish> = {}): Promise<Principal> {
    const { key } = await make(wish)
    const principal = (await keys.verify(key))!
    await limiter.prepare(principal)
    return principal
  }
  return { ...base, table, signing, keys, limiter, opened, make, enter }
}
