// `connect`: from the params of a stranger to an established connection and its hello-ok, or to a refusal.

import { EVENTS } from '../protocol/events.ts'
import { CAPABILITIES, connectParams, PAGE_CLIENTS, plainConnectParams, type Client, type ConnectParams } from '../protocol/connect.ts'
import { GatewayError, invalid, unavailable } from '../protocol/errors.ts'
import type { Dialect } from '../protocol/frames.ts'
import { describeIssues } from '../protocol/issues.ts'
import { ROLES, type Role } from '../protocol/scopes.ts'
import {
  MAX_ATTACHMENT_BYTES,
  MAX_BUFFERED_BYTES,
  MAX_IMAGE_BYTES,
  MIN_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
} from '../protocol/version.ts'
import type { Agents } from '../services/conversation/agents.ts'
import type { Models } from '../services/conversation/models.ts'
import type { Auth, Authenticated } from '../services/identity/auth.ts'
import { cutToBytes, type Connection, type Connections } from '../services/identity/connections.ts'
import { isOriginAllowed } from '../services/identity/facts.ts'
import type { Presence } from '../services/identity/presence.ts'
import type { ConfigService } from '../services/operations/config.ts'
import type { Health } from '../services/operations/health.ts'
import type { SystemService } from '../services/operations/system.ts'

export interface Handshake {
  /** Establishes the connection and returns hello-ok as JSON. Throws the refusal. `isOpen`: the client is still there. */
  connect(connection: Connection, dialect: Dialect, params: unknown, isOpen: () => boolean): Promise<string>
}

export interface HandshakeDeps {
  readonly auth: Auth
  readonly agents: Agents
  readonly models: Models
  readonly config: ConfigService
  readonly connections: Connections
  readonly presence: Presence
  readonly health: Health
  readonly system: SystemService
  /** What hello-ok says that is served. */
  readonly methods: readonly string[]
  readonly policy: () => { readonly maxPayload: number; readonly tickIntervalMs: number }
  readonly stateDir: string | undefined
}

const PLAIN_CLIENT: Client = { id: 'gateway-client', displayName: 'plain', version: '0', platform: 'unknown', mode: 'backend' }

const PROBE_MODE = 'probe'

export function createHandshake(deps: HandshakeDeps): Handshake {
  const { auth, agents, models, config, connections, presence, health, system } = deps
  const features = JSON.stringify({ methods: deps.methods, events: EVENTS.map((event) => event.name), capabilities: CAPABILITIES })

  return {
    async connect(connection, dialect, given, isOpen) {
      const params = parse(dialect, given)
      const client = params.client ?? PLAIN_CLIENT
      const role = toRole(params.role)
      const protocol = negotiate(params)
      checkOrigin(connection, client, config.current.gateway?.controlUi?.allowedOrigins ?? [])
      const authenticated = await auth.connect({
        client,
        role,
        scopes: params.scopes ?? (dialect === 'plain' ? null : []),
        credentials: params.auth ?? {},
        ...(params.device && { device: params.device }),
        nonce: connection.nonce,
        facts: connection.facts,
      })
      if (!isOpen()) throw unavailable('the connection ended during the handshake')
      const { principalId, deviceId, key } = authenticated
      const scopes = client.mode === PROBE_MODE ? [] : authenticated.scopes
      connection.establish({
        dialect,
        protocol,
        client: bounded(client),
        principalId,
        role,
        scopes,
        ...(deviceId !== undefined && { deviceId }),
        ...(key && { key }),
        caps: (params.caps ?? []).map((cap) => cutToBytes(cap, 64)),
      })
      presence.join(connection)
      connections.joined(connection, params)
      return hello(connection, { ...authenticated, scopes })
    },
  }

  /** The parts that are the same for everybody are JSON already. */
  function hello(connection: Connection, granted: Authenticated): string {
    const { protocol } = connection.session!
    const { role, scopes, deviceToken, issuedAtMs, deviceTokens } = granted
    const { maxPayload, tickIntervalMs } = deps.policy()
    const server = { version: system.version, bootId: system.bootId, connId: connection.id }
    const grant = { role, scopes, ...(deviceToken !== undefined && { deviceToken, issuedAtMs }), deviceTokens }
    const attachments = { maxBytes: MAX_ATTACHMENT_BYTES, maxImageBytes: MAX_IMAGE_BYTES }
    const policy = { maxPayload, maxBufferedBytes: MAX_BUFFERED_BYTES, tickIntervalMs, attachments }
    const healthJson = health.snapshot().json // before its version is read: asking may grow it
    return (
      `{"type":"hello-ok","protocol":${protocol},"server":${JSON.stringify(server)},"features":${features},` +
      `"snapshot":{"presence":${JSON.stringify(presence.list())},"health":${healthJson},` +
      `${JSON.stringify(snapshotRest(scopes.includes('operator.admin'))).slice(1)},` +
      `"auth":${JSON.stringify(grant)},"policy":${JSON.stringify(policy)}}`
    )
  }

  function snapshotRest(isAdmin: boolean) {
    const { appliedHash, path } = config.snapshot()
    return {
      stateVersion: { presence: presence.version, health: health.version },
      uptimeMs: system.uptimeMs(),
      ...(appliedHash !== '' && { appliedConfigHash: appliedHash }),
      ...(isAdmin && { configPath: path }),
      ...(isAdmin && deps.stateDir !== undefined && { stateDir: deps.stateDir }),
      sessionDefaults: {
        defaultAgentId: agents.defaultId(),
        modelConfigured: models.configured,
        ownership: agents.list().length === 1 ? 'sole' : 'explicit',
        selectionRequired: false,
        mainKey: config.mainKey(),
        mainSessionKey: agents.mainSessionKey(),
        scope: config.current.session?.scope ?? 'per-sender',
      },
      authMode: auth.mode,
    }
  }
}

