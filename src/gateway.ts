// createGateway: the one place where everything meets. Makes the services, gives each what it needs, and opens the two
// doors. Starts nothing: that is what start() does, and every door waits for it.

import { createLogger, messageOf } from './kit/log.ts'
import { GatewayError } from './protocol/errors.ts'
import { shutdown as shutdownEvent } from './protocol/events.ts'
import { SILENT_TICK_INTERVAL_MS, TICK_INTERVAL_MS } from './protocol/version.ts'
import type { ModelProvider } from './ports/model.ts'
import type { Peer, RequestInfo } from './ports/peer.ts'
import type { Platform } from './ports/platform.ts'
import { createCommit } from './store/commit.ts'
import { createGate } from './store/gate.ts'
import { createIdempotency } from './store/idempotency.ts'
import { createBus } from './services/bus.ts'
import { createGatewayTools } from './services/conversation/gateway-tools.ts'
import { DEFAULT_HOOK_PATH } from './services/automation/hook-settings.ts'
import { createAutomationServices } from './services/automation/services.ts'
import { createConversationServices } from './services/conversation/services.ts'
import { createFleetServices } from './services/fleet/services.ts'
import type { Ground } from './services/ground.ts'
import type { Facts } from './services/identity/connections.ts'
import { toFacts } from './services/identity/facts.ts'
import { limitRuns } from './services/identity/key-runs.ts'
import { createIdentityServices } from './services/identity/services.ts'
import { createAudit } from './services/operations/audit.ts'
import { createFigures } from './services/operations/figures.ts'
import { createLogs, type Logs } from './services/operations/logs.ts'
import { createControlServices } from './services/operations/control-services.ts'
import { createReports } from './services/operations/report-services.ts'
import { createSettings } from './services/operations/settings-services.ts'
import { createStability, type Stability } from './services/operations/stability.ts'
import { createTracing } from './services/operations/tracing.ts'
import { createUpkeep } from './services/operations/upkeep.ts'
import { createVitals } from './services/operations/vitals.ts'
import { createWakeups } from './services/operations/wakeups.ts'
import { createNetworkServices } from './services/network/services.ts'
import { createPushServices } from './services/push/services.ts'
import type { Services } from './services/services.ts'
import { createToolServices } from './services/tools/services.ts'
import { createVoiceServices } from './services/voice/services.ts'
import { createRegistry } from './rpc/registry.ts'
import { METHODS } from './methods/all.gen.ts'
import { createFanout } from './socket/fanout.ts'
import { createHandshake } from './socket/handshake.ts'
import type { Link } from './socket/link.ts'
import { createSocket } from './socket/socket.ts'
import { createApp } from './http/app.ts'
import { refuseHost } from './http/host.ts'
import { createRouteNames } from './http/route-names.ts'
import { createResponsesSocket, toRefusal, type ResponsesRecord } from './http/responses-socket.ts'
import { createBuiltinModel } from './models/builtin.ts'
import { openaiCompatible } from './models/openai-compatible.ts'
import { sdkProviders } from './models/sdk-wires.ts'
import { tellFigures } from './figure-sources.ts'
import { createPhases, walkPhases, type Listen } from './startup.ts'
import { VERSION } from './version.ts'

export interface GatewayOptions {
  /** Instead of the configuration that the platform would read. */
  readonly config?: unknown
  readonly providers?: readonly ModelProvider[]
  /** Opens the port, in the phase `listen`; absent where the runtime listens by itself. */
  readonly listen?: Listen
}

/** `url`: the whole address, or the path alone. */
export interface UpgradeRequest {
  readonly url: string
  readonly headers: { get(name: string): string | null }
}

/** What a connection is opened with: to the control plane, or to the responses. */
export type Admission = Facts | ResponsesRecord

export interface Gateway {
  fetch(request: Request, info: RequestInfo): Promise<Response>
  readonly socket: {
    /** What the request that asks for an upgrade says of itself: give it to `open`; or how it is refused. */
    admit(request: UpgradeRequest, info: RequestInfo): Promise<Admission | Response>
    open(peer: Peer, admission: Admission): Promise<void>
    message(peer: Peer, text: string): Promise<void>
    close(peer: Peer): void
    /** The peer has room again, where a runtime can tell. */
    drained(peer: Peer): void
  }
  /** Walks the phases, once, up to where it is closed. Rejects with a StartError. */
  start(): Promise<void>
  /** Starts if that has not happened; whether requests are served then. Why not, is in the log. */
  ready(): Promise<boolean>
  /** The alarm rang. */
  wake(): Promise<void>
  /** Ends what is running, tells everybody (also when a new one will be there), and writes what is not written yet. */
  close(reason?: string, restartExpectedMs?: number): Promise<void>
}

