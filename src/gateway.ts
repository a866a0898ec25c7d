// createGateway: the one place where everything meets. Makes the services, gives each what it needs, and opens the two
// doors. Starts nothing: that is what start() does, and every door waits for it.

import { createLogger, messageOf } from './kit/log.ts'
import { uuid } from './kit/ids.ts'
import { shutdown as shutdownEvent } from './protocol/events.ts'
import { SILENT_TICK_INTERVAL_MS, TICK_INTERVAL_MS } from './protocol/version.ts'
import type { ModelProvider } from './ports/model.ts'
import type { Peer, RequestInfo } from './ports/peer.ts'
import type { Platform } from './ports/platform.ts'
import { collectionMigration } from './store/collection.ts'
import { createCommit } from './store/commit.ts'
import { createGate } from './store/gate.ts'
import { createIdempotency, idempotencyMigration } from './store/idempotency.ts'
import { createBus } from './services/bus.ts'
import { createActivity } from './services/conversation/activity.ts'
import { createAgents } from './services/conversation/agents.ts'
import { createGatewayTools } from './services/conversation/gateway-tools.ts'
import { createInbox } from './services/conversation/inbox.ts'
import { createMedia } from './services/conversation/media.ts'
import { createModels } from './services/conversation/models.ts'
import { createRuns } from './services/conversation/runs.ts'
import { createRunTable, runsMigration } from './services/conversation/run-table.ts'
import { createRunWatch } from './services/conversation/run-watch.ts'
import { createSessionTable, sessionsMigration } from './services/conversation/session-table.ts'
import { createSessions } from './services/conversation/sessions.ts'
import { createTools } from './services/conversation/tools.ts'
import { createTranscripts, transcriptsMigration } from './services/conversation/transcripts.ts'
import { createAuth } from './services/identity/auth.ts'
import { createAuthMode } from './services/identity/auth-modes.ts'
import { createConnections, type Facts } from './services/identity/connections.ts'
import { createDevices } from './services/identity/devices.ts'
import { toFacts } from './services/identity/facts.ts'
import { createPresence } from './services/identity/presence.ts'
import { createConfig } from './services/operations/config.ts'
import { createHealth } from './services/operations/health.ts'
import { createIdentity } from './services/operations/identity.ts'
import { createLogs } from './services/operations/logs.ts'
import { createMaintenance } from './services/operations/maintenance.ts'
import { createRuntimeConfiguration } from './services/operations/runtime-settings.ts'
import { createSystem } from './services/operations/system.ts'
import { createWakeups } from './services/operations/wakeups.ts'
import { createRegistry } from './rpc/registry.ts'
import { METHODS } from './methods/all.gen.ts'
import { createFanout } from './socket/fanout.ts'
import { createHandshake } from './socket/handshake.ts'
import type { Link } from './socket/link.ts'
import { createSocket } from './socket/socket.ts'
import { createApp } from './http/app.ts'
import { createBuiltinModel } from './models/builtin.ts'
import { openaiCompatible } from './models/openai-compatible.ts'
import { createPhases, walkPhases, type Listen } from './startup.ts'
import { VERSION } from './version.ts'

export interface GatewayOptions {
  /** Instead of the configuration that the platform would read. */
  readonly config?: unknown
  readonly providers?: readonly ModelProvider[]
  /** Opens the port, in the phase `listen`; absent where the runtime listens by itself. */
  readonly listen?: Listen
}

export interface Gateway {
  fetch(request: Request, info: RequestInfo): Promise<Response>
  readonly socket: {
    /** What the request that asks for an upgrade says of itself: give it to `open`. */
    facts(request: { headers: { get(name: string): string | null } }, info: RequestInfo): Facts
    open(peer: Peer, facts: Facts): Promise<void>
    message(peer: Peer, text: string): Promise<void>
    close(peer: Peer): void
    /** The peer has room again, where a runtime can tell. */
    drained(peer: Peer): void
  }
  /** Walks the phases, once. Rejects with a StartError. */
  start(): Promise<void>
  /** Starts if that has not happened; whether requests are served then. Why not, is in the log. */
  ready(): Promise<boolean>
  /** The alarm rang. */
  wake(): Promise<void>
  /** Ends what is running, tells everybody, and writes what is not written yet. */
  close(reason?: string): Promise<void>
}

/** In this order: the number of those that are applied is the version of the database. Append only. */
const MIGRATIONS = [collectionMigration, idempotencyMigration, transcriptsMigration, sessionsMigration, runsMigration]

