// Keys that say themselves what they allow, signed with a secret of the gateway: to check one, nothing is looked up.

import * as z from 'zod'
import { fromBase64Url } from '../../kit/bytes.ts'
import { randomToken } from '../../kit/ids.ts'
import { BUDGET_PERIODS, SCOPES, type KeyLimits, type Scope } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sql } from '../../ports/sql.ts'
import { createCollection } from '../../store/collection.ts'
import type { Commit } from '../../store/commit.ts'

export interface SignedKey {
  readonly limits: KeyLimits & { readonly expiresAtMs: number }
  readonly scopes: readonly Scope[]
}

export interface KeySigning {
  sign(key: SignedKey): Promise<string>
  /** null: it was not made here, or has expired. */
  verify(token: string): Promise<SignedKey | null>
}

const stored = z.strictObject({ secret: z.string() })
const ONLY = 'only'
const ALGORITHM = 'HS256'
const PARTY = 'edgeclaw'

const claims = z.object({
  jti: z.string().min(1),
  exp: z.int(),
  scopes: z.array(z.enum(SCOPES)),
  agents: z.array(z.string()).optional(),
  models: z.array(z.string()).optional(),
  rpm: z.int().optional(),
  budget: z.strictObject({ tokens: z.int().optional(), usd: z.number().optional(), period: z.enum(BUDGET_PERIODS) }).optional(),
})

export function createKeySigning({ sql, commit, clock }: { sql: Sql; commit: Commit; clock: Clock }): KeySigning {
  const kept = createCollection(sql, 'key-signing', stored)
  let secret: Uint8Array<ArrayBuffer> | null = null

  /** null: none was ever needed, so that no key can be right. */
  function known(): Uint8Array<ArrayBuffer> | null {
    const text = secret ? null : kept.get(ONLY)?.value.secret
    return (secret ??= text ? fromBase64Url(text) : null)
  }

  const made = () =>
    known() ??
    commit.tx(() => {
      kept.put(ONLY, { secret: randomToken() })
      return known()!
    })

  return {
    async sign({ limits: { id, agents, models, requestsPerMinute: rpm, budget, expiresAtMs }, scopes }) {
      const { SignJWT } = await import('jose')
      const own = { scopes, ...(agents && { agents }), ...(models && { models }), ...(rpm !== undefined && { rpm }), ...(budget && { budget }) }
      return new SignJWT(own)
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
        .setJti(id)
        .setIssuer(PARTY)
        .setAudience(PARTY)
        .setIssuedAt(Math.floor(clock.now() / 1000))
        .setExpirationTime(Math.floor(expiresAtMs / 1000))
        .sign(made())
    },
    async verify(token) {
      const own = known()
      if (!own) return null
      const { jwtVerify } = await import('jose')
      const options = { algorithms: [ALGORITHM], issuer: PARTY, audience: PARTY, currentDate: new Date(clock.now()), requiredClaims: ['jti', 'exp'] }
      const payload = await jwtVerify(token, own, options).then(
        (verified) => claims.safeParse(verified.payload),
        () => null,
      )
      if (!payload?.success) return null
      const { jti: id, exp, scopes, agents, models, rpm, budget } = payload.data
      const limits = {
        id,
        expiresAtMs: exp * 1000,
        ...(agents && { agents }),
        ...(models && { models }),
        ...(rpm !== undefined && { requestsPerMinute: rpm }),
        ...(budget && { budget: toBudget(budget) }),
      }
      return { limits, scopes }
    },
  }
}

export const toBudget = ({ tokens, usd, period }: { tokens?: number | undefined; usd?: number | undefined; period: (typeof BUDGET_PERIODS)[number] }) => ({
  period,
  ...(tokens !== undefined && { tokens }),
  ...(usd !== undefined && { usd }),
})
