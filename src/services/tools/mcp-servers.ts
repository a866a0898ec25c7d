// The servers of tools that are configured (`mcp.servers`): asked when a run needs to know what they have, asked again when
// they say that it has changed, and left alone for a while after a failure. What they have are tools like any other.

import * as z from 'zod'
import { stableStringify } from '../../kit/json.ts'
import { messageOf, type Logger } from '../../kit/log.ts'
import { hide, redactText } from '../../kit/redact.ts'
import { fitsWildcard } from '../../kit/wildcard.ts'
import { unavailable } from '../../protocol/errors.ts'
import { within, type Clock } from '../../ports/clock.ts'
import { defineTool, type Tool, type ToolContext, type ToolSource } from '../conversation/tools.ts'
import type { ConfigService } from '../operations/config.ts'
import type { McpServerConfig } from '../operations/config-schema.ts'
import type { McpDoors, McpSession, McpTool } from './mcp-session.ts'

export interface McpState {
  readonly name: string
  readonly state: 'unasked' | 'ready' | 'failed'
  readonly tools: number
  readonly error: string | null
}

export interface McpServers extends ToolSource {
  /** What is known of them; asks nobody. */
  states(): readonly McpState[]
  close(): Promise<void>
}

const MAX_SERVERS = 64
const CONNECT_MS = 10_000
const REQUEST_MS = 60_000
const MAX_REQUEST_MS = 10 * 60 * 1000
/** How long a conversation is kept that nobody uses, where the gateway could sleep. */
const AWAKE_MS = 1000
/** How long a server is left alone that could not be reached. */
const REST_MS = 30_000
const MAX_NAME_CHARS = 64
const MAX_PREFIX_CHARS = 30

interface Server {
  readonly name: string
  readonly prefix: string
  readonly spec: McpServerConfig
  readonly text: string
  session: McpSession | null
  opening: Promise<McpSession> | null
  listing: Promise<void> | null
  tools: readonly Tool[] | null
  isStale: boolean
  error: string | null
  restsUntil: number
  cancelIdle: () => void
}

