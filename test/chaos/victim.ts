// The gateway that is killed: a process on one state directory and, from its first start on, one port.

import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { makeStateDir, spawnGateway, startProcess, type GatewayProcess } from '../harness/processes.ts'

export interface Life {
  readonly url: string
  /** Counts the processes: what one of them told is not told again by the next. */
  readonly number: number
}

export interface Victim {
  readonly stateDir: string
  readonly token: string
  /** The life that listens; over a restart, the next one. Rejects when there will be none. */
  current(): Promise<Life>
  /** kill -9, and nothing more. */
  kill(): Promise<void>
  /** Starts it and kills it again after `ms`, wherever in its start it is then. */
  stumble(ms: number): Promise<void>
  start(): Promise<void>
  /** Asks it to end; resolves with the exit code. */
  stop(): Promise<number | null>
  /** Whatever has happened: nothing runs any more, nobody waits any more, and the directory is gone. */
  remove(): Promise<void>
}

const GIVEN_UP = 'the gateway is not started any more'

export function createVictim(config: unknown = {}): Victim {
  const state = makeStateDir(config)
  const token = randomUUID()
  let port = '0'
  let number = 0
  let running: GatewayProcess | null = null
  let starting: Promise<void> | null = null
  let buried = false
  let listening = Promise.withResolvers<Life>()

  const options = () => {
    const env = { OPENCLAW_GATEWAY_TOKEN: token, OPENCLAW_GATEWAY_PORT: port }
    return { program: 'node' as const, stateDir: state.path, env }
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const code = (await running?.kill(signal)) ?? null
    running = null
    return code
  }

  /** Whoever waits for another life, or will wait, is told that there is none. */
  function bury(reason: unknown) {
    buried = true
    for (const each of [listening, (listening = Promise.withResolvers())]) {
      each.promise.catch(() => {}) // perhaps nobody waits
      each.reject(reason)
    }
  }

  async function begin(): Promise<void> {
    if (buried) throw new Error(GIVEN_UP)
    number++
    try {
      running = await startProcess(options())
      port = new URL(running.url).port
      listening.resolve({ url: running.url, number })
    } catch (error) {
      bury(error)
      throw error
    }
  }

  const killAtExit = () => void running?.kill('SIGKILL')
  process.once('exit', killAtExit)

  return {
    stateDir: state.path,
    token,
    current: () => listening.promise,
    async kill() {
      listening = Promise.withResolvers()
      await end('SIGKILL')
    },
    async stumble(ms) {
      if (buried) throw new Error(GIVEN_UP)
      number++
      const child = spawnGateway(options())
      const exited = new Promise((resolve) => child.once('exit', resolve))
      await pause(ms)
      child.kill('SIGKILL')
      await exited
    },
    start: () => (starting = begin()),
    stop: () => end('SIGTERM'),
    async remove() {
      bury(new Error(GIVEN_UP))
      await starting?.catch(() => {}) // it ends with what has begun to start
      await end('SIGKILL')
      process.off('exit', killAtExit)
      state.remove()
    },
  }
}