export function createGateway(platform: Platform, options: GatewayOptions = {}): Gateway {
  const { clock } = platform
  const stability = createStability(clock)
  const logs = createLogs((record, json) => {
    platform.log(record, json)
    stability.logged(record)
  })
  const ground = createGround(platform, logs, stability)
  const { log, gate, bus, hibernates, figures } = ground
  const services = createServices(ground, logs, options)
  const { health, maintenance, presence, runs, runtime } = services

  // --- doors ---
  const registry = createRegistry(METHODS, services, ground.host, (called) => {
    ground.audit.called(called)
    figures.called(called.method, called.outcome)
    if (called.outcome === 'INTERNAL') stability.note('call.failed', { source: called.method, outcome: called.outcome })
  })
  const maxPayload = () => runtime.settings.maxPayload
  const links = new Map<string, Link>()
  const handshake = createHandshake({
    ...services,
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
    connections: services.connections,
    presence,
    handshake,
    registry,
    fanout,
    gate,
    clock,
    log: log.child('socket'),
    maxPayload,
    traffic: figures.traffic,
    handshakeTimeoutMs: toTimeout(platform.env['OPENCLAW_HANDSHAKE_TIMEOUT_MS']),
  })
  let state: 'starting' | 'serving' | 'failed' | 'closing' = 'starting'
  const httpDeps = {
    ...services,
    clock,
    gate,
    log: log.child('http'),
    assets: platform.assets,
    methods: METHODS,
    figures,
    failing: () => (state === 'serving' ? [] : [state === 'closing' ? 'shutdown' : 'startup']),
  }
  const app = createApp(httpDeps)
  const routeNames = createRouteNames([...app.routes, { method: 'POST', path: `${DEFAULT_HOOK_PATH}/*` }])
  figures.know({ methods: METHODS.map(({ name }) => name), routes: routeNames.all })
  tellFigures(figures, services, ground)
  runs.onEnded(({ request, result }) => figures.runEnded(request.origin, result.state, result.usage))
  const responsesSocket = createResponsesSocket({ ...httpDeps, hibernates })
  runtime.onNewSecret(() => responsesSocket.disconnect(({ id }) => id === 'operator', 'the shared secret has changed'))
  services.keys.onRevoked((id) => responsesSocket.disconnect(({ key }) => key?.id === id, 'the key was revoked'))

  // --- life ---
  const phases = createPhases({
    ...services,
    platform,
    socket,
    tracing: ground.tracing,
    log,
    listen: options.listen,
    hibernates,
    serve: () => void (state = 'serving'),
  })
  let starting: Promise<void> | null = null
  const start = () => (starting ??= walkPhases(phases, clock, log, () => state !== 'closing').catch(fail))

  /** One that fails late has opened doors already. */
  function fail(error: unknown): never {
    if (state !== 'closing') state = 'failed'
    maintenance.end()
    socket.closeAll(1011, START_FAILED)
    responsesSocket.closeAll(1011, START_FAILED)
    throw error
  }

  let failure: unknown = null
  async function ready(): Promise<boolean> {
    if (state === 'serving') return true
    await start().catch((error: unknown) => {
      if (failure === null) log.error(messageOf(error)) // once, however many ask
      failure = error
    })
    return (state as string) === 'serving'
  }

  function turnAway(peer: Peer) {
    if (state === 'closing') peer.close(1012, 'service restart')
    else peer.close(1011, START_FAILED)
  }

  let closing: Promise<void> | null = null
  async function close(reason: string, restartExpectedMs?: number): Promise<void> {
    state = 'closing'
    await starting?.catch(() => {}) // so that nothing is opened behind what is closed here
    maintenance.end()
    services.scheduler.end()
    services.heartbeat.end()
    services.hooks.end()
    services.canvas.end()
    services.reload.end()
    services.restart.end()
    await runs.stop('shutdown')
    bus.publish(shutdownEvent, { reason, ...(restartExpectedMs !== undefined && { restartExpectedMs }) })
    await gate.passed().catch(() => {}) // that, and every answer before it, is out, or was refused
    socket.closeAll(1012, reason)
    responsesSocket.closeAll(1012, reason)
    await services.mcpServers.close()
    await ground.commit.flush()
  }

  return {
    start,
    ready,
    async fetch(request, info) {
      if (state !== 'serving') await ready()
      const response = refuseHost(request.headers, info, services) ?? (await app.fetch(request, { info }))
      figures.answered(routeNames.of(pathOf(request.url)), response.status)
      return response
    },
    socket: {
      async admit({ url, headers }, info) {
        const refusal = refuseHost(headers, info, services)
        if (refusal) return refusal
        if (!responsesSocket.isFor(url)) return toFacts(headers, info.remoteAddress)
        if (state === 'starting') await ready()
        try {
          return await responsesSocket.admit(headers, info)
        } catch (error) {
          if (error instanceof GatewayError) return toRefusal(error)
          throw error
        }
      },
      async open(peer, admission) {
        if (state !== 'serving' && !(await ready())) return turnAway(peer)
        if ('door' in admission) responsesSocket.open(peer, admission)
        else socket.open(peer, admission)
      },
      async message(peer, text) {
        if (state === 'starting') await ready()
        if (links.has(peer.id)) return socket.message(peer, text)
        if (state !== 'serving') return turnAway(peer)
        return responsesSocket.owns(peer) ? responsesSocket.message(peer, text) : socket.message(peer, text)
      },
      close(peer) {
        socket.close(peer)
        responsesSocket.close(peer)
      },
      drained: (peer) => socket.drained(peer),
    },
    async wake() {
      if (await ready()) await ground.wakeups.ring()
    },
    close: (reason = 'service restart', restartExpectedMs) => (closing ??= close(reason, restartExpectedMs)),
  }
}

