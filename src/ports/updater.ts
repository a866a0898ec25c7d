// The program as it is installed, and how it is replaced by a newer one.

export interface Release {
  readonly version: string
  /** Of a checkout: the commit, and how far behind it is. */
  readonly sha?: string
  readonly upstreamRef?: string
  readonly commitsBehind?: number
}

export interface Updater {
  /** How it came here. `unknown`: it cannot be replaced from within. */
  readonly kind: 'package' | 'git' | 'unknown'
  /** The commit of a checkout. */
  current(): Promise<{ readonly sha?: string }>
  /** What could be installed; null when there is nothing newer. Throws why that cannot be found out. */
  latest(signal: AbortSignal): Promise<Release | null>
  /** Installs it. The program that runs stays what it is until it restarts. Throws what failed. */
  install(signal: AbortSignal): Promise<void>
}
