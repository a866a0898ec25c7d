// What a method is: a name, who may call it, the shapes of params and result, what it uses, and the handler. Defined
// once; dispatch, the typed client, schemas and the list of methods follow from it.

import type * as z from 'zod'
import type { Serialized } from '../kit/json.ts'
import type { Logger } from '../kit/log.ts'
import type { Trace } from '../kit/trace.ts'
import type { Principal, Role, Scope } from '../protocol/scopes.ts'
import type { HostAbility } from '../ports/host.ts'
import type { Connection } from '../services/identity/connections.ts'
import type { Services } from '../services/services.ts'

/** The circumstances of one call. */
export interface Call {
  readonly caller: Principal
  /** null when the call did not come over a socket. */
  readonly connection: Connection | null
  /** Aborts when the caller goes away. */
  readonly signal: AbortSignal
  readonly log: Logger
  /** Where in the trace of its sender it stands. */
  readonly trace?: Trace | undefined
  /** Answers once before the final answer, under the same id. */
  interim(payload: unknown): void
}

export interface Method<
  N extends string = string,
  P extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
  U extends keyof Services = keyof Services,
> {
  readonly name: N
  /** The operator scope that it needs; null: none. */
  readonly scope: Scope | null
  /** A further scope that these params need. */
  readonly elevate?: (params: z.output<P>) => Scope | null
  /** Whose method it is; absent: operators'. */
  readonly role?: Role | 'any'
  readonly summary: string
  readonly params: P
  readonly result: R
  /** The services that the handler may touch. */
  readonly uses: readonly U[]
  /** Abilities of the host without which it is refused, and not advertised. */
  readonly needs?: readonly HostAbility[]
  /** Callable, but not advertised. */
  readonly hidden?: boolean
  handler(params: z.output<P>, use: Pick<Services, U> & Call): HandlerResult<R>
}

type Answer<R extends z.ZodType> = z.input<R> | Serialized<z.input<R>>
type HandlerResult<R extends z.ZodType> = Answer<R> | Promise<Answer<R>>

export type AnyMethod = Method<string, z.ZodType, z.ZodType, keyof Services>

/**
 * @example
 * export const health = defineMethod({
 *   name: 'health', scope: 'operator.read', summary: 'The health snapshot.',
 *   params: z.looseObject({}), result: healthSnapshot, uses: ['health'],
 *   handler: (_, { health }) => health.snapshot(),
 * })
 */
export const defineMethod = <
  const N extends string,
  P extends z.ZodType,
  R extends z.ZodType,
  const U extends keyof Services = never,
>(
  method: Method<N, P, R, U>,
): Method<N, P, R, U> => method

/** What is known of a method before it is loaded: enough to find it, to authorise, and to advertise. */
export interface ListedMethod {
  readonly name: string
  readonly scope: Scope | null
  readonly role: Role | 'any'
  readonly needs: readonly HostAbility[]
  readonly hidden: boolean
  /** Evaluates the file that defines it. Schemas take time and memory, and of most methods nobody ever asks. */
  load(): Promise<AnyMethod>
}

type Listed = Partial<Pick<ListedMethod, 'role' | 'needs' | 'hidden'>>

export const list = (name: string, scope: Scope | null, load: () => Promise<unknown>, more: Listed = {}): ListedMethod => ({
  role: 'operator',
  needs: [],
  hidden: false,
  ...more,
  name,
  scope,
  load: load as () => Promise<AnyMethod>,
})

/** A method that is loaded already. */
export function toListed(method: AnyMethod): ListedMethod {
  const { name, scope, role = 'operator', needs = [], hidden = false } = method
  return { name, scope, role, needs, hidden, load: async () => method }
}

/** What a typed client calls: params and result by name. */
export type Api<M extends { name: string; params: z.ZodType; result: z.ZodType }> = {
  [K in M as K['name']]: { params: z.input<K['params']>; result: z.output<K['result']> }
}
