// Gateways as processes of their own: what a user starts.

import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = new URL('../..', import.meta.url).pathname

export const PROGRAMS = {
  node: [process.execPath, 'dist/node.js'],
  bun: [join(ROOT, 'node_modules/.bin/bun'), 'runtimes/bun/index.ts'],
} as const satisfies Record<string, readonly [string, string]>

export interface StateDir {
  readonly path: string
  writeConfig(config: unknown): void
  remove(): void
}

export function makeStateDir(config?: unknown): StateDir {
  const path = mkdtempSync(join(tmpdir(), 'edgeclaw-test-'))
  const writeConfig = (value: unknown) => writeFileSync(join(path, 'openclaw.json'), JSON.stringify(value))
  if (config !== undefined) writeConfig(config)
  return { path, writeConfig, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export interface ServerProcess {
  readonly url: string
  readonly pid: number
  /** Everything that it has printed. */
  readonly output: () => string
  /** Sends the signal; resolves with the exit code once it has ended. */
  kill(signal: NodeJS.Signals): Promise<number | null>
}

export interface GatewayProcess extends ServerProcess {
  /** From now on nobody reads what it prints. */
  deafen(): void
  /** Milliseconds of processor time so far; null where the system does not tell. */
  busyMs(): number | null
}

const PATIENCE_MS = 30_000
/** Linux counts processor time in these. */
const TICK_MS = 10

/** Keys of the developer's own environment must not choose the model of a test. */
const withoutKeys = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/_API_KEY$|^OPENCLAW_|^PORT$/.test(name)))

export interface StartOptions {
  readonly program: keyof typeof PROGRAMS
  readonly stateDir: string
  readonly env?: Record<string, string>
  readonly args?: readonly string[]
}

export function spawnGateway({ program, stateDir, env = {}, args = [] }: StartOptions): ChildProcess {
  const [command, script] = PROGRAMS[program]
  return spawn(command, [script, ...args], {
    cwd: ROOT,
    env: { ...withoutKeys(process.env), OPENCLAW_STATE_DIR: stateDir, OPENCLAW_GATEWAY_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Starts a gateway on a port of its own; rejects with what it printed when it does not start. */
export async function startProcess(options: StartOptions): Promise<GatewayProcess> {
  const child = spawnGateway(options)
  let output = ''
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const url = await new Promise<string>((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`the gateway did not start: ${output}`)), PATIENCE_MS)
    const read = (piece: Buffer) => {
      output += piece.toString()
      const found = /listens on (http:\/\/\S+)/.exec(output)
      if (found) resolve(found[1]!)
      if (found) clearTimeout(limit)
    }
    child.stdout!.on('data', read)
    child.stderr!.on('data', read)
    void exited.then((code) => reject(new Error(`the gateway ended with ${code}: ${output}`)))
  })
  return {
    url,
    pid: child.pid!,
    output: () => output,
    deafen() {
      child.stdout!.destroy()
      child.stderr!.destroy()
    },
    busyMs() {
      const stat = `/proc/${child.pid}/stat`
      if (!existsSync(stat)) return null
      const [user, system] = readFileSync(stat, 'utf8').split(') ')[1]!.split(' ').slice(11, 13)
      return (Number(user) + Number(system)) * TICK_MS
    },
    kill(signal) {
      child.kill(signal)
      return exited
    },
  }
}

/** Runs the program to its end. */
export async function runToEnd(options: StartOptions): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawnGateway(options)
  let output = ''
  child.stdout!.on('data', (piece: Buffer) => (output += piece.toString()))
  child.stderr!.on('data', (piece: Buffer) => (output += piece.toString()))
  const limit = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  const code = await new Promise<number | null>((resolve) => child.once('close', (value) => resolve(value)))
  clearTimeout(limit)
  return { code, output }
}
