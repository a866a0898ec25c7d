// Named keys: what holds them may do what they say, and no more. Shown once, kept as hashes, revocable.

import { secretsEqual, sha256Hex, toHex } from '../../kit/bytes.ts'
import { randomToken } from '../../kit/ids.ts'
import { GatewayError, invalid } from '../../protocol/errors.ts'
import { covers, coversModel, expandScopes, type KeyBudget, type KeyLimits, type Principal, type Scope } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import { toBudget, type KeySigning } from './key-signing.ts'
import type { KeyRow, KeyTable } from './key-table.ts'

export interface KeyWish {
  readonly name: string
  readonly kind: KeyRow['kind']
  readonly scopes: readonly Scope[]
  readonly agents?: readonly string[] | undefined
  readonly models?: readonly string[] | undefined
  readonly expiresAtMs?: number | undefined
  readonly requestsPerMinute?: number | undefined
  readonly budget?: KeyBudget | undefined
}

export interface Keys {
  /** Whether a text has the form of a key: then it is nothing else. */
  looksLike(text: string): boolean
  /** Who holds this key; null: nobody, or not any more. */
  verify(key: string): Promise<Principal | null>
  /** Throws where `by` would give what it does not have. The key itself is in this answer and nowhere else. */
  make(wish: KeyWish, by: Principal): Promise<{ readonly key: string; readonly row: KeyRow }>
  list(page: { readonly after?: string; readonly limit: number }): KeyRow[]
  /** With those that were made with it. The ids of all that ended now; null: there is no such key. */
  revoke(id: string): string[] | null
  isRevoked(id: string): boolean
  /** `listener` hears of each that was revoked. */
  onRevoked(listener: (id: string) => void): void
  prune(now: number): void
}

const PREFIX = 'eck_'
const OPAQUE = /^eck_([0-9a-f]{16})_[\w-]{43}$/
const SIGNED = /^[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}$/
const MAX_KEY_CHARS = 8192
const MAX_KEYS = 10_000
/** What stands beside a socket must stay small. */
const MAX_LIMITS_CHARS = 2048
const YEAR_MS = 366 * 24 * 60 * 60 * 1000
const KEEP_ENDED_MS = YEAR_MS
export const DAY_MS = 24 * 60 * 60 * 1000

