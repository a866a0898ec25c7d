// Roles and scopes: what they are, what implies what, and the one function that authorises.

export const ROLES = ['operator', 'node'] as const
export type Role = (typeof ROLES)[number]

export const SCOPES = [
  'operator.admin',
  'operator.read',
  'operator.write',
  'operator.approvals',
  'operator.questions',
  'operator.pairing',
  'operator.talk',
  'operator.talk.secrets',
] as const
export type Scope = (typeof SCOPES)[number]

export const isScope = (value: string): value is Scope => (SCOPES as readonly string[]).includes(value)

/** Everything that holding `granted` allows: admin is everything, write brings read and talk. */
export function expandScopes(granted: readonly Scope[]): ReadonlySet<Scope> {
  if (granted.includes('operator.admin')) return new Set(SCOPES)
  const all = new Set(granted)
  if (all.has('operator.write')) all.add('operator.read').add('operator.talk')
  return all
}

export const covers = (granted: ReadonlySet<Scope>, wanted: readonly Scope[]): boolean =>
  wanted.every((scope) => granted.has(scope))

/** What a named key allows besides its scopes. Absent: everything. */
export interface KeyLimits {
  readonly id: string
  /** Ids of agents. */
  readonly agents?: readonly string[]
  /** `provider/model`, or `provider/*`. */
  readonly models?: readonly string[]
  readonly expiresAtMs?: number
  readonly requestsPerMinute?: number
  readonly budget?: KeyBudget
}

export const BUDGET_PERIODS = ['day', 'week', 'month', 'total'] as const

/** Of each period, in UTC. */
export interface KeyBudget {
  readonly tokens?: number
  readonly usd?: number
  readonly period: (typeof BUDGET_PERIODS)[number]
}

/** Who acts. Made by `services/identity/auth.ts` alone, and handed on with every call that is made in its name. */
export interface Principal {
  /** Stable: `operator` for the shared secret, `local` for no auth on loopback, `device:<id>`, `key:<id>`. */
  readonly id: string
  readonly role: Role
  /** With all that is implied. */
  readonly scopes: ReadonlySet<Scope>
  readonly deviceId?: string
  /** The named key that it came with: it limits whatever is done in its name. */
  readonly key?: KeyLimits
}

export const mayUseAgent = ({ key }: Pick<Principal, 'key'>, agentId: string): boolean => key?.agents?.includes(agentId) ?? true

/** `id` is `provider/model`. */
export const mayUseModel = ({ key }: Pick<Principal, 'key'>, id: string): boolean => key?.models?.some((allowed) => coversModel(allowed, id)) ?? true

/** Whether a name of a model, or `provider/*`, means this one; `wanted` may end in `*` itself. */
export const coversModel = (allowed: string, wanted: string): boolean => allowed === wanted || (allowed.endsWith('/*') && wanted.startsWith(allowed.slice(0, -1)))

/** What a caller must be to use something. No scope: any principal of the role. */
export interface Requirement {
  readonly role: Role | 'any'
  readonly scope: Scope | null
}

export type Denial = { readonly reason: 'role' } | { readonly reason: 'scope'; readonly missing: Scope }

/** The one decision: may `principal` use what has this requirement? null is yes. */
export function authorize(principal: Principal, needed: Requirement): Denial | null {
  if (needed.role !== 'any' && needed.role !== principal.role) return { reason: 'role' }
  if (principal.role === 'node' || needed.scope === null) return null
  return principal.scopes.has(needed.scope) ? null : { reason: 'scope', missing: needed.scope }
}
