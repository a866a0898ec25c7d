// The gateway itself: health, status, presence, machine, identity.

import * as z from 'zod'
import { defineMethod } from '../rpc/method.ts'
import { invalid, unavailable } from '../protocol/errors.ts'
import { presenceEntry } from '../protocol/shapes.ts'
import { HEALTH_TOPIC } from '../services/identity/topics.ts'

const anyParams = z.looseObject({})
const noParams = z.strictObject({})

export const health = defineMethod({
  name: 'health',
  scope: 'operator.read',
  role: 'any',
  summary: 'The health snapshot, at most a second old.',
  params: anyParams,
  result: z.looseObject({ ok: z.literal(true), ts: z.int(), durationMs: z.int() }),
  uses: ['health'],
  handler: (_, { health }) => health.snapshot(),
})

export const healthSubscribe = defineMethod({
  name: 'health.subscribe',
  scope: 'operator.read',
  summary: 'Asks for a health event every five seconds on this connection, changed or not.',
  params: noParams,
  result: z.strictObject({ subscribed: z.literal(true) }),
  uses: [],
  handler(_, { connection }) {
    if (!connection) throw invalid('health.subscribe needs a WebSocket connection')
    connection.subscribe(HEALTH_TOPIC)
    return { subscribed: true as const }
  },
})

export const status = defineMethod({
  name: 'status',
  scope: 'operator.read',
  summary: 'The status page: version, sessions, model, what is running.',
  params: anyParams,
  result: z.looseObject({ runtimeVersion: z.string() }),
  uses: ['system'],
  handler: (_, { system }) => system.status(),
})

export const systemPresence = defineMethod({
  name: 'system-presence',
  scope: 'operator.read',
  summary: 'Who is connected, the gateway itself first.',
  params: anyParams,
  result: z.array(presenceEntry),
  uses: ['presence'],
  handler: (_, { presence }) => presence.list(),
})

export const systemInfo = defineMethod({
  name: 'system.info',
  scope: 'operator.read',
  summary: 'Figures of the machine and the process.',
  params: noParams,
  result: z.strictObject({
    machineName: z.string(),
    hostname: z.string(),
    platform: z.string(),
    release: z.string(),
    arch: z.string(),
    osLabel: z.string(),
    lanAddress: z.string().optional(),
    nodeVersion: z.string(),
    pid: z.int(),
    processInstanceId: z.string(),
    uptimeMs: z.int(),
    cpuCount: z.int(),
    cpuModel: z.string().optional(),
    loadAverage: z.array(z.number()).optional(),
    memoryTotalBytes: z.int(),
    memoryFreeBytes: z.int(),
  }),
  uses: ['system'],
  needs: ['system'],
  handler(_, { system }) {
    const info = system.info()
    if (!info) throw unavailable('this runtime cannot tell about its machine', { retryable: false })
    const { loadAverage, ...rest } = info
    return { ...rest, ...(loadAverage && { loadAverage: [...loadAverage] }) }
  },
})

export const gatewayIdentityGet = defineMethod({
  name: 'gateway.identity.get',
  scope: 'operator.read',
  summary: 'The device identity of the gateway: its id and its public key.',
  params: noParams,
  result: z.strictObject({ deviceId: z.string(), publicKey: z.string() }),
  uses: ['identity'],
  handler: (_, { identity }) => ({ ...identity.get() }),
})
