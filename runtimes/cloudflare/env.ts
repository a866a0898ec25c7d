// The bindings of wrangler.toml, and the variables and secrets that a gateway reads.

import type { GatewayObject } from './gateway-object.ts'

export interface Env {
  readonly GATEWAY: DurableObjectNamespace<GatewayObject>
  readonly ASSETS: Fetcher
  readonly OPENCLAW_CONFIG?: string
  readonly OPENCLAW_GATEWAY_TOKEN?: string
  /** "host": the first label of the host name says which gateway is meant. */
  readonly EDGECLAW_ROUTING?: string
}
