// Command-line flags of the processes. A flag becomes the variable that means the same, so that it beats the
// environment, which beats the file.

const FLAGS = {
  '--port': { env: 'OPENCLAW_GATEWAY_PORT', says: 'port to listen on (18789)' },
  '--token': { env: 'OPENCLAW_GATEWAY_TOKEN', says: 'gateway token; made at the first start when none is set' },
  '--bind': { env: 'OPENCLAW_GATEWAY_BIND', says: 'loopback (default), lan, custom, or an address' },
  '--state-dir': { env: 'OPENCLAW_STATE_DIR', says: 'where state is kept (~/.openclaw)' },
  '--config': { env: 'OPENCLAW_CONFIG_PATH', says: 'configuration file (openclaw.json in the state directory)' },
} as const

export type Env = Record<string, string | undefined>

export type Command = { readonly kind: 'run'; readonly env: Env } | { readonly kind: 'help' } | { readonly kind: 'version' }

/** Throws an error that says which flag is wrong. */
export function readFlags(args: readonly string[], env: Env): Command {
  const result: Env = { ...env }
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!
    if (arg === '--help' || arg === '-h') return { kind: 'help' }
    if (arg === '--version' || arg === '-v') return { kind: 'version' }
    const [name, inline] = arg.split(/=(.*)/s) as [string, string | undefined]
    const flag = name in FLAGS ? FLAGS[name as keyof typeof FLAGS] : null
    if (!flag) throw new Error(`unknown flag ${name}: --help lists what there is`)
    const value = inline ?? args[++i]
    if (value === undefined || value === '') throw new Error(`${name} needs a value`)
    result[flag.env] = value
  }
  return { kind: 'run', env: result }
}

export function helpText(program: string): string {
  const lines = Object.entries(FLAGS).map(([name, { env, says }]) => `  ${name.padEnd(12)} ${says.padEnd(66)} ${env}`)
  return [`Usage: ${program} [flags]`, '', ...lines, '  --help       this text', '  --version    the version'].join('\n')
}
