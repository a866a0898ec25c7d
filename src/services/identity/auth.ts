// The one place that makes a principal: out of a `connect`, or of the headers of an HTTP request.

import type { Client, Credentials, DeviceProof } from '../../protocol/connect.ts'
import { GatewayError } from '../../protocol/errors.ts'
import { covers, expandScopes, isScope, SCOPES, type KeyLimits, type Principal, type Role, type Scope } from '../../protocol/scopes.ts'
import type { Clock } from '../../ports/clock.ts'
import type { AuthMode, Verdict } from './auth-modes.ts'
import { isInNetworks } from './cidr.ts'
import type { Facts } from './connections.ts'
import { verifyDevice } from './device-proof.ts'
import type { DeviceIdentity, Devices } from './devices.ts'
import type { KeyLimiter } from './key-limits.ts'
import type { Keys } from './keys.ts'
import type { SetupCodes } from './setup-codes.ts'

export interface AuthRequest {
  readonly client: Client
  readonly role: Role
  /** As the client sent them; null when it named none and means all that it may have. */
  readonly scopes: readonly string[] | null
  readonly credentials: Credentials
  readonly device?: DeviceProof
  readonly nonce: string
  readonly facts: Facts
}

export interface Authenticated {
  readonly principalId: string
  readonly role: Role
  /** Granted: requested ∩ what the credential allows, in the order asked for. */
  readonly scopes: readonly Scope[]
  readonly deviceId?: string
  readonly key?: KeyLimits
  readonly deviceToken?: string
  readonly issuedAtMs?: number
  /** Tokens of further roles that the device was paired for. */
  readonly deviceTokens?: readonly { readonly deviceToken: string; readonly role: Role; readonly scopes: readonly Scope[]; readonly issuedAtMs: number }[]
}

export interface Auth {
  readonly mode: AuthMode['name']
  /** Throws the refusal. */
  connect(request: AuthRequest): Promise<Authenticated>
  /** The principal behind `Authorization: Bearer …`, at once for the shared secret. Throws UNAUTHORIZED, or rejects with it. */
  bearer(authorization: string | null, facts: Facts): Principal | Promise<Principal>
}

/** Whose scopes are kept without a device: programs that a person runs with the secret in hand. */
const DEVICELESS: readonly string[] = ['cli/cli', 'gateway-client/backend']

