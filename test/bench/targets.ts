// The servers under test, each a process on loopback with a fresh folder: the gateway as it is built, the bare server
// bundled the same way, and the upstream of both.

import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'rolldown'

const ROOT = new URL('../..', import.meta.url).pathname
const TOKEN = 'token-of-the-bench'
const START_LIMIT_MS = 30_000
const END_LIMIT_MS = 5000

export const KINDS = ['edgeclaw', 'bare'] as const
export type Kind = (typeof KINDS)[number]

export interface Server {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

export interface Target extends Server {
  readonly kind: Kind
  readonly token: string
  /** When the process was asked for, in the time of performance.now(). */
  readonly begunAt: number
}

export interface Bench {
  readonly upstream: Server
  start(kind: Kind): Promise<Target>
  close(): Promise<void>
}

const children = new Set<ChildProcess>()

export async function openBench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'edgeclaw-bench-'))
  const bare = join(folder, 'bare.mjs')
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', () => {
    for (const child of children) child.kill('SIGKILL')
    remove()
  })
  await build({
    input: join(ROOT, 'test/bench/bare.ts'),
    platform: 'node',
    external: [/^node:/],
    output: { file: bare, format: 'esm', minify: true, codeSplitting: false },
  })
  const upstream = await launch([join(ROOT, 'test/bench/upstream.ts')], {})

  function prepare(kind: Kind): { script: string; env: Record<string, string> } {
    const baseUrl = `${upstream.url}/v1`
    if (kind === 'bare') return { script: bare, env: { BARE_TOKEN: TOKEN, BARE_UPSTREAM: baseUrl } }
    const stateDir = mkdtempSync(join(folder, 'state-'))
    const providers = { bench: { baseUrl, models: [{ id: 'x' }] } }
    writeFileSync(join(stateDir, 'openclaw.json'), JSON.stringify({ models: { providers }, agents: { defaults: { model: { primary: 'bench/x' } } } }))
    const env = { OPENCLAW_STATE_DIR: stateDir, OPENCLAW_GATEWAY_TOKEN: TOKEN, OPENCLAW_GATEWAY_PORT: '0' }
    return { script: join(ROOT, 'dist/node.js'), env }
  }

  return {
    upstream,
    async start(kind) {
      const { script, env } = prepare(kind)
      const begunAt = performance.now()
      return { ...(await launch([script], env)), kind, token: TOKEN, begunAt }
    },
    async close() {
      await upstream.stop()
      remove()
    },
  }
}

/** Nothing of the developer's environment gets in: no keys, no settings. */
const environment = (env: Record<string, string>) => ({ PATH: process.env['PATH'], HOME: tmpdir(), NODE_ENV: 'production', ...env })

async function launch(args: readonly string[], env: Record<string, string>): Promise<Server> {
  const child = spawn(process.execPath, args, { env: environment(env), stdio: ['ignore', 'ignore', 'pipe'] })
  children.add(child)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  void exited.then(() => children.delete(child))
  let said = ''
  const url = await new Promise<string>((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`${args[0]} did not start: ${said}`)), START_LIMIT_MS)
    child.stderr!.on('data', (piece: Buffer) => {
      said = (said + piece.toString()).slice(-2000)
      const found = /listens on (http:\/\/\S+)/.exec(said)
      if (!found) return
      clearTimeout(limit)
      resolve(found[1]!)
    })
    void exited.then(() => reject(new Error(`${args[0]} has ended: ${said}`)))
  })
  return {
    url,
    pid: child.pid!,
    async stop() {
      child.kill('SIGTERM')
      const limit = setTimeout(() => child.kill('SIGKILL'), END_LIMIT_MS)
      await exited
      clearTimeout(limit)
    },
  }
}