/** Of a whole address; cheaper than to take all of it apart. */
function pathOf(url: string): string {
  const from = url.indexOf('/', url.indexOf('//') + 2)
  const to = url.indexOf('?', from)
  return from < 0 ? '/' : url.slice(from, to < 0 ? undefined : to)
}

const START_FAILED = 'the gateway could not start: its log says why'

/** The most that a timer can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** undefined: what is said there is no time to wait. */
function toTimeout(said: string | undefined): number | undefined {
  const ms = Number(said)
  return ms > 0 ? Math.min(ms, MAX_TIMER_MS) : undefined
}

/** How far back the audit goes, and how many of its rows there are of each kind. */
const KEEP_AUDIT_MS = 90 * 24 * 60 * 60 * 1000
const KEEP_AUDIT = 100_000

function createGround(platform: Platform, logs: Logs, stability: Stability): Ground {
  const { sql, clock } = platform
  const log = createLogger('gateway', (record) => logs.add(record), clock.now)
  const figures = createFigures()
  const commit = createCommit(sql, clock, (error) => log.error('writes could not be flushed to disk', { error: messageOf(error) }), figures.flushed)
  const gate = createGate(commit, (error) => log.error('an answer could not be sent', { error: messageOf(error) }))
  const idempotency = createIdempotency(sql)
  const upkeep = createUpkeep()
  upkeep.add((now) => idempotency.prune(now))
  const audit = createAudit({ sql, commit, clock, log: log.child('audit'), stability })
  upkeep.add((now) => audit.prune(now - KEEP_AUDIT_MS, KEEP_AUDIT))
  return {
    platform,
    host: platform.host ?? {},
    log,
    commit,
    gate,
    idempotency,
    bus: createBus(gate),
    wakeups: createWakeups({ alarm: platform.alarm, clock, log }),
    upkeep,
    vitals: createVitals(),
    audit,
    stability,
    figures,
    tracing: createTracing(VERSION),
    place: platform.stateDir ?? platform.name,
    hibernates: platform.hibernates ?? false,
  }
}

/** All services, each group from those before it. */
function createServices(ground: Ground, logs: Logs, options: GatewayOptions): Services {
  const { platform, bus, commit, idempotency } = ground
  const settings = createSettings(ground, logs, options.config)
  const wires = { providers: [...(options.providers ?? []), openaiCompatible, ...sdkProviders()], builtin: createBuiltinModel(platform.clock) }
  const network = createNetworkServices(ground, settings)
  const identity = createIdentityServices(ground, settings, VERSION)
  const conversation = createConversationServices(ground, settings, wires)
  limitRuns({ ...identity, ...conversation })
  const fleet = createFleetServices(ground, settings, identity, conversation)
  const automation = createAutomationServices(ground, settings, identity, conversation)
  const voice = createVoiceServices(ground, settings, fleet)
  const tools = createToolServices(ground, VERSION, settings, { ...conversation, ...fleet, ...automation, ...network, ...voice })
  const push = createPushServices(ground, settings, identity, network)
  const control = createControlServices(ground, VERSION, settings, conversation, wires)
  const reports = createReports(ground, VERSION, conversation, identity, settings)
  for (const tool of createGatewayTools({ ...conversation, ...reports, status: reports.system.status })) conversation.tools.add(tool)
  return { ...settings, ...conversation, ...identity, ...fleet, ...automation, ...voice, ...tools, ...network, ...push, ...control, ...reports, bus, audit: ground.audit, stability: ground.stability, clock: platform.clock, commit, idempotency }
}