export function createAuth(deps: {
  mode: () => AuthMode
  devices: Devices
  /** Absent: there are none. */
  setupCodes?: SetupCodes
  /** Absent: there are none. */
  keys?: Pick<Keys, 'looksLike' | 'verify'>
  keyLimiter?: Pick<KeyLimiter, 'prepare'>
  clock: Clock
  /** `gateway.nodes.pairing.autoApproveLocal`. */
  autoApproveLocal: () => boolean
  /** `gateway.nodes.pairing.autoApproveCidrs`: networks from which a new node is paired without asking. */
  autoApproveCidrs?: () => readonly string[]
}): Auth {
  const { devices, setupCodes, clock } = deps
  const everything: ReadonlySet<Scope> = new Set(SCOPES)

  async function connect(request: AuthRequest): Promise<Authenticated> {
    const { credentials, device } = request
    const key = keyIn(credentials.token ?? credentials.password)
    if (key !== null) return withKey(request, key)
    const check = () => deps.mode().check(credentials, request.facts)
    if (!device) return withoutDevice(request, check())
    await verifyDevice({
      device,
      client: request.client,
      role: request.role,
      scopes: request.scopes ?? [],
      token: credentials.token ?? credentials.deviceToken ?? credentials.bootstrapToken ?? '',
      nonce: request.nonce,
      now: clock.now(),
    })
    const verdict = check() // not before: the secret may have changed meanwhile
    if (verdict === 'valid') return withSecret(request, device)
    if (isBootstrap(credentials)) return withSetupCode(request, device)
    return withDeviceToken(request, device, verdict)
  }

  /** A named key narrows, whoever may come in without one. The shared secret may look like one, and is none. */
  function keyIn(offered: string | undefined): string | null {
    if (offered === undefined || !deps.keys?.looksLike(offered)) return null
    const mode = deps.mode()
    return mode.name !== 'none' && mode.check({ token: offered }, KEYLESS) === 'valid' ? null : offered
  }

  async function verify(key: string): Promise<Principal | null> {
    const principal = await deps.keys!.verify(key)
    if (principal) await deps.keyLimiter?.prepare(principal)
    return principal
  }

  async function withKey({ role, scopes }: AuthRequest, offered: string): Promise<Authenticated> {
    const principal = await verify(offered)
    if (!principal) throw mismatch(false)
    const { id: principalId, key } = principal
    if (role !== 'operator') throw new GatewayError('FORBIDDEN', 'a key is for operators: pair a node as a device')
    // The control plane shows what all agents do.
    if (key?.agents) throw new GatewayError('FORBIDDEN', 'a key for some agents only is for HTTP: use one for all agents here', { details: { code: 'AGENT_NOT_ALLOWED' } })
    return { principalId, role, scopes: granted(scopes, [...principal.scopes]), ...(key && { key }) }
  }

  function withoutDevice(request: AuthRequest, verdict: Verdict): Authenticated {
    if (verdict === 'wrong') throw mismatch(false)
    if (verdict === 'absent' || request.role === 'node') {
      throw new GatewayError('NOT_PAIRED', 'device identity required', { details: { code: 'DEVICE_IDENTITY_REQUIRED' } })
    }
    const trusted = DEVICELESS.includes(`${request.client.id}/${request.client.mode}`)
    const scopes = trusted ? granted(request.scopes, SCOPES) : []
    return { principalId: sharedPrincipal(), role: request.role, scopes }
  }

  /** A device that also holds the shared secret: known, or to be paired now. */
  async function withSecret(request: AuthRequest, proof: DeviceProof): Promise<Authenticated> {
    const { role, facts } = request
    const wanted = role === 'node' ? [] : granted(request.scopes, SCOPES)
    const approved = devices.grantOf(proof.id, role)
    if (!approved || !covers(expandScopes(approved), wanted)) {
      if (facts.direct && facts.origin === null && deps.autoApproveLocal()) {
        devices.approveSilently(identityOf(request, proof), role, wanted)
      } else if (role === 'node' && !approved && isTrustedNetwork(facts)) {
        devices.approveSilently(identityOf(request, proof), role, [], 'trusted-cidr')
      } else if (facts.direct && role === 'operator') {
        // A page that this gateway served to this machine: it acts with the secret that it was given, unpaired.
        return { principalId: sharedPrincipal(), role, scopes: wanted }
      } else {
        throw pairingRequired(request, proof, wanted)
      }
    }
    const token = await devices.issueToken(proof.id, role)
    return { principalId: `device:${proof.id}`, role, scopes: wanted, deviceId: proof.id, ...token }
  }

  /** A device without the shared secret: its token, or at least the key of a device whose access was not revoked. */
  async function withDeviceToken(request: AuthRequest, proof: DeviceProof, verdict: Verdict): Promise<Authenticated> {
    const { role, credentials } = request
    const offered = credentials.deviceToken || credentials.token // an empty one does not hide the other
    const approved = await devices.tokenScopes(proof.id, role, offered || undefined)
    if (!approved) {
      if (verdict === 'absent' && !offered) throw missing()
      throw credentials.deviceToken ? deviceTokenMismatch() : mismatch(devices.hasToken(proof.id, role))
    }
    const wanted = role === 'node' ? [] : granted(request.scopes, [...approved])
    if (request.scopes && !covers(expandScopes(approved), request.scopes.filter(isScope))) {
      throw new GatewayError('UNAUTHORIZED', 'the device token does not allow the requested scopes: ask for fewer, or connect with the gateway token', {
        details: { code: 'AUTH_SCOPE_MISMATCH', approvedScopes: [...approved] },
      })
    }
    return { principalId: `device:${proof.id}`, role, scopes: wanted, deviceId: proof.id }
  }

  /** A device that was shown a setup code. */
  async function withSetupCode(request: AuthRequest, proof: DeviceProof): Promise<Authenticated> {
    const { role, credentials } = request
    const choose = (profile: readonly Scope[]) => granted(request.scopes, profile)
    const redeemed = await setupCodes?.redeem(credentials.bootstrapToken!, identityOf(request, proof), role, choose)
    if (!redeemed) throw setupCodeInvalid()
    const { scopes, token, others } = redeemed
    const deviceTokens = others.map(({ token: issued, ...rest }) => ({ ...rest, ...issued }))
    return { principalId: `device:${proof.id}`, role, scopes, deviceId: proof.id, ...token, ...(deviceTokens.length > 0 && { deviceTokens }) }
  }

  const isTrustedNetwork = ({ address, forwarded, origin }: Facts): boolean =>
    !forwarded && origin === null && isInNetworks(address, deps.autoApproveCidrs?.() ?? [])

  function pairingRequired(request: AuthRequest, proof: DeviceProof, wanted: readonly Scope[]): GatewayError {
    const requestId = devices.request(identityOf(request, proof), request.role, wanted, request.facts.address)
    return new GatewayError('NOT_PAIRED', `pairing required: approve request ${requestId} with device.pair.approve, then connect again`, {
      details: { code: 'PAIRING_REQUIRED', requestId, recommendedNextStep: 'wait_then_retry' },
    })
  }

  const sharedPrincipal = () => (deps.mode().name === 'none' ? 'local' : 'operator')

  return {
    get mode() {
      return deps.mode().name
    },
    connect,
    bearer(authorization, facts) {
      const token = /^Bearer +(\S.*)$/i.exec(authorization ?? '')?.[1]?.trimEnd()
      const key = keyIn(token)
      if (key !== null) return verify(key).then((principal) => principal ?? Promise.reject(wrongKey('incorrect')))
      if (deps.mode().check(token === undefined ? {} : { token }, facts) === 'valid') {
        return { id: sharedPrincipal(), role: 'operator', scopes: everything }
      }
      throw wrongKey(token === undefined ? 'missing' : 'incorrect')
    },
  }
}