export function createMcpServers(deps: { config: Pick<ConfigService, 'current'>; clock: Clock; log: Logger; hibernates: boolean } & McpDoors): McpServers {
  const { config, clock, log } = deps
  let servers: readonly Server[] = []
  let of: unknown = null
  let all: readonly Tool[] = []

  /** In step with the configuration: those that are as they were keep their conversation. */
  function current(): readonly Server[] {
    const configured = config.current.mcp?.servers
    if (configured === of) return servers
    of = configured
    const before = servers
    const wanted = Object.entries(configured ?? {}).filter(([, { enabled = true }]) => enabled).slice(0, MAX_SERVERS)
    const taken = new Set<string>()
    servers = wanted.map(([name, spec]) => {
      const prefix = uniquely(toPrefix(name), taken)
      const text = stableStringify({ name, prefix, spec })
      return before.find((each) => each.text === text) ?? { name, prefix, spec, text, session: null, opening: null, listing: null, tools: null, isStale: false, error: null, restsUntil: 0, cancelIdle: () => {} }
    })
    for (const gone of before) if (!servers.includes(gone)) void gone.session?.close().catch(() => {})
    collect()
    return servers
  }

  /** A conversation that is open keeps a gateway awake that would sleep. */
  function idle(server: Server) {
    server.cancelIdle()
    const ms = deps.hibernates ? AWAKE_MS : (config.current.mcp?.sessionIdleTtlMs ?? 0)
    if (ms <= 0) return
    server.cancelIdle = clock.after(ms, () => {
      const { session } = server
      server.session = null
      void session?.close().catch(() => {})
    })
  }

  const collect = () => void (all = servers.flatMap(({ tools }) => tools ?? []))

  function open(server: Server): Promise<McpSession> {
    if (server.session) return Promise.resolve(server.session)
    const rest = server.restsUntil - clock.now()
    if (rest > 0) return Promise.reject(unavailable(`the MCP server "${server.name}" cannot be reached: ${server.error}; it is tried again in ${Math.ceil(rest / 1000)} seconds`))
    server.opening ??= connect(server).finally(() => void (server.opening = null))
    return server.opening
  }

  async function connect(server: Server): Promise<McpSession> {
    const ms = server.spec.connectionTimeoutMs ?? CONNECT_MS
    const onClosed = () => void (server.session = null)
    const onChanged = () => void (server.isStale = true)
    try {
      const session = await within(clock, ms, new AbortController().signal, async (signal) => {
        const { openSession } = await import('./mcp-session.ts')
        return openSession(server.spec, deps, { onClosed, onChanged }, signal, ms)
      })
      server.session = session
      server.error = null
      return session
    } catch (error) {
      server.error = toShown(server.spec, error)
      server.restsUntil = clock.now() + REST_MS
      log.warn(`the MCP server "${server.name}" cannot be reached`, { error: server.error })
      throw unavailable(`the MCP server "${server.name}" cannot be reached: ${server.error}`)
    }
  }

  async function look(server: Server): Promise<void> {
    try {
      const session = await open(server)
      server.isStale = false
      const found = await session.list(new AbortController().signal, server.spec.connectionTimeoutMs ?? CONNECT_MS)
      server.tools = toTools(server, found)
      idle(server)
    } catch (error) {
      server.error ??= toShown(server.spec, error)
      server.isStale = server.tools !== null
      server.restsUntil = Math.max(server.restsUntil, clock.now() + REST_MS)
    }
    collect()
  }

  function toTools(server: Server, found: readonly McpTool[]): readonly Tool[] {
    const { include, exclude = [] } = server.spec.toolFilter ?? {}
    const isWanted = ({ name }: McpTool) => (include?.some((each) => fitsWildcard(each, name)) ?? true) && !exclude.some((each) => fitsWildcard(each, name))
    const taken = new Set<string>()
    return found.filter(isWanted).map((tool) =>
      defineTool({
        name: uniquely(`${server.prefix}__${tool.name.replace(/[^A-Za-z0-9_-]/g, '-')}`.slice(0, MAX_NAME_CHARS), taken),
        description: tool.description,
        group: 'mcp',
        scope: 'operator.write',
        params: z.record(z.string(), z.unknown()),
        parameters: tool.parameters,
        timeoutMs: MAX_REQUEST_MS,
        run: (args, context) => call(server, tool.name, args, context),
      }),
    )
  }

  async function call(server: Server, name: string, args: Readonly<Record<string, unknown>>, { signal, onProgress }: ToolContext) {
    const timeoutMs = Math.min(server.spec.requestTimeoutMs ?? REQUEST_MS, MAX_REQUEST_MS)
    const session = await open(server)
    server.cancelIdle()
    try {
      return await session.call(name, args, { signal, timeoutMs, onProgress })
    } catch (error) {
      if (signal.aborted || !isForgotten(error)) throw error
      server.session = null // it has restarted, and has not looked at the call
      await session.close().catch(() => {})
      return await (await open(server)).call(name, args, { signal, timeoutMs, onProgress })
    } finally {
      idle(server)
    }
  }

  const isDue = (server: Server) => (server.tools === null || server.isStale) && server.restsUntil <= clock.now()

  return {
    prepare() {
      const due = current().filter(isDue)
      if (due.length === 0) return null
      return Promise.all(due.map((server) => (server.listing ??= look(server).finally(() => void (server.listing = null))))).then(() => {})
    },
    list() {
      current()
      return all
    },
    states: () =>
      current().map(({ name, tools, error }) => ({ name, state: error !== null ? 'failed' : tools ? 'ready' : 'unasked', tools: tools?.length ?? 0, error })),
    async close() {
      for (const { cancelIdle } of servers) cancelIdle()
      await Promise.all(servers.map(({ session }) => session?.close().catch(() => {})))
    },
  }
}

/** What went wrong, for people and models: nothing that is for the server alone. */
function toShown({ headers = {}, env = {} }: McpServerConfig, error: unknown): string {
  const secrets = [...Object.values(headers), ...Object.values(env)].flatMap((value) => value.split(/\s+/))
  return redactText(hide(messageOf(error), secrets))
}

/** The server does not know the conversation any more. */
const isForgotten = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 404

function toPrefix(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9_-]/g, '-').slice(0, MAX_PREFIX_CHARS)
  return /^[a-z]/.test(plain) ? plain : `mcp-${plain}`
}

function uniquely(name: string, taken: Set<string>): string {
  let unique = name
  for (let n = 2; taken.has(unique); n++) unique = `${name.slice(0, MAX_NAME_CHARS - 4)}-${n}`
  taken.add(unique)
  return unique
}
