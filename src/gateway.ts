// createGateway: the one place where everything meets. Makes the services, gives each what it needs, and opens the two
// doors. Starts nothing: that is what start() does, and every door waits for it.

import { createLogger, LOG_LEVELS, messageOf, type LogRecord } from './kit/log.ts'
import { uuid } from './kit/ids.ts'
import { unavailable } from './protocol/errors.ts'
import { health as healthEvent, shutdown as shutdownEvent, tick as tickEvent } from './protocol/events.ts'
import { SILENT_TICK_INTERVAL_MS, TICK_INTERVAL_MS } from './protocol/version.ts'
import type { ModelProvider } from './ports/model.ts'
import type { Peer, RequestInfo } from './ports/peer.ts'
import type { Platform } from './ports/platform.ts'
import { collectionMigration } from './store/collection.ts'
import { createCommit } from './store/commit.ts'
import { createGate } from './store/gate.ts'
import { createIdempotency, idempotencyMigration } from './store/idempotency.ts'
import { migrate } from './store/migrate.ts'
import { createBus } from './services/bus.ts'
import { createActivity } from './services/conversation/activity.ts'
import { createAgents } from './services/conversation/agents.ts'
import { createGatewayTools } from './services/conversation/gateway-tools.ts'
import { createInbox } from './services/conversation/inbox.ts'
import { createMedia } from './services/conversation/media.ts'
import { createModels } from './services/conversation/models.ts'
import { createRuns } from './services/conversation/runs.ts'
import { createRunTable, runsMigration } from './services/conversation/run-table.ts'
import { createSessionTable, sessionsMigration } from './services/conversation/session-table.ts'
import { createSessions } from './services/conversation/sessions.ts'
import { createTools } from './services/conversation/tools.ts'
import { createTranscripts, transcriptsMigration } from './services/conversation/transcripts.ts'
import { createAuth } from './services/identity/auth.ts'
import { createAuthMode, type AuthMode } from './services/identity/auth-modes.ts'
import { createConnections, HEALTH_TOPIC, type Facts } from './services/identity/connections.ts'
import { createDevices } from './services/identity/devices.ts'
import { toFacts } from './services/identity/facts.ts'
import { createPresence } from './services/identity/presence.ts'
import { createConfig } from './services/operations/config.ts'
import { createHealth } from './services/operations/health.ts'
import { createIdentity } from './services/operations/identity.ts'
import { createLogs } from './services/operations/logs.ts'
import { resolveRuntimeSettings, type RuntimeSettings } from './services/operations/runtime-settings.ts'
import { createSystem } from './services/operations/system.ts'
import { createWakeups } from './services/operations/wakeups.ts'
import { createRegistry } from './rpc/registry.ts'
import { METHODS } from './methods/all.gen.ts'
import { createFanout, type Fanout } from './socket/fanout.ts'
import { createHandshake } from './socket/handshake.ts'
import type { Link } from './socket/link.ts'
import { createSocket } from './socket/socket.ts'
import { createApp } from './http/app.ts'
import { toOpenaiError } from './http/errors.ts'
import { createBuiltinModel } from './models/builtin.ts'
import { openaiCompatible } from './models/openai-compatible.ts'
import { walkPhases, type Phase } from './startup.ts'
import { VERSION } from './version.ts'

export interface GatewayOptions {
  /** Instead of the configuration that the platform would read. */
  readonly config?: unknown
  readonly providers?: readonly ModelProvider[]
  /** Opens the port, in the phase `listen`; absent where the runtime listens by itself. */
  readonly listen?: (at: { readonly host: string; readonly port: number; readonly maxPayload: number }) => Promise<void>
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
  /** The alarm rang. */
  wake(): Promise<void>
  /** Ends what is running, tells everybody, and writes what is not written yet. */
  close(reason?: string): Promise<void>
}

const NOT_STARTED = 'the gateway could not start: its log says why'
/** How long an ended run of the past can be asked about. */
const KEEP_RUNS_MS = 7 * 24 * 60 * 60 * 1000
const MAINTENANCE_MS = 60 * 60 * 1000
const HEALTH_MS = 5000
/** While a run is in the works, a gateway that may be put to sleep is woken this often to see that it goes on. */
const WATCH_MS = 30_000
/** In this order: the number of those that are applied is the version of the database. Append only. */
const MIGRATIONS = [collectionMigration, idempotencyMigration, transcriptsMigration, sessionsMigration, runsMigration]

