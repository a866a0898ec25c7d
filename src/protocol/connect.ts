// The handshake: challenge, connect params, hello-ok.

import * as z from 'zod'
import { presenceEntry } from './shapes.ts'

export { signedPayloads } from './device-text.ts'

const text = z.string().min(1)
const count = z.int().min(0)

export const CLIENT_IDS = [
  'webchat-ui',
  'openclaw-control-ui',
  'openclaw-browser-copilot',
  'openclaw-tui',
  'webchat',
  'cli',
  'gateway-client',
  'openclaw-macos',
  'openclaw-linux',
  'openclaw-ios',
  'openclaw-watchos',
  'openclaw-android',
  'node-host',
  'openclaw-worker',
  'test',
  'fingerprint',
  'openclaw-probe',
] as const

export const CLIENT_MODES = ['webchat', 'cli', 'ui', 'backend', 'node', 'worker', 'probe', 'test'] as const

/** Those of them that are pages in a browser. */
export const PAGE_CLIENTS: readonly string[] = ['openclaw-control-ui', 'webchat', 'webchat-ui']

const client = z.strictObject({
  id: z.enum(CLIENT_IDS),
  displayName: text.optional(),
  version: text,
  buildId: text.max(96).optional(),
  platform: text,
  deviceFamily: text.optional(),
  modelIdentifier: text.optional(),
  timeZone: text.max(64).optional(),
  mode: z.enum(CLIENT_MODES),
  instanceId: text.optional(),
})
export type Client = z.output<typeof client>

const device = z.strictObject({ id: text, publicKey: text, signature: text, signedAt: count, nonce: text })
export type DeviceProof = z.output<typeof device>

const credentials = z.strictObject({
  token: z.string().optional(),
  bootstrapToken: z.string().optional(),
  deviceToken: z.string().optional(),
  password: z.string().optional(),
  approvalRuntimeToken: z.string().optional(),
  agentRuntimeIdentityToken: z.string().optional(),
})
export type Credentials = z.output<typeof credentials>

/** What a typed client sends; the source is `ConnectParams` of the published schema. */
export const connectParams = z.strictObject({
  minProtocol: z.int().min(1),
  maxProtocol: z.int().min(1),
  client,
  caps: z.array(text).max(64).optional(),
  commands: z.array(text).max(512).optional(),
  computerUse: z.unknown().optional(),
  workerRuns: z.unknown().optional(),
  permissions: z.record(z.string(), z.boolean()).optional(),
  pathEnv: z.string().optional(),
  role: text.optional(),
  scopes: z.array(text).max(64).optional(),
  /** Whose models a page wants to hear of right behind its hello-ok. */
  modelCatalog: z
    .strictObject({
      sessionKey: text.max(512).optional(),
      agentId: text.max(64).optional(),
      shortId: text.max(64).optional(),
      slugHint: text.max(512).optional(),
    })
    .optional(),
  device: device.optional(),
  auth: credentials.optional(),
  locale: z.string().optional(),
  userAgent: z.string().optional(),
})
export type ConnectParams = z.output<typeof connectParams>

/** A plain client need only authenticate: what it leaves out is protocol 4 and an operator with all that it may have. */
export const plainConnectParams = connectParams.extend({
  minProtocol: connectParams.shape.minProtocol.default(4),
  maxProtocol: connectParams.shape.maxProtocol.default(4),
  client: client.optional(),
})

/** What clients may rely on beyond the methods. */
export const CAPABILITIES: readonly string[] = ['model-catalog-snapshot', 'published-model-catalog']
/** Those of them that a client must know before it connects. */
export const CHALLENGE_CAPABILITIES: readonly string[] = ['model-catalog-snapshot']

export const helloOk = z.strictObject({
  type: z.literal('hello-ok'),
  protocol: z.int(),
  server: z.strictObject({ version: text, bootId: text, connId: text }),
  features: z.strictObject({ methods: z.array(text), events: z.array(text), capabilities: z.array(text) }),
  snapshot: z.strictObject({
    presence: z.array(presenceEntry),
    health: z.unknown(),
    stateVersion: z.strictObject({ presence: count, health: count }),
    uptimeMs: count,
    appliedConfigHash: text.optional(),
    configPath: text.optional(),
    stateDir: text.optional(),
    sessionDefaults: z.strictObject({
      defaultAgentId: text,
      modelConfigured: z.boolean(),
      ownership: z.enum(['sole', 'explicit']),
      selectionRequired: z.boolean(),
      mainKey: text,
      mainSessionKey: text,
      scope: text,
    }),
    authMode: z.enum(['none', 'token', 'password', 'trusted-proxy']),
  }),
  auth: z.strictObject({
    role: text,
    scopes: z.array(text),
    deviceToken: text.optional(),
    issuedAtMs: count.optional(),
    /** Of further roles that the device was paired for. */
    deviceTokens: z.array(z.strictObject({ deviceToken: text, role: text, scopes: z.array(text), issuedAtMs: count })).optional(),
  }),
  policy: z.strictObject({
    maxPayload: z.int().min(1),
    maxBufferedBytes: z.int().min(1),
    tickIntervalMs: z.int().min(1),
    attachments: z.strictObject({ maxBytes: z.int(), maxImageBytes: z.int() }),
  }),
})
export type HelloOk = z.output<typeof helloOk>