const wrongKey = (what: 'missing' | 'incorrect'): GatewayError =>
  new GatewayError('UNAUTHORIZED', `${what} API key: send the gateway token, or a key, as "Authorization: Bearer <token>"`, { code: 'invalid_api_key' })

/** Where the shared secret comes from does not matter. */
const KEYLESS: Facts = { address: null, direct: false, host: null, origin: null }

/** Offers a setup code, and nothing that would be worth more. */
const isBootstrap = ({ bootstrapToken, deviceToken, token, password }: Credentials): boolean =>
  !!bootstrapToken && !deviceToken && !token && !password

/** requested ∩ allowed; unknown scopes are dropped, and what is implied by what is held counts as held. */
function granted(requested: readonly string[] | null, allowed: readonly Scope[]): Scope[] {
  const held = expandScopes(allowed)
  if (requested === null) return [...allowed]
  return [...new Set(requested)].filter((scope): scope is Scope => isScope(scope) && held.has(scope))
}

function identityOf({ client }: AuthRequest, proof: DeviceProof): DeviceIdentity {
  return {
    deviceId: proof.id,
    publicKey: proof.publicKey,
    ...(client.displayName !== undefined && { displayName: client.displayName.slice(0, 128) }),
    platform: client.platform.slice(0, 128),
    ...(client.deviceFamily !== undefined && { deviceFamily: client.deviceFamily.slice(0, 128) }),
    clientId: client.id,
    clientMode: client.mode,
  }
}

const refuse = (message: string, code: string, authReason: string, retry: boolean, next: string): GatewayError =>
  new GatewayError('UNAUTHORIZED', message, {
    details: { code, authReason, canRetryWithDeviceToken: retry, recommendedNextStep: next },
  })

const mismatch = (canRetryWithDeviceToken: boolean): GatewayError =>
  refuse(
    "unauthorized: gateway token mismatch (use this gateway's gateway.auth.token or pair the device)",
    'AUTH_TOKEN_MISMATCH',
    'token_mismatch',
    canRetryWithDeviceToken,
    canRetryWithDeviceToken ? 'retry_with_device_token' : 'update_auth_credentials',
  )

const missing = (): GatewayError =>
  refuse(
    'unauthorized: gateway token missing (provide gateway auth token)',
    'AUTH_TOKEN_MISSING',
    'token_missing',
    false,
    'update_auth_configuration',
  )

const deviceTokenMismatch = (): GatewayError =>
  refuse(
    'unauthorized: device token mismatch (connect with the gateway token to get a new one)',
    'AUTH_DEVICE_TOKEN_MISMATCH',
    'device_token_mismatch',
    false,
    'update_auth_credentials',
  )

const setupCodeInvalid = (): GatewayError =>
  refuse(
    'unauthorized: setup code invalid, expired, or already used (make a new one with device.pair.setupCode)',
    'AUTH_BOOTSTRAP_TOKEN_INVALID',
    'bootstrap_token_invalid',
    false,
    'review_auth_configuration',
  )