export function createGateway(platform: Platform, options: GatewayOptions = {}): Gateway {
  const { sql, clock, env } = platform
  const host = platform.host ?? {}
  const place = platform.stateDir ?? platform.name
  const logs = createLogs()
  const log = createLogger('gateway', (record) => writeLog(record), clock.now)
  let level = 'info'
  let settings: RuntimeSettings | null = null
  let authMode: AuthMode = createAuthMode({ mode: 'token', secret: '' }) // lets nobody in
  let failing: readonly string[] = ['startup']

  function writeLog(record: LogRecord) {
    if (LOG_LEVELS.indexOf(record.level) < (LOG_LEVELS as readonly string[]).indexOf(level)) return
    logs.add(record)
    platform.log(record)
  }

  // --- store ---
  const commit = createCommit(sql, clock, (error) => log.error('writes could not be flushed to disk', { error: messageOf(error) }))
  const gate = createGate(commit, (error) => log.error('an answer could not be sent', { error: messageOf(error) }))
  const idempotency = createIdempotency(sql)

  // --- services ---
  const bus = createBus(gate)
  const wakeups = createWakeups({ alarm: platform.alarm, clock, log })
  const config = createConfig({ source: platform.config, env, log: log.child('config'), given: options.config })
  const identity = createIdentity({ sql, commit })
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
    settings() {
      const { timeoutSeconds, maxConcurrent } = config.current.agents?.defaults ?? {}
      return { timeoutMs: timeoutSeconds === undefined ? undefined : timeoutSeconds * 1000, width: maxConcurrent }
    },
    onActivity(active) {
      if (platform.hibernates) wakeups.set('runs', active > 0 ? clock.now() + WATCH_MS : null)
    },
  })
  const inbox = createInbox({ runs, media, clock })
  const connections = createConnections()
  const devices = createDevices({ sql, commit, clock, bus })
  const auth = createAuth({
    mode: () => authMode,
    devices,
    clock,
    autoApproveLocal: () => config.current.gateway?.nodes?.pairing?.autoApproveLocal ?? true,
  })
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
  const presence = createPresence({ bus, clock, self: () => selfEntry() })
  const health = createHealth({ table, agents, clock, bus, path: place })
  for (const tool of createGatewayTools({ sessions, transcripts, agents, models, health, status: system.status })) tools.add(tool)

  const bornAt = clock.now()
  const selfEntry = () => {
    const text = `Gateway · edgeclaw ${VERSION} on ${platform.name}`
    return { host: host.system?.().hostname ?? 'edgeclaw', version: VERSION, platform: platform.name, mode: 'gateway', reason: 'self', text, ts: bornAt }
  }

  // --- doors ---
  const services = {
    activity, agents, bus, clock, commit, config, devices, health, idempotency, identity, inbox, logs, models, presence,
    runs, sessions, system, transcripts,
  } // prettier-ignore
  const registry = createRegistry(METHODS, services, host)
  const links = new Map<string, Link>()
  const tickIntervalMs = platform.hibernates ? SILENT_TICK_INTERVAL_MS : TICK_INTERVAL_MS
  const maxPayload = () => settings!.maxPayload
  const handshake = createHandshake({
    auth,
    agents,
    models,
    config,
    presence,
    health,
    system,
    clock,
    methods: () => registry.advertised,
    policy: () => ({ maxPayload: maxPayload(), tickIntervalMs }),
    stateDir: platform.stateDir,
  })
  const fanout: Fanout = createFanout({
    links: () => links.values(),
    clock,
    version: () => ({ presence: presence.version, health: health.version }),
  })
  bus.attach(fanout)
  const handshakeTimeoutMs = Number(env['OPENCLAW_HANDSHAKE_TIMEOUT_MS']) || undefined
  const socketDeps = { connections, presence, handshake, registry, gate, clock, log: log.child('socket'), maxPayload, handshakeTimeoutMs }
  const socket = createSocket(socketDeps, links, () => fanout)
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
    failing: () => failing,
  })

  // --- start ---
  function maintain() {
    commit.tx(() => {
      runTable.prune(clock.now() - KEEP_RUNS_MS)
      idempotency.prune(clock.now())
    })
    if (!platform.hibernates) clock.after(MAINTENANCE_MS, maintain)
  }

  function tick() {
    if (connections.size > 0) bus.publish(tickEvent, { ts: clock.now() })
    clock.after(TICK_INTERVAL_MS, tick)
  }

  /** For those who asked to hear it without a change. */
  function repeatHealth() {
    for (const connection of connections.established()) {
      if (!connection.topics.has(HEALTH_TOPIC)) continue
      bus.publish(healthEvent, () => JSON.parse(health.snapshot().json), { connection: connection.id })
    }
    clock.after(HEALTH_MS, repeatHealth)
  }

  const phases: readonly Phase[] = [
    { name: 'configuration', mend: 'Mend the file, or name another one with --config.', run: () => config.load() },
    {
      name: 'core',
      mend: 'Mend logging.level.',
      run() {
        const wanted = config.current.logging?.level ?? 'info'
        level = wanted === 'silent' || wanted === 'fatal' ? 'error' : wanted === 'trace' ? 'debug' : wanted
      },
    },
    {
      name: 'runtime configuration',
      mend: 'Mend the setting named above.',
      run() {
        const hasSockets = !platform.hibernates
        settings = resolveRuntimeSettings({ config: config.current, env, host, hasSockets, maxMessageBytes: platform.maxMessageBytes })
        authMode = createAuthMode(settings.auth)
      },
    },
    {
      name: 'state',
      mend: 'Look at the state directory: it must be writable, and not be used by a newer version.',
      async run() {
        migrate(sql, MIGRATIONS)
        await identity.load()
      },
    },
    { name: 'services', mend: 'Mend the models section.', run: () => models.begin() },
    {
      name: 'events',
      mend: 'Look at the state directory.',
      run() {
        wakeups.on('runs', () => {
          if (activity.count > 0) wakeups.set('runs', clock.now() + WATCH_MS)
        })
        socket.restore(platform.peers())
        runs.recover()
      },
    },
    {
      name: 'maintenance',
      mend: 'Look at the state directory.',
      run() {
        maintain()
        if (platform.hibernates) return
        clock.after(TICK_INTERVAL_MS, tick)
        clock.after(HEALTH_MS, repeatHealth)
      },
    },
    {
      name: 'socket',
      mend: 'Look at the log.',
      run() {
        failing = []
      },
    },
    {
      name: 'listen',
      mend: 'Is another gateway running? End it, or choose another port with --port.',
      run: async () => options.listen?.({ host: settings!.host, port: settings!.port, maxPayload: maxPayload() }),
    },
    {
      name: 'after start',
      mend: 'Look at the log.',
      run: () => log.info(`edgeclaw ${VERSION} is ready on ${platform.name}, auth ${authMode.name}`),
    },
  ]

  let starting: Promise<void> | null = null
  const start = () => (starting ??= walkPhases(phases, clock, log))

  return {
    start,
    async fetch(request, info) {
      if (failing.length > 0) {
        const path = new URL(request.url).pathname
        const isProbe = /^\/(health|ready)z?$/.test(path)
        const started = await start().then(
          () => true,
          (error: unknown) => log.error(messageOf(error)),
        )
        if (!started && !isProbe) return Response.json(toOpenaiError(unavailable(NOT_STARTED)), { status: 503 })
      }
      return app.fetch(request, { info })
    },
    socket: {
      facts: (request, info) => toFacts(request.headers, info.remoteAddress),
      async open(peer, facts) {
        if (failing.length > 0) await start()
        socket.open(peer, facts)
      },
      async message(peer, text) {
        if (failing.length > 0) await start()
        return socket.message(peer, text)
      },
      close: (peer) => socket.close(peer),
      drained: (peer) => socket.drained(peer),
    },
    async wake() {
      await start()
      await wakeups.ring()
    },
    async close(reason = 'service restart') {
      failing = ['shutdown']
      await runs.stop('shutdown')
      bus.publish(shutdownEvent, { reason })
      socket.closeAll(1012, reason)
      await commit.flush()
    },
  }
}
