// Paired devices, requests to be paired, and device tokens. Tokens are kept as hashes. Nobody can approve more than
// it holds itself.

import * as z from 'zod'
import { sha256Hex } from '../../kit/bytes.ts'
import { randomToken, uuid } from '../../kit/ids.ts'
import { devicePairRequested, devicePairResolved } from '../../protocol/events.ts'
import { GatewayError, invalid } from '../../protocol/errors.ts'
import { covers, expandScopes, SCOPES, type Principal, type Role, type Scope } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Sql } from '../../ports/sql.ts'
import { createCollection } from '../../store/collection.ts'
import type { Commit } from '../../store/commit.ts'
import type { Bus } from '../bus.ts'

const REQUEST_TTL_MS = 5 * 60 * 1000
/** Pending requests at most; the oldest make room. */
const MAX_REQUESTS = 100
/** Tokens of one device and role that are valid side by side: a browser's tabs each get one. */
const MAX_TOKENS = 4

const scopes = z.array(z.enum(SCOPES))
const role = z.enum(['operator', 'node'])

const identity = {
  deviceId: z.string(),
  publicKey: z.string(),
  displayName: z.string().optional(),
  platform: z.string(),
  deviceFamily: z.string().optional(),
  clientId: z.string(),
  clientMode: z.string(),
}

const deviceRecord = z.strictObject({
  ...identity,
  /** The scopes that each approved role may have. */
  grants: z.partialRecord(role, scopes),
  tokens: z.array(z.strictObject({ role, hash: z.string(), issuedAtMs: z.int() })),
  approvedVia: z.enum(['silent', 'operator']),
  createdAtMs: z.int(),
  approvedAtMs: z.int(),
})
export type DeviceRecord = z.output<typeof deviceRecord>

const pairRequest = z.strictObject({
  requestId: z.string(),
  ...identity,
  role,
  scopes,
  remoteIp: z.string().optional(),
  createdAtMs: z.int(),
})
export type PairRequest = z.output<typeof pairRequest>

/** What a connecting device says of itself, after its signature was verified. */
export type DeviceIdentity = Pick<
  PairRequest,
  'deviceId' | 'publicKey' | 'displayName' | 'platform' | 'deviceFamily' | 'clientId' | 'clientMode'
>

export interface IssuedToken {
  readonly deviceToken: string
  readonly issuedAtMs: number
}

export interface Devices {
  /** What the device may have in this role; null when it was never approved for it. */
  grantOf(deviceId: string, role: Role): readonly Scope[] | null
  /** Approves without asking: for direct connections from this machine that hold the shared secret. */
  approveSilently(device: DeviceIdentity, role: Role, scopes: readonly Scope[]): void
  /** Keeps the wish of a device to be paired, and tells operators. Returns the id to approve. */
  request(device: DeviceIdentity, role: Role, scopes: readonly Scope[], remoteIp: string | null): string
  approve(requestId: string, approver: Principal): DeviceRecord
  reject(requestId: string): PairRequest
  list(): { pending: PairRequest[]; paired: DeviceRecord[] }
  /** Makes a token for an approved device and role, and keeps its hash. */
  issueToken(deviceId: string, role: Role): Promise<IssuedToken>
  /** Whether `token` is a live token of exactly this device and role. */
  holdsToken(deviceId: string, role: Role, token: string): Promise<boolean>
  /** Whether any live token exists: its absence means that access was revoked. */
  hasToken(deviceId: string, role: Role): boolean
}

