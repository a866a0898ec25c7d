// The tokens by which a paired device comes back without the gateway's secret. Kept as hashes; a token is worth nothing
// without the key of its device.

import { secretsEqual, sha256Hex } from '../../kit/bytes.ts'
import { randomToken } from '../../kit/ids.ts'
import { devicePairChanged } from '../../protocol/device-events.ts'
import { GatewayError, invalid } from '../../protocol/errors.ts'
import { covers, expandScopes, isScope, ROLES, type Role, type Scope } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Commit } from '../../store/commit.ts'
import type { Bus } from '../bus.ts'
import { mayTouch, type Asker } from './asker.ts'
import type { DeviceSockets } from './device-sockets.ts'
import { grantIn, type DeviceRecord, type DeviceTable } from './device-table.ts'

/** Tokens of one device and role that are valid side by side: a browser's tabs each get one. */
const MAX_TOKENS = 4

export interface IssuedToken {
  readonly deviceToken: string
  readonly issuedAtMs: number
}

/** A token that nobody holds yet: hashing takes a promise, keeping it must not. */
export interface PreparedToken {
  readonly deviceToken: string
  readonly hash: string
}

export interface Rotated {
  readonly role: Role
  readonly scopes: readonly Scope[]
  readonly rotatedAtMs: number
  /** null when another device asked: it must not get to know it. */
  readonly token: string | null
}

export interface DeviceTokens {
  prepareToken(): Promise<PreparedToken>
  /** Makes a prepared token one of this device, as part of the caller's transaction. */
  keepToken(deviceId: string, role: Role, prepared: PreparedToken): IssuedToken
  /** Makes a token for an approved device and role, and keeps its hash. */
  issueToken(deviceId: string, role: Role): Promise<IssuedToken>
  /** Whether `token` is a live token of exactly this device and role. */
  holdsToken(deviceId: string, role: Role, token: string): Promise<boolean>
  /** Whether any live token exists: its absence means that access was revoked. */
  hasToken(deviceId: string, role: Role): boolean
  /** What `token` allows; of no token in particular: what all live ones allow together. Null when there is none. */
  tokenScopes(deviceId: string, role: Role, token?: string): Promise<readonly Scope[] | null>
  /** The tokens that there were are dead; the new one allows at most what was approved and what the asker holds. */
  rotateToken(deviceId: string, role: string, wanted: readonly string[] | undefined, asker: Asker): Promise<Rotated>
  /** The tokens are dead, and the device needs a new approval. Returns when that was. */
  revokeTokens(deviceId: string, role: string, asker: Asker): number
}

export function createDeviceTokens(deps: {
  table: DeviceTable
  sockets: DeviceSockets
  commit: Commit
  clock: Clock
  bus: Bus
  /** Tells that the access of a device in this role has ended. */
  ended: (deviceId: string, role: Role) => void
}): DeviceTokens {
  const { table, sockets, commit, clock, bus, ended } = deps

  async function prepareToken(): Promise<PreparedToken> {
    const deviceToken = randomToken()
    return { deviceToken, hash: await sha256Hex(deviceToken) }
  }

  function keepToken(deviceId: string, role: Role, { deviceToken, hash }: PreparedToken): IssuedToken {
    const device = table.find(deviceId)
    if (!device || !grantIn(device, role)) throw new GatewayError('NOT_PAIRED', 'this device was removed: pair it again')
    const now = clock.now()
    const others = device.tokens.filter((token) => token.role !== role)
    const own = device.tokens.filter((token) => token.role === role).slice(-(MAX_TOKENS - 1))
    table.put({ ...device, tokens: [...others, ...own, { role, hash, issuedAtMs: now }], lastSeenAtMs: now })
    return { deviceToken, issuedAtMs: now }
  }

  const scopesIn = (device: DeviceRecord | null, role: Role, which: (token: DeviceRecord['tokens'][number]) => boolean) => {
    const approved = grantIn(device, role)
    const tokens = device?.tokens.filter((token) => token.role === role && which(token)) ?? []
    if (!approved || tokens.length === 0) return null
    const held = expandScopes(approved) // a token may be older than what is approved now
    return [...new Set(tokens.flatMap((token) => token.scopes?.filter((scope) => held.has(scope)) ?? approved))]
  }

  /** The device and role that a change is about, if the asker may make it. */
  function target(deviceId: string, given: string, asker: Asker, what: string): { device: DeviceRecord; role: Role } {
    const role = ROLES.find((each) => each === given)
    const device = table.find(deviceId)
    if (!role || !device?.grants[role] || !mayTouch(asker.caller, deviceId)) throw invalid(`device token ${what} denied`)
    return { device, role }
  }

  return {
    prepareToken,
    keepToken,
    async issueToken(deviceId, role) {
      const prepared = await prepareToken()
      return commit.tx(() => keepToken(deviceId, role, prepared))
    },
    async holdsToken(deviceId, role, token) {
      const hash = await sha256Hex(token)
      return scopesIn(table.find(deviceId), role, (each) => secretsEqual(each.hash, hash)) !== null
    },
    hasToken: (deviceId, role) => scopesIn(table.find(deviceId), role, () => true) !== null,
    async tokenScopes(deviceId, role, token) {
      const hash = token === undefined ? null : await sha256Hex(token)
      return scopesIn(table.find(deviceId), role, (each) => hash === null || secretsEqual(each.hash, hash))
    },

    async rotateToken(deviceId, given, wanted, asker) {
      const prepared = await prepareToken()
      const { device, role } = target(deviceId, given, asker, 'rotation')
      const approved = grantIn(device, role)
      const scopes = (wanted ?? scopesIn(device, role, () => true) ?? approved ?? []).toSorted()
      const isAllowed = approved !== null && scopes.every((scope): scope is Scope => isScope(scope) && expandScopes(approved).has(scope))
      const isHeld = covers(asker.caller.scopes, [...expandScopes(scopes.filter(isScope))])
      if (!isAllowed || !isHeld || (role === 'node' && scopes.length > 0)) throw invalid('device token rotation denied')
      const now = clock.now()
      const token = { role, hash: prepared.hash, issuedAtMs: now, scopes, rotatedAtMs: now }
      commit.tx(() => table.put({ ...device, tokens: [...device.tokens.filter((each) => each.role !== role), token] }))
      bus.publish(devicePairChanged, {})
      sockets.close(deviceId, role, asker.connectionId)
      return { role, scopes, rotatedAtMs: now, token: asker.caller.deviceId === deviceId ? prepared.deviceToken : null }
    },

    revokeTokens(deviceId, given, asker) {
      const { device, role } = target(deviceId, given, asker, 'revocation')
      const now = clock.now()
      const tokens = device.tokens.filter((token) => token.role !== role)
      commit.tx(() => table.put({ ...device, tokens, revokedAtMs: { ...device.revokedAtMs, [role]: now } }))
      ended(deviceId, role)
      bus.publish(devicePairChanged, {})
      sockets.close(deviceId, role, asker.connectionId)
      return now
    },
  }
}
