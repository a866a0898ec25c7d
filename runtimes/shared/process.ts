// The life of a process: flags, start, signals, restarts, end. A restart is a new gateway in the same process: the old one
// has ended by then, and nothing of it is left.

import type { Gateway } from '../../src/index.ts'
import type { Command, Env } from './flags.ts'

/** A gateway that was made, with what it stands on. */
export interface Running {
  readonly gateway: Gateway
  /** The port that it listens on; null before it does. */
  readonly port: () => number | null
  readonly closeServer: () => Promise<void>
  /** Everything that the platform holds is let go. */
  readonly end: () => void
  /** Puts back the last good configuration; false when there is none. */
  readonly putBack: () => Promise<boolean>
}

export interface Circumstances {
  readonly onError: (error: unknown) => void
  /** Asks for a restart; returns at once. */
  readonly restart: (reason: string) => void
  /** The port of the gateway before this one: it is taken again where the system chose it. */
  readonly port: number | null
}

export interface ProcessMain {
  readonly helpText: string
  readonly version: string
  readonly readFlags: (args: readonly string[], env: Env) => Command
  readonly make: (env: Env, around: Circumstances) => Promise<Running>
}

/** However the end goes, it does not last longer. */
const END_MS = 30_000
/** What clients are told: how soon they may come back. */
const RESTART_EXPECTED_MS = 1500

export async function runProcess(main: ProcessMain): Promise<void> {
  const onError = (error: unknown) => void process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  // Whoever read what it says may be gone, a terminal for example. Without a listener, to say so would fail again, and so on.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  process.on('unhandledRejection', onError)
  process.on('uncaughtException', onError)
  try {
    const command = main.readFlags(process.argv.slice(2), process.env)
    if (command.kind === 'help') return void process.stdout.write(`${main.helpText}\n`)
    if (command.kind === 'version') return void process.stdout.write(`${main.version}\n`)
    await live(main, command.env, onError)
  } catch (error) {
    fail(error)
  }
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

async function live(main: ProcessMain, env: Env, onError: (error: unknown) => void) {
  let running: Running | null = null
  /** Restarts and the end come one after the other. */
  let turn: Promise<unknown> = Promise.resolve()
  let restarting = false
  let ending = false

  const make = (port: number | null) => main.make(env, { onError, restart, port })

  async function shut(reason: string, restartExpectedMs?: number) {
    const old = running
    running = null
    await old?.gateway.close(reason, restartExpectedMs)
    await old?.closeServer()
    old?.end()
  }

  function restart(reason: string) {
    if (ending || restarting) return
    restarting = true
    turn = turn.then(() => again(reason)).then(() => (restarting = false), fail)
  }

  async function again(reason: string) {
    process.stderr.write(`edgeclaw restarts: ${reason}\n`)
    const port = running?.port() ?? null
    const limit = setTimeout(() => fail(new Error('the restart took too long')), END_MS)
    await shut('gateway restarting', RESTART_EXPECTED_MS)
    clearTimeout(limit)
    running = await make(port)
    try {
      await running.gateway.start()
    } catch (error) {
      await withLastGood(error, port)
    }
  }

  /** What has run until now runs again: a setting that keeps the gateway from starting is no reason to be gone. */
  async function withLastGood(error: unknown, port: number | null) {
    const failed = running!
    onError(error)
    await shut('gateway restarting')
    if (!(await failed.putBack())) throw error
    process.stderr.write('the last good configuration is put back; the other one is kept beside it as .rejected\n')
    running = await make(port)
    await running.gateway.start()
  }

  function end() {
    if (ending) return process.exit(1)
    ending = true
    setTimeout(() => process.exit(1), END_MS).unref()
    turn
      .then(() => shut('service restart'))
      .then(
        () => process.exit(0),
        (error: unknown) => {
          onError(error)
          process.exit(1)
        },
      )
  }

  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  process.on('SIGUSR2', () => restart('SIGUSR2'))
  running = await make(null)
  await running.gateway.start()
}
