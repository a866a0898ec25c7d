// What the configuration, the environment and the flags (which arrive as environment) say together about how this
// gateway runs: where it listens, who gets in, how much it takes. Refuses what would be unsafe, with the way out.

import { problemOf } from '../automation/hook-settings.ts'
import { secretsEqual } from '../../kit/bytes.ts'
import { randomToken } from '../../kit/ids.ts'
import { MAX_PAYLOAD_BYTES } from '../../protocol/version.ts'
import type { Host } from '../../ports/host.ts'
import type { AuthMode, AuthSettings } from '../identity/auth-modes.ts'
import { isLoopbackAddress } from '../identity/facts.ts'
import { weaknessOf } from '../identity/secret-strength.ts'
import type { Config } from './config-schema.ts'
import type { ConfigService } from './config.ts'

type Env = Readonly<Record<string, string | undefined>>

export interface RuntimeSettings {
  readonly auth: AuthSettings
  readonly host: string
  readonly port: number
  readonly maxPayload: number
}

const DEFAULT_PORT = 18_789
const TOKEN_FILE = 'gateway-token'

export interface RuntimeConfiguration {
  /** Looks at everything again. Throws what is wrong, and then leaves all as it was. */
  resolve(): void
  /** What a configuration would mean, without anything coming of it. Throws what is wrong with it. */
  preview(config: Config): RuntimeSettings
  /** Told when the shared secret, or the way of checking it, is another than before. */
  onNewSecret(listener: () => void): void
  /** Throws before the first `resolve`. */
  readonly settings: RuntimeSettings
  /** Lets nobody in before the first `resolve`. */
  readonly authMode: AuthMode
}

export function createRuntimeConfiguration(
  deps: Omit<Surroundings, 'config'> & { config: ConfigService; createAuthMode: (settings: AuthSettings) => AuthMode },
): RuntimeConfiguration {
  const { config, createAuthMode, ...around } = deps
  let settings: RuntimeSettings | null = null
  let authMode = createAuthMode({ mode: 'token', secret: '' })
  const listeners: (() => void)[] = []
  return {
    resolve() {
      const resolved = resolveRuntimeSettings({ ...around, config: config.current })
      const isNew = settings !== null && !isSameAuth(settings.auth, resolved.auth)
      authMode = createAuthMode(resolved.auth)
      settings = resolved
      if (isNew) for (const listener of listeners) listener()
    },
    onNewSecret: (listener) => void listeners.push(listener),
    preview: (wanted) => resolveRuntimeSettings({ ...around, host: withoutEffect(around.host), config: wanted }),
    get settings() {
      if (!settings) throw new Error('the runtime configuration is not resolved yet')
      return settings
    },
    get authMode() {
      return authMode
    },
  }
}

const isSameAuth = (a: AuthSettings, b: AuthSettings): boolean =>
  a.mode === b.mode && (a.mode === 'none' || b.mode === 'none' || secretsEqual(a.secret, b.secret))

/** A token that would have to be made is not made. */
const withoutEffect = ({ secrets }: Host): Host => (secrets ? { secrets: { get: (name) => secrets.get(name), set: () => {} } } : {})

export interface Surroundings {
  readonly config: Config
  readonly env: Env
  readonly host: Host
  /** The runtime has sockets with addresses; without them nothing is ever local. */
  readonly hasSockets: boolean
  readonly maxMessageBytes: number | undefined
}

export function resolveRuntimeSettings(around: Surroundings): RuntimeSettings {
  const { config, env } = around
  if (config.gateway?.mode === 'remote') {
    throw new Error('gateway.mode is "remote": this file describes a client — set it to "local" to run a gateway here')
  }
  const host = toBindHost(around)
  const isLoopback = around.hasSockets && isLoopbackAddress(host)
  const auth = toAuth(around, isLoopback)
  if (!isLoopback) checkStrength(auth)
  const problem = problemOf(config.hooks, [...(auth.mode === 'none' ? [] : [auth.secret]), config.gateway?.auth?.token, config.gateway?.auth?.password])
  if (problem !== null) throw new Error(problem)
  return { auth, host, port: toPort(env, config.gateway?.port), maxPayload: toMaxPayload(around) }
}

function toPort(env: Env, configured: number | undefined): number {
  const given = env['OPENCLAW_GATEWAY_PORT'] || env['PORT']
  if (!given) return configured ?? DEFAULT_PORT
  const port = Number(given)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new Error(`the port "${given}" is not a port — use a number up to 65535, such as ${DEFAULT_PORT}`)
}

function toBindHost({ config, env }: Surroundings): string {
  const bind = env['OPENCLAW_GATEWAY_BIND'] || config.gateway?.bind || 'loopback'
  switch (bind) {
    case 'auto':
    case 'loopback':
      return '127.0.0.1'
    case 'lan':
      return '0.0.0.0'
    case 'custom':
      if (config.gateway?.customBindHost) return config.gateway.customBindHost
      throw new Error('gateway.bind is "custom" without an address — set gateway.customBindHost')
    case 'tailnet':
      throw new Error('gateway.bind "tailnet" is not supported yet — use "custom" with the address of the tailnet as gateway.customBindHost')
    default:
      if (/^[\d.]+$|:/.test(bind)) return bind
      throw new Error(`the bind "${bind}" is not known — use loopback, lan, custom or an IP address`)
  }
}

function toAuth({ config, env, host }: Surroundings, isLoopback: boolean): AuthSettings {
  const auth = config.gateway?.auth ?? {}
  const password = env['OPENCLAW_GATEWAY_PASSWORD'] || auth.password
  const token = env['OPENCLAW_GATEWAY_TOKEN'] || auth.token
  const mode = auth.mode ?? (password && !token ? 'password' : 'token')
  switch (mode) {
    case 'none':
      if (isLoopback) return { mode }
      throw new Error('gateway.auth.mode "none" lets everybody in: it is accepted on loopback only — set a token')
    case 'password':
      if (password) return { mode, secret: password }
      throw new Error('gateway.auth.mode is "password" without one — set OPENCLAW_GATEWAY_PASSWORD or gateway.auth.password')
    case 'trusted-proxy':
      throw new Error('gateway.auth.mode "trusted-proxy" is not supported yet — use "token"')
    case 'token':
      return { mode, secret: token || keptToken(host) }
  }
}

/** Where others can try, what they would try first is no secret. */
function checkStrength(auth: AuthSettings): void {
  const weakness = auth.mode === 'none' ? null : weaknessOf(auth.secret)
  if (weakness !== null) throw new Error(`the gateway ${auth.mode} ${weakness} — beyond loopback set another one, such as what "openssl rand -hex 24" prints`)
}

/** The token of a gateway for which nobody has chosen one: made at the first start, kept, and shown that once. */
function keptToken({ secrets, tell }: Host): string {
  if (!secrets) throw new Error('no gateway token is set — set the secret OPENCLAW_GATEWAY_TOKEN')
  const known = secrets.get(TOKEN_FILE)
  if (known) return known
  const token = randomToken()
  secrets.set(TOKEN_FILE, token)
  tell?.(`A gateway token was made and is kept in the state directory. It is shown this once:\n\n  ${token}\n`)
  return token
}

function toMaxPayload({ config, maxMessageBytes }: Surroundings): number {
  const wanted = config.gateway?.maxPayloadBytes ?? MAX_PAYLOAD_BYTES
  if (maxMessageBytes === undefined || wanted <= maxMessageBytes) return wanted
  throw new Error(`gateway.maxPayloadBytes is ${wanted}, but messages here can have ${maxMessageBytes} bytes at most — use a smaller number`)
}
