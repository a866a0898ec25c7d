// A gateway behind a real port, with a provider of models on loopback: what the SDKs of others are pointed at. On Node it
// lives in this process, with the server that the program has.

import { createFetch } from '../../runtimes/node/fetch.ts'
import { listen } from '../../runtimes/node/server.ts'
import { systemClock } from '../../runtimes/shared/clock.ts'
import { createTimerAlarm } from '../../runtimes/shared/timer-alarm.ts'
import { createGateway } from '../../src/index.ts'
import { suiteConfig } from '../suites/target.ts'
import { testPlatform, TOKEN } from './platform.ts'
import { makeStateDir, startProcess } from './processes.ts'
import { startUpstream, type Exchange, type Upstream } from './upstream.ts'
import { startWorker } from './worker.ts'

export interface Served {
  readonly url: string
  readonly baseURL: string
  readonly apiKey: string
  readonly upstream: Upstream
  /** The name of a model of its own that answers so. */
  model(play: (exchange: Exchange) => void | Promise<void>): string
  /** The name of one that begins to answer and goes on until nobody listens; `gone` resolves then. */
  lasting(): { readonly name: string; readonly gone: Promise<void> }
  /** What the model was asked last. */
  asked(model: string): ReturnType<Upstream['requests']['at']>
  close(): Promise<void>
}

export const RUNTIMES = ['node', 'bun', 'workerd'] as const
type Runtime = (typeof RUNTIMES)[number]

export async function serve(runtime: Runtime = 'node'): Promise<Served> {
  const upstream = await startUpstream()
  const { url, close } = await START[runtime](upstream)
  function model(play: (exchange: Exchange) => void | Promise<void>): string {
    const name = `served-${crypto.randomUUID()}`
    upstream.on(name, play)
    return `mock/${name}`
  }

  return {
    url,
    baseURL: `${url}/v1`,
    apiKey: TOKEN,
    upstream,
    model,
    lasting() {
      const { promise: gone, resolve } = Promise.withResolvers<void>()
      const name = model(async (exchange) => {
        exchange.begin()
        exchange.chunk({ content: 'begun' })
        await exchange.gone
        resolve()
      })
      return { name, gone }
    },
    asked: (model) => upstream.requests.findLast((request) => `mock/${request.model}` === model),
    async close() {
      await close()
      await upstream.close()
    },
  }
}

type Running = Pick<Served, 'url' | 'close'>

const START: Record<Runtime, (upstream: Upstream) => Promise<Running>> = { node: startHere, bun: startBun, workerd: startWorkerd }

async function startBun(upstream: Upstream): Promise<Running> {
  const state = makeStateDir(suiteConfig(upstream))
  const { url, kill } = await startProcess({ program: 'bun', stateDir: state.path, env: { OPENCLAW_GATEWAY_TOKEN: TOKEN } })
  return {
    url,
    async close() {
      await kill('SIGTERM')
      state.remove()
    },
  }
}

function startWorkerd(upstream: Upstream): Promise<Running> {
  return startWorker({ config: suiteConfig(upstream), token: TOKEN })
}

async function startHere(upstream: Upstream): Promise<Running> {
  const alarm = createTimerAlarm(systemClock, () => void gateway.wake())
  const gateway = createGateway({ ...testPlatform(), clock: systemClock, alarm, fetch: createFetch() }, { config: suiteConfig(upstream) })
  await gateway.start()
  const errors: unknown[] = []
  const server = await listen(gateway, { host: '127.0.0.1', port: 0, maxPayload: 32 * 1024 * 1024 }, (error) => void errors.push(error))
  return {
    url: `http://127.0.0.1:${server.port}`,
    async close() {
      await gateway.close()
      await server.close()
      if (errors.length > 0) throw new AggregateError(errors, 'the server had errors')
    },
  }
}

/** Calls this tool of the client first, and answers from what it gives. */
export const callsFirst =
  (name: string, args: unknown, answer: (result: string) => string) =>
  (exchange: Exchange): void => {
    const last = exchange.body.messages.at(-1)
    if (last.role === 'tool') return exchange.answer(answer(String(last.content)))
    exchange.answer('', { toolCalls: [{ id: 'call_1', function: { name, arguments: JSON.stringify(args) } }], finish: 'tool_calls' })
  }

/** One white pixel. */
export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg=='
