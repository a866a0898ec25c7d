// Setup codes: what an admin shows to a new device so that it pairs without the gateway's secret. A code works once, for
// one key, for ten minutes, and gives what its profile says and no more. Kept as a hash.

import * as z from 'zod'
import { secretsEqual, sha256Hex } from '../../kit/bytes.ts'
import { randomToken, uuid } from '../../kit/ids.ts'
import { devicePairSetupCompleted, SETUP_ACCESS, type SetupAccess } from '../../protocol/device-events.ts'
import { devicePairResolved } from '../../protocol/events.ts'
import type { Role, Scope } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sql } from '../../ports/sql.ts'
import { createCollection } from '../../store/collection.ts'
import type { Commit } from '../../store/commit.ts'
import type { Bus } from '../bus.ts'
import type { DeviceIdentity, Devices } from './devices.ts'
import type { IssuedToken } from './device-tokens.ts'

const LIVE_MS = 10 * 60 * 1000
/** How long one can ask what became of a code. */
const KEEP_MS = 24 * 60 * 60 * 1000
/** Codes at most; the oldest make room. */
const MAX_CODES = 100

const LIMITED: readonly Scope[] = ['operator.approvals', 'operator.questions', 'operator.read', 'operator.talk.secrets', 'operator.write']

/** What an operator may do that paired with a code of this profile. */
export const SETUP_PROFILES: Readonly<Record<SetupAccess, readonly Scope[]>> = {
  full: ['operator.admin', ...LIMITED],
  limited: LIMITED,
  node: [],
}

const setupCode = z.strictObject({
  setupId: z.string(),
  hash: z.string(),
  access: z.enum(SETUP_ACCESS),
  createdAtMs: z.int(),
  expiresAtMs: z.int(),
  deviceId: z.string().optional(),
  deviceName: z.string().optional(),
  usedAtMs: z.int().optional(),
})
type SetupCode = z.output<typeof setupCode>

export interface MadeCode {
  readonly setupId: string
  readonly bootstrapToken: string
  readonly expiresAtMs: number
}

export interface Redeemed {
  readonly scopes: readonly Scope[]
  readonly token: IssuedToken
  /** The tokens of the roles that the device did not ask for now, but has as well. */
  readonly others: readonly { readonly role: Role; readonly scopes: readonly Scope[]; readonly token: IssuedToken }[]
}

export interface Completion {
  readonly setupId: string
  readonly deviceId: string
  readonly deviceName?: string
  readonly access: SetupAccess
  readonly ts: number
}

export interface SetupCodes {
  make(access: SetupAccess): Promise<MadeCode>
  /** Pairs the device and uses the code up; null when the code is none, or not one for this role. */
  redeem(token: string, device: DeviceIdentity, role: Role, choose: (profile: readonly Scope[]) => readonly Scope[]): Promise<Redeemed | null>
  status(setupId: string): Completion | null
  /** With what access this device has paired a moment ago; null when it was not by a code. */
  accessOf(deviceId: string): SetupAccess | null
  prune(now: number): void
}

export function createSetupCodes(deps: {
  sql: Sql
  devices: Devices
  commit: Commit
  clock: Clock
  bus: Bus
}): SetupCodes {
  const { devices, commit, clock, bus } = deps
  const codes = createCollection(deps.sql, 'setup-codes', setupCode)
  const all = () => codes.list({ limit: MAX_CODES * 2 }).map(({ value }) => value)

  function completionOf({ setupId, deviceId, deviceName, access, usedAtMs }: SetupCode): Completion | null {
    if (deviceId === undefined || usedAtMs === undefined) return null
    return { setupId, deviceId, ...(deviceName !== undefined && { deviceName }), access, ts: usedAtMs }
  }

  function prune(now: number) {
    for (const { setupId, createdAtMs } of all()) if (createdAtMs <= now - KEEP_MS) codes.delete(setupId)
  }

  return {
    async make(access) {
      const bootstrapToken = randomToken()
      const hash = await sha256Hex(bootstrapToken)
      const now = clock.now()
      const code = { setupId: uuid(), hash, access, createdAtMs: now, expiresAtMs: now + LIVE_MS }
      commit.tx(() => {
        prune(now)
        const oldest = all().toSorted((a, b) => a.createdAtMs - b.createdAtMs)
        for (const { setupId } of oldest.slice(0, Math.max(0, oldest.length - MAX_CODES + 1))) codes.delete(setupId)
        codes.put(code.setupId, code)
      })
      return { setupId: code.setupId, bootstrapToken, expiresAtMs: code.expiresAtMs }
    },

    async redeem(token, device, role, choose) {
      const [hash, own, other] = await Promise.all([sha256Hex(token), devices.prepareToken(), devices.prepareToken()])
      const done = commit.tx(() => {
        const now = clock.now()
        const code = all().find((each) => secretsEqual(each.hash, hash) && each.usedAtMs === undefined && each.expiresAtMs > now)
        if (!code || (code.access === 'node' && role !== 'node')) return null
        const { deviceId, displayName } = device
        const profile = SETUP_PROFILES[code.access]
        const isBoth = role === 'node' && code.access !== 'node'
        const scopes = role === 'node' ? [] : choose(profile)
        devices.grantAnew(device, isBoth ? { node: [], operator: [...profile] } : { [role]: [...scopes] }, 'bootstrap')
        const used = { ...code, deviceId, ...(displayName !== undefined && { deviceName: displayName }), usedAtMs: now }
        codes.put(code.setupId, used)
        const issued = devices.keepToken(deviceId, role, own)
        const others = isBoth ? [{ role: 'operator' as const, scopes: profile, token: devices.keepToken(deviceId, 'operator', other) }] : []
        return { completion: completionOf(used)!, redeemed: { scopes, token: issued, others } }
      })
      if (!done) return null
      const { completion, redeemed } = done
      bus.publish(devicePairResolved, { requestId: uuid(), deviceId: device.deviceId, decision: 'approved', ts: completion.ts })
      bus.publish(devicePairSetupCompleted, completion)
      return redeemed
    },

    status(setupId) {
      const code = codes.get(setupId)?.value
      return code ? completionOf(code) : null
    },

    accessOf(deviceId) {
      const since = clock.now() - LIVE_MS
      return all().find((code) => code.deviceId === deviceId && (code.usedAtMs ?? 0) > since)?.access ?? null
    },

    prune,
  }
}
