// The life of a process: flags, start, signals, end.

import type { Gateway } from '../../src/index.ts'
import type { Command, Env } from './flags.ts'

export interface ProcessMain {
  readonly helpText: string
  readonly version: string
  readonly readFlags: (args: readonly string[], env: Env) => Command
  readonly start: (env: Env, onError: (error: unknown) => void) => Promise<{ gateway: Gateway; closeServer: () => Promise<void> }>
}

/** However the end goes, it does not last longer. */
const END_MS = 30_000

export async function runProcess(main: ProcessMain): Promise<void> {
  const onError = (error: unknown) => void process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  process.on('unhandledRejection', onError)
  process.on('uncaughtException', onError)
  try {
    const command = main.readFlags(process.argv.slice(2), process.env)
    if (command.kind === 'help') return void process.stdout.write(`${main.helpText}\n`)
    if (command.kind === 'version') return void process.stdout.write(`${main.version}\n`)
    const { gateway, closeServer } = await main.start(command.env, onError)
    let ending = false
    const end = (reason: string) => {
      if (ending) return process.exit(1)
      ending = true
      setTimeout(() => process.exit(1), END_MS).unref()
      gateway
        .close(reason)
        .then(closeServer)
        .then(
          () => process.exit(0),
          (error: unknown) => {
            onError(error)
            process.exit(1)
          },
        )
    }
    process.on('SIGTERM', () => end('service restart'))
    process.on('SIGINT', () => end('service restart'))
    await gateway.start()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  }
}