type Params = Omit<ConnectParams, 'client'> & { client?: Client | undefined }

function parse(dialect: Dialect, given: unknown): Params {
  const schema = dialect === 'plain' ? plainConnectParams : connectParams
  const result = schema.safeParse(dialect === 'plain' ? (given ?? {}) : given)
  if (result.success) return result.data
  const issues = schema.safeParse(given, { reportInput: true }).error?.issues ?? []
  throw invalid(`invalid connect params: ${describeIssues(issues)}`)
}

function toRole(role = 'operator'): Role {
  const known = ROLES.find((each) => each === role)
  if (!known) throw invalid('invalid role')
  return known
}

/** The highest version that both sides speak. */
function negotiate({ minProtocol, maxProtocol }: Params): number {
  if (minProtocol <= maxProtocol && minProtocol <= PROTOCOL_VERSION && maxProtocol >= MIN_PROTOCOL_VERSION) {
    return Math.min(maxProtocol, PROTOCOL_VERSION)
  }
  throw new ProtocolMismatch(minProtocol, maxProtocol)
}

/** Refused with a close code of its own. */
export class ProtocolMismatch extends GatewayError {
  constructor(min: number, max: number) {
    super('INVALID_REQUEST', 'protocol mismatch', {
      details: {
        code: 'PROTOCOL_MISMATCH',
        clientMinProtocol: min,
        clientMaxProtocol: max,
        expectedProtocol: PROTOCOL_VERSION,
        minimumProbeProtocol: MIN_PROTOCOL_VERSION,
      },
    })
  }
}

function checkOrigin({ facts }: Connection, client: Client, allowed: readonly string[]): void {
  if (facts.origin === null ? !PAGE_CLIENTS.includes(client.id) : isOriginAllowed(facts, allowed)) return
  throw new GatewayError(
    'UNAUTHORIZED',
    'origin not allowed (open the Control UI from the gateway host or allow it in gateway.controlUi.allowedOrigins)',
    { details: { code: 'CONTROL_UI_ORIGIN_NOT_ALLOWED', reason: 'origin missing or invalid' } },
  )
}

/** The record of a connection has a size limit; texts that a client chose freely are cut. */
function bounded(client: Client): Client {
  const entries = Object.entries(client).map(([key, value]) => [key, value && cutToBytes(value, 128)])
  return Object.fromEntries(entries) as Client
}
