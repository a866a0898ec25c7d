// Where pushes go. Clients name these addresses, so they must not lead into the network of the gateway.

import { GatewayError, invalid } from '../../protocol/errors.ts'
import type { GuardedFetch } from '../network/guarded-fetch.ts'

/** Throws unless a push service can be there. */
export function assertPushEndpoint(endpoint: string, outside: Pick<GuardedFetch, 'check'>): void {
  if (!endpoint.startsWith('https://')) throw invalid('invalid push endpoint: it must be an https address')
  try {
    outside.check(endpoint)
  } catch (error) {
    throw error instanceof GatewayError ? invalid(`invalid push endpoint: ${error.message}`) : error
  }
}
