// The Durable Object that dies, in a workerd of its own whose time goes fast. Its storage outlives both.

import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { bundleWorker } from '../../runtimes/node/bundle-worker.ts'
import type { Sql } from '../../src/index.ts'
import type { ServerProcess } from '../harness/processes.ts'
import { startWorkerd } from '../harness/workerd.ts'
import { DEATH_MARK, DEATH_PATH, type DeathWish } from './cron-worker/death.ts'

export interface ObjectVictim {
  /** Where it listens now. */
  readonly url: string
  start(vars: Readonly<Record<string, string>>): Promise<void>
  /** The object dies, and workerd stays. False: it did not come up so that it could. */
  die(wish: DeathWish): Promise<boolean>
  /** Whether it is up, or comes up by itself. */
  comesUp(): Promise<boolean>
  /** kill -9 of workerd. */
  kill(): Promise<void>
  /** How often the object has died by itself, and how often it has come up. */
  counts(): { readonly deaths: number; readonly births: number }
  output(): string
  /** Reads its database; workerd must be gone. */
  read<T>(work: (sql: Pick<Sql, 'all' | 'get'>) => T): T
  /** Whatever has happened: nothing runs any more, and the directory is gone. */
  remove(): Promise<void>
}

/** What the log says whenever the object has started. */
const BIRTH_MARK = 'is ready on cloudflare'
const SOURCE = new URL('cron-worker/worker.ts', import.meta.url).pathname
const LOOK_MS = 5
/** Longer than workerd waits before an alarm rings again whose handler died: about two seconds; then four, then eight. */
const DEATH_PATIENCE_MS = 4000
const BIRTH_PATIENCE_MS = 20_000

export async function createObjectVictim(): Promise<ObjectVictim> {
  const dir = mkdtempSync(join(tmpdir(), 'edgeclaw-object-'))
  let running: ServerProcess | null = null
  let starting: Promise<void> | null = null
  let removed = false
  /** By those that were killed. */
  let said = ''

  const clear = () => rmSync(dir, { recursive: true, force: true })
  process.once('exit', clear)
  const output = () => said + (running?.output() ?? '')
  const count = (mark: string) => output().split(mark).length - 1

  async function begin(vars: Readonly<Record<string, string>>) {
    if (removed) throw new Error('workerd is not started any more')
    running = await startWorkerd({ dir, vars })
  }

  async function kill() {
    const ending = running
    if (!ending) return
    running = null
    await ending.kill('SIGKILL')
    said += ending.output()
  }

  function isUp(): boolean {
    const now = running?.output() ?? ''
    return now.lastIndexOf(BIRTH_MARK) > now.lastIndexOf(DEATH_MARK)
  }

  /** What is answered says nothing: the object may die before it can. */
  async function ask(wish: DeathWish) {
    const response = await fetch(running!.url + DEATH_PATH, { method: 'POST', body: JSON.stringify(wish) })
    await response.arrayBuffer()
  }

  async function die(wish: DeathWish): Promise<boolean> {
    if (wish.kind !== 'statement' && !(await comes(isUp, DEATH_PATIENCE_MS))) return false
    const before = count(DEATH_MARK)
    await ask(wish)
    return comes(() => count(DEATH_MARK) > before, DEATH_PATIENCE_MS)
  }

  function read<T>(work: (sql: Pick<Sql, 'all' | 'get'>) => T): T {
    const folder = join(dir, 'storage/gateway')
    const database = new DatabaseSync(join(folder, readdirSync(folder).find((name) => /^[0-9a-f]+\.sqlite$/.test(name))!))
    try {
      return work({
        all: <Row>(query: string, ...params: (string | number)[]) => database.prepare(query).all(...params) as Row[],
        get: <Row>(query: string, ...params: (string | number)[]) => database.prepare(query).get(...params) as Row | undefined,
      })
    } finally {
      database.close()
    }
  }

  async function remove() {
    removed = true
    await starting?.catch(() => {}) // it ends with what has begun to start
    await kill()
    process.off('exit', clear)
    clear()
  }

  try {
    await bundleWorker(SOURCE, dir)
    mkdirSync(join(dir, 'storage'))
  } catch (error) {
    await remove()
    throw error
  }
  return {
    get url() {
      return running!.url
    },
    start: (vars) => (starting = begin(vars)),
    die,
    comesUp: () => comes(isUp, BIRTH_PATIENCE_MS),
    kill,
    counts: () => ({ deaths: count(DEATH_MARK), births: count(BIRTH_MARK) }),
    output,
    read,
    remove,
  }
}

/** Whether it becomes true in time. */
async function comes(happened: () => boolean, patienceMs: number): Promise<boolean> {
  for (const limit = Date.now() + patienceMs; Date.now() < limit; await pause(LOOK_MS)) if (happened()) return true
  return false
}