export function createKeys({ table, signing, commit, clock }: { table: KeyTable; signing: KeySigning; commit: Commit; clock: Clock }): Keys {
  const listeners: ((id: string) => void)[] = []
  let ended: Set<string> | null = null
  /** As many as there are rows. */
  const revoked = () => (ended ??= new Set(table.revoked()))

  async function find(key: string): Promise<{ limits: KeyLimits; scopes: readonly Scope[] } | null> {
    if (key.length > MAX_KEY_CHARS) return null
    if (SIGNED.test(key)) return signing.verify(key)
    const id = OPAQUE.exec(key)?.[1]
    const hash = id === undefined ? null : table.hashOf(id)
    if (hash === null || !secretsEqual(await sha256Hex(key), hash)) return null
    const row = table.get(id!)
    return row && { limits: toLimits(row), scopes: row.scopes }
  }

  function check(wish: KeyWish, by: Principal): void {
    const now = clock.now()
    const { scopes, agents, models, expiresAtMs, kind } = wish
    if (!covers(by.scopes, [...expandScopes(scopes)])) throw new GatewayError('FORBIDDEN', 'a key may have no scope that you do not have')
    if (expiresAtMs !== undefined && expiresAtMs <= now) throw invalid('the key would have expired already', { param: 'expiresAtMs' })
    if (kind === 'signed' && (expiresAtMs === undefined || expiresAtMs > now + YEAR_MS)) {
      throw invalid('a signed key needs an end within a year, because it is not looked up', { param: 'expiresAtMs' })
    }
    if (JSON.stringify([agents, models]).length > MAX_LIMITS_CHARS) throw invalid('the key names too many agents and models: use "provider/*"')
    if (by.key) checkAgainst(by.key, wish)
    if (table.count() >= MAX_KEYS) throw invalid(`there are ${MAX_KEYS} keys already: revoke those that nobody uses`)
  }

  function revoke(id: string): string[] | null {
    if (!table.get(id)) return null
    const all = withMade(id)
    commit.tx(() => {
      for (const each of all) table.revoke(each, clock.now())
    })
    for (const each of all) {
      revoked().add(each)
      for (const listener of listeners) listener(each)
    }
    return all
  }

  const withMade = (id: string): string[] => [...(revoked().has(id) ? [] : [id]), ...table.madeBy(`key:${id}`).flatMap((row) => withMade(row.id))]

  return {
    looksLike: (text) => text.startsWith(PREFIX) || SIGNED.test(text),
    async verify(key) {
      const found = await find(key)
      if (!found) return null
      const { limits, scopes } = found
      if (revoked().has(limits.id) || (limits.expiresAtMs ?? Infinity) <= clock.now()) return null
      return { id: `key:${limits.id}`, role: 'operator', scopes: expandScopes(scopes), key: limits }
    },
    async make(wish, by) {
      check(wish, by)
      const id = toHex(crypto.getRandomValues(new Uint8Array(8)))
      const { name, kind, scopes, agents, models, expiresAtMs, requestsPerMinute, budget } = wish
      const row: KeyRow = {
        id,
        kind,
        name,
        scopes: [...new Set(scopes)],
        ...(agents && { agents: [...new Set(agents)] }),
        ...(models && { models: [...new Set(models)] }),
        ...(requestsPerMinute !== undefined && { requestsPerMinute }),
        ...(budget && { budget: toBudget(budget) }),
        madeBy: by.id,
        createdAtMs: clock.now(),
        // What is signed has seconds.
        ...(expiresAtMs !== undefined && { expiresAtMs: kind === 'signed' ? Math.floor(expiresAtMs / 1000) * 1000 : expiresAtMs }),
      }
      const key = kind === 'signed' ? await signing.sign({ limits: { ...toLimits(row), expiresAtMs: row.expiresAtMs! }, scopes: row.scopes }) : `${PREFIX}${id}_${randomToken()}`
      const hash = kind === 'signed' ? null : await sha256Hex(key)
      commit.tx(() => table.insert(row, hash))
      return { key, row }
    },
    list: (page) => table.list(page),
    revoke,
    isRevoked: (id) => revoked().has(id),
    onRevoked: (listener) => void listeners.push(listener),
    prune(now) {
      table.prune(now - KEEP_ENDED_MS, Math.floor((now - KEEP_ENDED_MS) / DAY_MS))
      ended = null
    },
  }
}

function toLimits({ id, agents, models, expiresAtMs, requestsPerMinute, budget }: KeyRow): KeyLimits {
  return {
    id,
    ...(agents && { agents }),
    ...(models && { models }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
    ...(requestsPerMinute !== undefined && { requestsPerMinute }),
    ...(budget && { budget: toBudget(budget) }),
  }
}

/** A key makes none that would do more than itself, or longer. */
function checkAgainst(own: KeyLimits, { agents, models, expiresAtMs = Infinity }: KeyWish): void {
  const deny = (what: string) => new GatewayError('FORBIDDEN', `a key may make no key that ${what} than itself`)
  if (own.requestsPerMinute !== undefined || own.budget) throw new GatewayError('FORBIDDEN', 'a key with a rate or a budget makes no keys')
  if (own.agents && !agents?.every((id) => own.agents!.includes(id))) throw deny('reaches more agents')
  if (own.models && !models?.every((id) => own.models!.some((each) => coversModel(each, id)))) throw deny('reaches more models')
  if (own.expiresAtMs !== undefined && expiresAtMs > own.expiresAtMs) throw deny('lasts longer')
}