export function createDevices(deps: { sql: Sql; commit: Commit; clock: Clock; bus: Bus }): Devices {
  const { sql, commit, clock, bus } = deps
  const devices = createCollection(sql, 'devices', deviceRecord)
  const requests = createCollection(sql, 'device-requests', pairRequest)

  const find = (deviceId: string) => devices.get(deviceId)?.value ?? null

  const kept = () => requests.list({ limit: MAX_REQUESTS * 2 }).map(({ value }) => value)
  const isExpired = ({ createdAtMs }: PairRequest) => createdAtMs <= clock.now() - REQUEST_TTL_MS

  const pending = (): PairRequest[] =>
    kept()
      .filter((request) => !isExpired(request))
      .toSorted((a, b) => a.createdAtMs - b.createdAtMs)

  function forgetExpired() {
    for (const request of kept()) if (isExpired(request)) requests.delete(request.requestId)
  }


  function take(requestId: string): PairRequest {
    const request = pending().find((each) => each.requestId === requestId)
    if (!request) throw invalid('unknown or expired pairing request: let the device connect again, then list the requests')
    requests.delete(requestId)
    return request
  }

  function grant(device: DeviceIdentity, role: Role, wanted: readonly Scope[], via: DeviceRecord['approvedVia']) {
    const now = clock.now()
    const known = find(device.deviceId)
    const scopes = [...new Set([...(known?.grants[role] ?? []), ...wanted])].toSorted()
    const record: DeviceRecord = {
      ...device,
      grants: { ...known?.grants, [role]: scopes },
      tokens: known?.tokens ?? [],
      approvedVia: known?.approvedVia ?? via,
      createdAtMs: known?.createdAtMs ?? now,
      approvedAtMs: now,
    }
    devices.put(device.deviceId, record)
    return record
  }

  function resolved(request: Pick<PairRequest, 'requestId' | 'deviceId'>, decision: 'approved' | 'rejected') {
    bus.publish(devicePairResolved, {
      requestId: request.requestId,
      deviceId: request.deviceId,
      decision,
      ts: clock.now(),
    })
  }

  return {
    grantOf: (deviceId, role) => find(deviceId)?.grants[role] ?? null,

    approveSilently(device, role, scopes) {
      commit.tx(() => grant(device, role, scopes, 'silent'))
      resolved({ requestId: uuid(), deviceId: device.deviceId }, 'approved')
    },

    request: (device, role, scopes, remoteIp) =>
      commit.tx(() => {
        forgetExpired()
        const waiting = pending()
        const earlier = waiting.find((each) => each.deviceId === device.deviceId && each.role === role)
        // Under other scopes it is another request: who approves an id approves what was shown under it.
        const isRepeated = earlier !== undefined && isSame(earlier.scopes, scopes)
        const replaced = earlier ?? (waiting.length >= MAX_REQUESTS ? waiting[0] : undefined)
        if (replaced && !isRepeated) requests.delete(replaced.requestId)
        const request: PairRequest = {
          requestId: isRepeated ? earlier.requestId : uuid(),
          ...device,
          role,
          scopes: [...scopes],
          ...(remoteIp !== null && { remoteIp }),
          createdAtMs: clock.now(),
        }
        requests.put(request.requestId, request)
        const { createdAtMs: ts, ...shown } = request
        bus.publish(devicePairRequested, { ...shown, roles: [role], ts })
        return request.requestId
      }),

    approve: (requestId, approver) =>
      commit.tx(() => {
        const request = take(requestId)
        if (!covers(approver.scopes, [...expandScopes(request.scopes)])) {
          throw new GatewayError('FORBIDDEN', 'the request asks for scopes that you do not hold: an admin can approve it', {
            details: { code: 'MISSING_SCOPE', requiredScopes: request.scopes },
          })
        }
        const { requestId: _, role, scopes, remoteIp: __, createdAtMs: ___, ...device } = request
        const record = grant(device, role, scopes, 'operator')
        resolved(request, 'approved')
        return record
      }),

    reject: (requestId) =>
      commit.tx(() => {
        const request = take(requestId)
        resolved(request, 'rejected')
        return request
      }),

    list: () => ({ pending: pending(), paired: devices.list({ limit: 1000 }).map(({ value }) => value) }),

    async issueToken(deviceId, role) {
      const deviceToken = randomToken()
      const hash = await sha256Hex(deviceToken)
      const issuedAtMs = clock.now()
      commit.tx(() => {
        const device = find(deviceId)
        if (!device?.grants[role]) throw new GatewayError('NOT_PAIRED', 'this device was removed: pair it again')
        const others = device.tokens.filter((token) => token.role !== role)
        const own = device.tokens.filter((token) => token.role === role).slice(-(MAX_TOKENS - 1))
        devices.put(deviceId, { ...device, tokens: [...others, ...own, { role, hash, issuedAtMs }] })
      })
      return { deviceToken, issuedAtMs }
    },

    async holdsToken(deviceId, role, token) {
      const hash = await sha256Hex(token)
      return find(deviceId)?.tokens.some((each) => each.role === role && each.hash === hash) ?? false
    },

    hasToken: (deviceId, role) => find(deviceId)?.tokens.some((token) => token.role === role) ?? false,
  }
}

const isSame = (one: readonly Scope[], other: readonly Scope[]): boolean => covers(new Set(one), other) && covers(new Set(other), one)
