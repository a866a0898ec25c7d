// What an event is. Each is defined once; who may receive it stands beside its shape.

import type * as z from 'zod'
import type { Scope } from './scopes.ts'

export interface EventDefinition<N extends string = string, P extends z.ZodType = z.ZodType> {
  readonly name: N
  /** The operator scope that a recipient must hold. null: any connection, nodes included. */
  readonly scope: Scope | null
  readonly summary: string
  readonly payload: P
  /**
   * `all`: every connection that may see it. `sessions`: those that called sessions.subscribe. `session`: those, and
   * those that subscribed to the messages of the session. `topic`: those that subscribed to the topic of the audience.
   * `direct`: only the one that it is addressed to; without seq.
   */
  readonly reach: 'all' | 'sessions' | 'session' | 'topic' | 'direct'
  /** May be left out for a connection that does not keep up. */
  readonly dropIfSlow?: boolean
  /** Carries `stateVersion`. */
  readonly versioned?: boolean
  /** How two payloads become one for a connection that does not keep up. Equal keys may be joined. */
  readonly merge?: {
    key(payload: z.output<P>): string | null
    /** null: these two cannot be joined. */
    join(earlier: z.output<P>, later: z.output<P>): z.output<P> | null
  }
  /** The shape for a client of protocol 3, where it differs. */
  readonly legacy?: (payload: z.output<P>) => unknown
}
export type AnyEvent = EventDefinition<string, z.ZodType>
export type PayloadOf<E extends AnyEvent> = z.output<E['payload']>

export const defineEvent = <const N extends string, P extends z.ZodType>(
  definition: EventDefinition<N, P>,
): EventDefinition<N, P> => definition
