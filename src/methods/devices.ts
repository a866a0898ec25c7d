// Pairing of devices.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import type { Principal } from '../protocol/scopes.ts'
import type { Connection, Connections } from '../services/identity/connections.ts'
import type { Asker } from '../services/identity/asker.ts'
import type { DeviceRecord, PairRequest } from '../services/identity/devices.ts'
import type { NodePairing } from '../services/fleet/node-pairing.ts'

const text = z.string().min(1)

const identity = {
  deviceId: text,
  publicKey: text,
  displayName: text.optional(),
  platform: text,
  deviceFamily: text.optional(),
  clientId: text,
  clientMode: text,
}

const pendingRow = z.strictObject({
  requestId: text,
  ...identity,
  role: text,
  roles: z.array(text),
  scopes: z.array(text),
  remoteIp: text.optional(),
  isRepair: z.boolean().optional(),
  createdAtMs: z.int(),
  ts: z.int(),
})

const surface = {
  displayName: text.optional(),
  version: text.optional(),
  caps: z.array(text),
  commands: z.array(text),
  permissions: z.record(z.string(), z.boolean()).optional(),
}

const token = z.strictObject({
  role: text,
  scopes: z.array(text),
  createdAtMs: z.int(),
  issuedAtMs: z.int(),
  rotatedAtMs: z.int().optional(),
  revokedAtMs: z.int().optional(),
})

const pairedRow = z.strictObject({
  ...identity,
  operatorLabel: text.optional(),
  role: text,
  roles: z.array(text),
  scopes: z.array(text),
  approvedVia: text,
  createdAtMs: z.int(),
  approvedAtMs: z.int(),
  lastSeenAtMs: z.int().optional(),
  connected: z.boolean(),
  tokens: z.array(token),
  /** What a node may do, and what it asks to do more. */
  nodeSurface: z.strictObject({ ...surface, createdAtMs: z.int(), approvedAtMs: z.int() }).optional(),
  pendingNodeSurface: z.strictObject({ ...surface, requestId: text, silent: z.boolean().optional(), ts: z.int() }).optional(),
})

export const askerOf = (caller: Principal, connection: Connection | null): Asker => ({ caller, connectionId: connection?.id ?? null })

function toPending(request: PairRequest, known: boolean): z.output<typeof pendingRow> {
  return { ...request, roles: [request.role], scopes: [...request.scopes], ...(known && { isRepair: true }), ts: request.createdAtMs }
}

function toPaired(device: DeviceRecord, use: { connections: Connections; nodePairing: NodePairing }): z.output<typeof pairedRow> {
  const { grants, tokens, revokedAtMs = {}, label, ...rest } = device
  const roles = Object.keys(grants) as (keyof typeof grants)[]
  const live = tokens.map(({ role, issuedAtMs, scopes = grants[role], rotatedAtMs }) => ({
    role,
    scopes: [...(scopes ?? [])],
    createdAtMs: issuedAtMs,
    issuedAtMs,
    ...(rotatedAtMs !== undefined && { rotatedAtMs }),
  }))
  const revoked = Object.entries(revokedAtMs).map(([role, at]) => ({ role, scopes: [], createdAtMs: at, issuedAtMs: at, revokedAtMs: at }))
  return {
    ...rest,
    ...(label !== undefined && { operatorLabel: label }),
    role: roles[0] ?? 'operator',
    roles,
    scopes: [...new Set(roles.flatMap((role) => grants[role] ?? []))],
    connected: [...use.connections.established()].some(({ session }) => session?.deviceId === device.deviceId),
    tokens: [...live, ...revoked],
    ...use.nodePairing.surfacesOf(device.deviceId),
  }
}

export const devicePairList = defineMethod({
  name: 'device.pair.list',
  scope: 'operator.pairing',
  summary: 'Devices that are paired, and requests that wait. A device that is no admin sees itself alone.',
  params: z.strictObject({}),
  result: z.strictObject({ pending: z.array(pendingRow), paired: z.array(pairedRow) }),
  uses: ['connections', 'devices', 'nodePairing'],
  handler(_, { devices, caller, ...use }) {
    const { pending, paired } = devices.list(caller)
    return {
      pending: pending.map((request) => toPending(request, devices.find(request.deviceId) !== null)),
      paired: paired.map((device) => toPaired(device, use)),
    }
  },
})

