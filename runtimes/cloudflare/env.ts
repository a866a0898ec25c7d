// The bindings of wrangler.toml, and the variables and secrets that a gateway reads.

export interface Env {
  readonly GATEWAY: DurableObjectNamespace
  readonly ASSETS: Fetcher
  readonly OPENCLAW_CONFIG?: string
  readonly OPENCLAW_GATEWAY_TOKEN?: string
  /** "host": the first label of the host name says which gateway is meant. */
  readonly EDGECLAW_ROUTING?: string
}
