// Pairing of devices.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'
import type { DeviceRecord, PairRequest } from '../services/identity/devices.ts'

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
  createdAtMs: z.int(),
})

const pairedRow = z.strictObject({
  ...identity,
  role: text,
  roles: z.array(text),
  scopes: z.array(text),
  approvedVia: text,
  createdAtMs: z.int(),
  approvedAtMs: z.int(),
  tokens: z.array(z.strictObject({ role: text, scopes: z.array(text), issuedAtMs: z.int() })),
})

function toPending(request: PairRequest): z.output<typeof pendingRow> {
  return { ...request, roles: [request.role], scopes: [...request.scopes] }
}

function toPaired({ grants, tokens, ...device }: DeviceRecord): z.output<typeof pairedRow> {
  const roles = Object.keys(grants) as (keyof typeof grants)[]
  return {
    ...device,
    role: roles[0] ?? 'operator',
    roles,
    scopes: [...new Set(roles.flatMap((role) => grants[role] ?? []))],
    tokens: tokens.map(({ role, issuedAtMs }) => ({ role, scopes: [...(grants[role] ?? [])], issuedAtMs })),
  }
}

export const devicePairList = defineMethod({
  name: 'device.pair.list',
  scope: 'operator.pairing',
  summary: 'Devices that are paired, and requests that wait.',
  params: z.strictObject({}),
  result: z.strictObject({ pending: z.array(pendingRow), paired: z.array(pairedRow) }),
  uses: ['devices'],
  handler(_, { devices }) {
    const { pending, paired } = devices.list()
    return { pending: pending.map(toPending), paired: paired.map(toPaired) }
  },
})

export const devicePairApprove = defineMethod({
  name: 'device.pair.approve',
  scope: 'operator.pairing',
  summary: 'Approves a request. The approver must hold every scope that it asks for.',
  params: z.strictObject({ requestId: text }),
  result: z.strictObject({ requestId: text, device: pairedRow }),
  uses: ['devices'],
  handler: ({ requestId }, { devices, caller }) => ({ requestId, device: toPaired(devices.approve(requestId, caller)) }),
})

export const devicePairReject = defineMethod({
  name: 'device.pair.reject',
  scope: 'operator.pairing',
  summary: 'Rejects a request.',
  params: z.strictObject({ requestId: text }),
  result: z.strictObject({ requestId: text, deviceId: text }),
  uses: ['devices'],
  handler: ({ requestId }, { devices }) => ({ requestId, deviceId: devices.reject(requestId).deviceId }),
})