export function createGateway(platform: Platform, options: GatewayOptions = {}): Gateway {
  const { sql, clock, env } = platform
  const host = platform.host ?? {}
  const hibernates = platform.hibernates ?? false
  const place = platform.stateDir ?? platform.name
  const bornAt = clock.now()
  const logs = createLogs(platform.log)
  const log = createLogger('gateway', (record) => logs.add(record), clock.now)

  // --- store ---
  const commit = createCommit(sql, clock, (error) => log.error('writes could not be flushed to disk', { error: messageOf(error) }))
  const gate = createGate(commit, (error) => log.error('an answer could not be sent', { error: messageOf(error) }))
  const idempotency = createIdempotency(sql)

  // --- services: operations ---
  const bus = createBus(gate)
  const wakeups = createWakeups({ alarm: platform.alarm, clock, log })
  const config = createConfig({ source: platform.config, env, log: log.child('config'), given: options.config })
  const runtime = createRuntimeConfiguration({
    config,
    env,
    host,
    hasSockets: !hibernates,
    maxMessageBytes: platform.maxMessageBytes,
    createAuthMode,
  })
  const identity = createIdentity({ sql, commit })

  // --- services: conversation ---
  const agents = createAgents(config)
  const models = createModels({
    config,
    env,
    providers: [openaiCompatible, ...(options.providers ?? [])],
    builtin: createBuiltinModel(clock),
    fetch: platform.fetch,
    clock,
    log: log.child('models'),
    loopback: host.loopback ?? false,
  })
  const activity = createActivity()
  const transcripts = createTranscripts(sql)
  const table = createSessionTable(sql, commit)
  const sessions = createSessions({ table, transcripts, commit, clock, bus, agents, models, activity })
  const tools = createTools()
  const media = createMedia(platform.files)
  const runTable = createRunTable(sql)
  const { onActivity } = createRunWatch({ wakeups, clock, hibernates })
  const runs = createRuns({
    table: runTable,
    sessions,
    transcripts,
    agents,
    models,
    tools,
    media,
    activity,
    bus,
    gate,
    commit,
    clock,
    log: log.child('runs'),
    settings: () => config.current.agents?.defaults ?? {},
    onActivity,
  })
  const inbox = createInbox({ runs, media, clock })

  // --- services: identity ---
  const connections = createConnections()
  const devices = createDevices({ sql, commit, clock, bus })
  const auth = createAuth({
    mode: () => runtime.authMode,
    devices,
    clock,
    autoApproveLocal: () => config.current.gateway?.nodes?.pairing?.autoApproveLocal ?? true,
  })
  const presence = createPresence({ bus, clock, self: selfEntry })
  const health = createHealth({ table, agents, clock, bus, path: place })
  const system = createSystem({
    version: VERSION,
    bootId: uuid(),
    runtime: platform.name,
    clock,
    host,
    agents,
    models,
    table,
    activeRuns: () => activity.count,
    connections: () => connections.size,
    path: place,
  })
  const maintenance = createMaintenance({ commit, runTable, idempotency, connections, health, bus, clock, hibernates })
  const gatewayTools = createGatewayTools({ sessions, transcripts, agents, models, health, status: system.status })
  for (const tool of gatewayTools) tools.add(tool)

  function selfEntry() {
    const text = `Gateway · edgeclaw ${VERSION} on ${platform.name}`
    const { hostname } = host.system?.() ?? { hostname: 'edgeclaw' }
    return { host: hostname, version: VERSION, platform: platform.name, mode: 'gateway', reason: 'self', text, ts: bornAt }
  }

  // --- doors ---
  const services = {
    activity, agents, bus, clock, commit, config, devices, health, idempotency, identity, inbox, logs, models, presence,
    runs, sessions, system, transcripts,
  } // prettier-ignore
  const registry = createRegistry(METHODS, services, host)
  const maxPayload = () => runtime.settings.maxPayload
  const links = new Map<string, Link>()
  const handshake = createHandshake({
    auth,
    agents,
    models,
    config,
    presence,
    health,
    system,
    methods: registry.advertised,
    policy: () => ({ maxPayload: maxPayload(), tickIntervalMs: hibernates ? SILENT_TICK_INTERVAL_MS : TICK_INTERVAL_MS }),
    stateDir: platform.stateDir,
  })
  const fanout = createFanout({
    links: () => links.values(),
    clock,
    version: () => ({ presence: presence.version, health: health.version }),
  })
  bus.attach(fanout)
  const socket = createSocket({
    links,
    connections,
    presence,
    handshake,
    registry,
    fanout,
    gate,
    clock,
    log: log.child('socket'),
    maxPayload,
    handshakeTimeoutMs: Number(env['OPENCLAW_HANDSHAKE_TIMEOUT_MS']) || undefined,
  })
  let state: 'starting' | 'serving' | 'closing' = 'starting'
  const app = createApp({
    auth,
    agents,
    config,
    models,
    runs,
    sessions,
    media,
    system,
    clock,
    gate,
    log: log.child('http'),
    assets: platform.assets,
    failing: () => (state === 'serving' ? [] : [state === 'closing' ? 'shutdown' : 'startup']),
  })

  // --- life ---
  const phases = createPhases({
    platform,
    migrations: MIGRATIONS,
    config,
    logs,
    runtime,
    identity,
    models,
    runs,
    maintenance,
    socket,
    log,
    listen: options.listen,
    serve: () => void (state = 'serving'),
  })
  let starting: Promise<void> | null = null
  const start = () => (starting ??= walkPhases(phases, clock, log))

  let failure: unknown = null
  async function ready(): Promise<boolean> {
    if (state === 'serving') return true
    await start().catch((error: unknown) => {
      if (failure === null) log.error(messageOf(error)) // once, however many ask
      failure = error
    })
    return (state as string) === 'serving'
  }

  return {
    start,
    ready,
    async fetch(request, info) {
      if (state !== 'serving') await ready()
      return app.fetch(request, { info })
    },
    socket: {
      facts: (request, info) => toFacts(request.headers, info.remoteAddress),
      async open(peer, facts) {
        if (state === 'serving' || (await ready())) return socket.open(peer, facts)
        if (state === 'closing') return peer.close(1012, 'service restart')
        peer.close(1011, 'the gateway could not start: its log says why')
      },
      async message(peer, text) {
        if (state !== 'serving') await ready()
        return socket.message(peer, text)
      },
      close: (peer) => socket.close(peer),
      drained: (peer) => socket.drained(peer),
    },
    async wake() {
      if (await ready()) await wakeups.ring()
    },
    async close(reason = 'service restart') {
      state = 'closing'
      maintenance.end()
      await runs.stop('shutdown')
      bus.publish(shutdownEvent, { reason })
      socket.closeAll(1012, reason)
      await commit.flush()
    },
  }
}
