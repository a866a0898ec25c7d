// Addresses that open the canvas of one agent for a while. They say themselves what they open, and are signed: they hold
// over a sleep of the gateway, and to check one nothing is looked up.

import * as z from 'zod'
import { fromBase64Url, joinBytes, secretsEqual, toBase64Url, toUtf8 } from '../../kit/bytes.ts'
import { randomToken } from '../../kit/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sql } from '../../ports/sql.ts'
import { createCollection } from '../../store/collection.ts'
import type { Commit } from '../../store/commit.ts'

export interface CanvasCapabilities {
  make(agentId: string, expiresAtMs: number): Promise<string>
  /** The agent; null: it was not made here, or is over. */
  read(capability: string): Promise<string | null>
}

const stored = z.strictObject({ secret: z.string() })
const ONLY = 'only'
const MAX_CHARS = 1024

export function createCanvasCapabilities({ sql, commit, clock }: { sql: Sql; commit: Commit; clock: Clock }): CanvasCapabilities {
  const kept = createCollection(sql, 'canvas-signing', stored)
  let key: Promise<CryptoKey> | null = null

  /** null: none was ever needed, so that no address can be right. */
  function known(): Promise<CryptoKey> | null {
    const secret = key ? null : kept.get(ONLY)?.value.secret
    return (key ??= secret ? crypto.subtle.importKey('raw', fromBase64Url(secret)!, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']) : null)
  }

  const made = () =>
    known() ??
    commit.tx(() => {
      kept.put(ONLY, { secret: randomToken() })
      return known()!
    })

  const sign = async (own: Promise<CryptoKey>, said: string) => toBase64Url(new Uint8Array(await crypto.subtle.sign('HMAC', await own, joinBytes([toUtf8('canvas:'), toUtf8(said)]))))

  return {
    async make(agentId, expiresAtMs) {
      const said = `${toBase64Url(toUtf8(agentId))}.${expiresAtMs}`
      return `${said}.${await sign(made(), said)}`
    },
    async read(capability) {
      const parts = capability.length > MAX_CHARS ? null : /^(([A-Za-z0-9_-]+)\.(\d{1,16}))\.([A-Za-z0-9_-]{43})$/.exec(capability)
      const own = parts && known()
      if (!own || !secretsEqual(parts[4]!, await sign(own, parts[1]!))) return null
      return Number(parts[3]) > clock.now() ? new TextDecoder().decode(fromBase64Url(parts[2]!)!) : null
    },
  }
}
