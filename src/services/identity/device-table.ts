// The rows of paired devices, and of those that ask to be paired. Tokens are kept as hashes.

import * as z from 'zod'
import { ROLES, SCOPES, type Role, type Scope } from '../../protocol/scopes.ts'
import type { Sql } from '../../ports/sql.ts'
import { createCollection } from '../../store/collection.ts'

const REQUEST_TTL_MS = 5 * 60 * 1000
/** Pending requests at most; the oldest make room. */
const MAX_REQUESTS = 100
/** Devices that a list shows. */
const MAX_LISTED = 1000

const scopes = z.array(z.enum(SCOPES))
const role = z.enum(ROLES)

const identity = {
  deviceId: z.string(),
  publicKey: z.string(),
  displayName: z.string().optional(),
  platform: z.string(),
  deviceFamily: z.string().optional(),
  clientId: z.string(),
  clientMode: z.string(),
}

const token = z.strictObject({
  role,
  hash: z.string(),
  issuedAtMs: z.int(),
  /** Fewer than were approved, for a token that was made so; absent: what was approved. */
  scopes: scopes.optional(),
  rotatedAtMs: z.int().optional(),
})

const deviceRecord = z.strictObject({
  ...identity,
  /** The scopes that each approved role may have. */
  grants: z.partialRecord(role, scopes),
  tokens: z.array(token),
  /** Roles whose access was revoked: they need a new approval. */
  revokedAtMs: z.partialRecord(role, z.int()).optional(),
  /** What an operator calls it. */
  label: z.string().optional(),
  approvedVia: z.enum(['silent', 'operator', 'bootstrap', 'trusted-cidr']),
  createdAtMs: z.int(),
  approvedAtMs: z.int(),
  lastSeenAtMs: z.int().optional(),
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

export interface DeviceTable {
  find(deviceId: string): DeviceRecord | null
  put(device: DeviceRecord): void
  delete(deviceId: string): void
  list(): DeviceRecord[]
  /** The requests that have not expired, the oldest first. */
  pending(now: number): PairRequest[]
  /** Keeps a request; when there are too many, the oldest make room. */
  putRequest(request: PairRequest, now: number): void
  deleteRequest(requestId: string): void
  /** Forgets requests that nobody answered in time. */
  prune(now: number): void
}

export function createDeviceTable(sql: Sql): DeviceTable {
  const devices = createCollection(sql, 'devices', deviceRecord)
  const requests = createCollection(sql, 'device-requests', pairRequest)
  const all = () => requests.list({ limit: MAX_REQUESTS * 2 }).map(({ value }) => value)

  function pending(now: number): PairRequest[] {
    return all()
      .filter((request) => request.createdAtMs > now - REQUEST_TTL_MS)
      .toSorted((a, b) => a.createdAtMs - b.createdAtMs)
  }

  function prune(now: number) {
    for (const { requestId, createdAtMs } of all()) if (createdAtMs <= now - REQUEST_TTL_MS) requests.delete(requestId)
  }

  return {
    find: (deviceId) => devices.get(deviceId)?.value ?? null,
    put: (device) => void devices.put(device.deviceId, device),
    delete: (deviceId) => devices.delete(deviceId),
    list: () => devices.list({ limit: MAX_LISTED }).map(({ value }) => value),
    pending,
    putRequest(request, now) {
      prune(now)
      const waiting = pending(now).filter(({ requestId }) => requestId !== request.requestId)
      for (const { requestId } of waiting.slice(0, Math.max(0, waiting.length - MAX_REQUESTS + 1))) requests.delete(requestId)
      requests.put(request.requestId, request)
    },
    deleteRequest: (requestId) => requests.delete(requestId),
    prune,
  }
}

/** What the device may have in this role; null when it was never approved for it, or its access was revoked. */
export const grantIn = (device: DeviceRecord | null, role: Role): readonly Scope[] | null =>
  device?.revokedAtMs?.[role] === undefined ? (device?.grants[role] ?? null) : null