export const devicePairApprove = defineMethod({
  name: 'device.pair.approve',
  scope: 'operator.pairing',
  summary: 'Approves a request. The approver must hold every scope that it asks for.',
  params: z.strictObject({ requestId: text }),
  result: z.strictObject({ requestId: text, device: pairedRow }),
  uses: ['connections', 'devices', 'nodePairing'],
  handler: ({ requestId }, { devices, caller, ...use }) => ({ requestId, device: toPaired(devices.approve(requestId, caller), use) }),
})

export const devicePairReject = defineMethod({
  name: 'device.pair.reject',
  scope: 'operator.pairing',
  summary: 'Rejects a request.',
  params: z.strictObject({ requestId: text }),
  result: z.strictObject({ requestId: text, deviceId: text }),
  uses: ['devices'],
  handler: ({ requestId }, { devices, caller }) => ({ requestId, deviceId: devices.reject(requestId, caller).deviceId }),
})

export const devicePairRemove = defineMethod({
  name: 'device.pair.remove',
  scope: 'operator.pairing',
  summary: 'Removes a device: its tokens are dead, and its sockets are closed.',
  params: z.strictObject({ deviceId: text }),
  result: z.strictObject({ deviceId: text }),
  uses: ['devices'],
  handler({ deviceId }, { devices, caller, connection }) {
    devices.remove(deviceId, askerOf(caller, connection))
    return { deviceId }
  },
})

export const devicePairRename = defineMethod({
  name: 'device.pair.rename',
  scope: 'operator.pairing',
  summary: 'Says what operators call a device.',
  params: z.strictObject({ deviceId: text, label: text.max(64) }),
  result: z.strictObject({ deviceId: text, label: text }),
  uses: ['devices'],
  handler({ deviceId, label: given }, { devices, caller }) {
    const label = given.trim()
    if (label === '') throw invalid('label required')
    devices.rename(deviceId, label, caller)
    return { deviceId, label }
  },
})

const tokenTarget = { deviceId: text, role: text }

export const deviceTokenRotate = defineMethod({
  name: 'device.token.rotate',
  scope: 'operator.pairing',
  summary: 'Replaces the tokens of a device. The new one is told to the device itself alone; the old ones are dead, and their sockets are closed.',
  params: z.strictObject({ ...tokenTarget, scopes: z.array(text).optional() }),
  result: z.strictObject({
    ...tokenTarget,
    scopes: z.array(text),
    rotatedAtMs: z.int(),
    token: text.optional(),
    tokenDelivery: z.enum(['in-band', 'withheld-cross-device']),
  }),
  uses: ['devices'],
  async handler({ deviceId, role, scopes: wanted }, { devices, caller, connection }) {
    const { token: made, scopes, rotatedAtMs } = await devices.rotateToken(deviceId, role, wanted, askerOf(caller, connection))
    const delivery = made === null ? ({ tokenDelivery: 'withheld-cross-device' } as const) : ({ token: made, tokenDelivery: 'in-band' } as const)
    return { deviceId, role, scopes: [...scopes], rotatedAtMs, ...delivery }
  },
})

export const deviceTokenRevoke = defineMethod({
  name: 'device.token.revoke',
  scope: 'operator.pairing',
  summary: 'Ends the access of a device in one role: its tokens are dead, its sockets are closed, and it needs a new approval.',
  params: z.strictObject(tokenTarget),
  result: z.strictObject({ ...tokenTarget, revokedAtMs: z.int() }),
  uses: ['devices'],
  handler: ({ deviceId, role }, { devices, caller, connection }) => ({
    deviceId,
    role,
    revokedAtMs: devices.revokeTokens(deviceId, role, askerOf(caller, connection)),
  }),
})
