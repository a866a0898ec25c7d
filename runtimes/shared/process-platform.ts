// The platform on Node: node:sqlite, files in the state directory, the environment.

import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import { join, resolve } from 'node:path'
import { createStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs-lite'
import type { ConfigSource, Host, Platform, SystemInfo } from '../../src/index.ts'
import { systemClock } from './clock.ts'
import type { Env } from './flags.ts'
import { toLogLine } from './log-line.ts'
import { createSql, PRAGMAS, type SqliteDriver } from './sqlite.ts'
import { lockState } from './state-lock.ts'
import { createTimerAlarm } from './timer-alarm.ts'
import { createWalSync } from './wal-sync.ts'

/** What differs between the processes that run on Node's modules: Node itself and Bun. */
export interface ProcessParts {
  readonly name: string
  readonly openDatabase: (path: string) => Omit<SqliteDriver, 'sync'>
  readonly fetch: Platform['fetch']
  readonly assets: Platform['assets']
}

export function createProcessPlatform(env: Env, parts: ProcessParts, onAlarm: () => void): Platform {
  const stateDir = resolve(env['OPENCLAW_STATE_DIR'] || join(os.homedir(), '.openclaw'))
  const own = join(stateDir, 'edgeclaw')
  mkdirSync(own, { recursive: true, mode: 0o700 })
  lockState(own, parts.openDatabase)
  const database = join(own, 'state.sqlite')
  const driver = { ...parts.openDatabase(database), sync: createWalSync(database) }
  driver.exec(PRAGMAS)
  chmodSync(database, 0o600)
  return {
    name: parts.name,
    sql: createSql(driver),
    files: createStorage({ driver: fsDriver({ base: join(own, 'files') }) }),
    clock: systemClock,
    alarm: createTimerAlarm(systemClock, onAlarm),
    peers: () => [],
    env,
    config: createConfigSource(env, stateDir),
    fetch: parts.fetch,
    log: (record) => process.stdout.write(`${toLogLine(record)}\n`),
    waitUntil: (work) => void work.catch(() => {}), // a process lives on by itself
    ...(parts.assets && { assets: parts.assets }),
    host: createHost(own),
    stateDir,
  }
}

function createConfigSource(env: Env, stateDir: string): ConfigSource {
  const named = env['OPENCLAW_CONFIG_PATH']
  const candidates = named ? [resolve(named)] : ['openclaw.json', 'config.json'].map((name) => join(stateDir, name))
  const path = candidates.find((candidate) => existsSync(candidate)) ?? candidates[0]!
  return {
    path,
    read: async () => {
      if (named && !existsSync(path)) throw new Error(`${path} does not exist — create it, or leave out --config`)
      return existsSync(path) ? readFile(path, 'utf8') : null
    },
  }
}

function createHost(own: string): Host {
  return {
    system: readSystem,
    loopback: true,
    secrets: {
      get(name) {
        const path = join(own, name)
        return existsSync(path) ? readFileSync(path, 'utf8').trim() : null
      },
      set: (name, value) => writeFileSync(join(own, name), `${value}\n`, { mode: 0o600 }),
    },
    tell: (text) => void process.stderr.write(`${text}\n`),
  }
}

function readSystem(): SystemInfo {
  const cpus = os.cpus()
  const [one = 0, five = 0, fifteen = 0] = os.loadavg()
  const lan = Object.values(os.networkInterfaces())
    .flat()
    .find((address) => address && !address.internal && address.family === 'IPv4')
  const hostname = os.hostname()
  return {
    machineName: hostname,
    hostname,
    platform: os.platform(),
    release: os.release(),
    arch: os.arch(),
    osLabel: `${os.type()} ${os.release()}`,
    ...(lan && { lanAddress: lan.address }),
    nodeVersion: process.version,
    pid: process.pid,
    cpuCount: cpus.length,
    ...(cpus[0] && { cpuModel: cpus[0].model }),
    loadAverage: [one, five, fifteen],
    memoryTotalBytes: os.totalmem(),
    memoryFreeBytes: os.freemem(),
  }
}
