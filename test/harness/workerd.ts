// workerd by itself, with the Worker in it and its storage on disk: what no development server stands before, and what
// can be killed. A Durable Object here reaches the network directly.

import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { ServerProcess } from './processes.ts'

const ROOT = new URL('../..', import.meta.url).pathname
const PATIENCE_MS = 30_000

/** Puts the built Worker into `dir`, as a deployment would. */
export function placeWorker(dir: string): void {
  cpSync(join(ROOT, 'dist/worker'), dir, { recursive: true })
  mkdirSync(join(dir, 'storage'), { recursive: true })
}

export interface WorkerdOptions {
  /** Where `placeWorker` put the Worker; the storage stays here too. */
  readonly dir: string
  readonly vars: Readonly<Record<string, string>>
}

export async function startWorkerd({ dir, vars }: WorkerdOptions): Promise<ServerProcess> {
  const port = await freePort()
  writeFileSync(join(dir, 'config.capnp'), toConfig(dir, port, vars))
  const child = spawn(join(ROOT, 'node_modules/.bin/workerd'), ['serve', join(dir, 'config.capnp')], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (piece: Buffer) => (output += piece.toString()))
  child.stderr.on('data', (piece: Buffer) => (output += piece.toString()))
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const killAtExit = () => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  void exited.then(() => process.off('exit', killAtExit))
  const url = `http://127.0.0.1:${port}`
  try {
    await untilServing(url, () => output)
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  return {
    url,
    pid: child.pid!,
    output: () => output,
    kill(signal) {
      child.kill(signal)
      return exited
    },
  }
}

function toConfig(dir: string, port: number, vars: Readonly<Record<string, string>>): string {
  const texts = Object.entries(vars).map(([name, value]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`)
  const parts = readdirSync(join(dir, 'parts')).map((name) => `parts/${name}`)
  const modules = ['worker.js', ...parts].map((name) => `(name = ${JSON.stringify(name)}, esModule = embed ${JSON.stringify(name)})`)
  const bindings = ['(name = "GATEWAY", durableObjectNamespace = "GatewayObject")', '(name = "ASSETS", service = "assets")', ...texts]
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "assets", disk = (path = ${JSON.stringify(join(ROOT, 'public'))})),
    (name = "storage", disk = (path = ${JSON.stringify(join(dir, 'storage'))}, writable = true)),
    (name = "internet", network = (allow = ["public", "private"]))
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const worker :Workerd.Worker = (
  modules = [${modules.join(', ')}],
  compatibilityDate = "2026-10-01",
  durableObjectNamespaces = [(className = "GatewayObject", uniqueKey = "gateway", enableSql = true)],
  durableObjectStorage = (localDisk = "storage"),
  bindings = [${bindings.join(', ')}]
);
`
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

/** Asks the Worker, and so no gateway, until it answers. */
async function untilServing(url: string, output: () => string): Promise<void> {
  const limit = Date.now() + PATIENCE_MS
  for (;;) {
    if (await fetch(`${url}/control-ui/`).then((response) => response.ok, () => false)) return
    if (Date.now() > limit) throw new Error(`workerd did not start: ${output()}`)
  }
}
