// The platform on Node: node:sqlite, files in the state directory, the environment.

import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { join, resolve } from 'node:path'
import { createStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs-lite'
import type { Host, Platform, ProcessInfo, SystemInfo } from '../../src/index.ts'
import { createEndingClock } from './clock.ts'
import { createConfigFile, type ConfigFile } from './config-file.ts'
import { createCommands } from './command.ts'
import { createOpener } from './desktop.ts'
import type { Env } from './flags.ts'
import { toLogLine } from './log-line.ts'
import { findProgram } from './programs.ts'
import { reach } from './reach.ts'
import { createShelf } from './shelf.ts'
import { createLocalSpeech } from './speech.ts'
import { createSql, PRAGMAS, type SqliteDriver } from './sqlite.ts'
import { lockState } from './state-lock.ts'
import { createTimerAlarm } from './timer-alarm.ts'
import { createUpdater, findRoot, runCommand } from './updater.ts'
import { createWalSync } from './wal-sync.ts'
import { watchPath } from './watch.ts'
import { createWorkspaces } from './workspace.ts'

/** What differs between the processes that run on Node's modules: Node itself and Bun. */
export interface ProcessParts {
  readonly name: string
  readonly openDatabase: (path: string) => Omit<SqliteDriver, 'sync'> & { close(): void }
  readonly fetch: Platform['fetch']
  readonly assets: Platform['assets']
}

/** What the one gateway that stands on it is told, and what it can ask of the process. */
export interface ProcessLife {
  readonly onAlarm: () => void
  /** Ends the gateway, and begins a new one in this process. */
  readonly restart: (reason: string) => void
}

export interface ProcessPlatform extends Platform {
  readonly config: ConfigFile
  /** Nothing of it does anything any more. Call it when the gateway has closed. */
  end(): void
}

export function createProcessPlatform(env: Env, parts: ProcessParts, life: ProcessLife): ProcessPlatform {
  const stateDir = resolve(env['OPENCLAW_STATE_DIR'] || join(os.homedir(), '.openclaw'))
  const own = join(stateDir, 'edgeclaw')
  mkdirSync(own, { recursive: true, mode: 0o700 })
  lockState(own, parts.openDatabase)
  const database = join(own, 'state.sqlite')
  const wal = createWalSync(database)
  const driver = { ...parts.openDatabase(database), sync: wal.sync }
  driver.exec(PRAGMAS)
  chmodSync(database, 0o600)
  const clock = createEndingClock()
  return {
    name: parts.name,
    sql: createSql(driver),
    files: createStorage({ driver: fsDriver({ base: join(own, 'files') }) }),
    clock,
    alarm: createTimerAlarm(clock, life.onAlarm),
    peers: () => [],
    env,
    config: createConfigFile(env, stateDir),
    fetch: parts.fetch,
    log: (record, json) => process.stdout.write(`${json ?? toLogLine(record)}\n`),
    waitUntil: (work) => void work.catch(() => {}), // a process lives on by itself
    ...(parts.assets && { assets: parts.assets }),
    host: createHost(env, stateDir, own, life),
    stateDir,
    end() {
      clock.end()
      wal.close()
      driver.close()
    },
  }
}

function createHost(env: Env, stateDir: string, own: string, life: ProcessLife): Host {
  const openFile = createOpener(env)
  const speech = createLocalSpeech(env)
  return {
    system: readSystem,
    process: readProcess,
    loopback: true,
    reach,
    watch: watchPath,
    ...(openFile && { openFile }),
    ...(speech && { speech }),
    shelve: createShelf(join(own, 'shelf')),
    commands: createCommands(env),
    hasProgram: (name) => findProgram(name, env) !== null,
    restart: life.restart,
    update: createUpdater(findRoot(process.argv[1]), runCommand(env)),
    workspaces: createWorkspaces(stateDir),
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

function readProcess(): ProcessInfo {
  const { rss, heapUsed } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return { residentBytes: rss, heapBytes: heapUsed, cpuSeconds: (user + system) / 1e6, startedAtMs: Date.now() - process.uptime() * 1000 }
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
