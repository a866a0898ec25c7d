// Many hooks at once, while a person chats: the person must not notice, and no hook may be lost, or carried out twice,
// when the gateway is killed in the middle of another burst.
//   node test/chaos/hook-burst.ts --hooks 2000 --turns 200

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import type { Client, Data } from '../harness/client.ts'
import { connect } from '../harness/ws.ts'
import { readNumbers } from './numbers.ts'
import { createVictim, type Victim } from './victim.ts'

export interface Burst {
  /** In each of the two bursts. */
  readonly hooks: number
  /** Turns of the person before them; beside them there are as many as there is time for. */
  readonly turns: number
}

/** How long turns of the person took, in milliseconds. */
interface Spread {
  readonly turns: number
  readonly p50: number
  readonly p99: number
}

export interface BurstSummary {
  readonly hooks: number
  readonly acknowledged: number
  readonly quiet: Spread
  readonly beside: Spread
  /** Of the 99th percentiles. */
  readonly ratio: number
  readonly lost: number
  readonly twice: number
  readonly states: Readonly<Record<string, number>>
  readonly seconds: number
}

const TOKEN = 'token-of-the-burst'
const AT_ONCE = 100
const WARM_UP = 20
const SENDER = join(import.meta.dirname, 'hook-sender.ts')
const PATIENCE_MS = 180_000

export async function hookBurst({ hooks, turns }: Burst): Promise<BurstSummary> {
  const begun = performance.now()
  const victim = createVictim({ hooks: { enabled: true, token: TOKEN } })
  const acknowledged = new Set<string>()
  try {
    await victim.start()
    const { client } = await join_(victim)
    const chat = () => turn(client, `script:${JSON.stringify([{ text: 'a' }, { text: 'b', delayMs: 20 }])}`)
    await repeat(WARM_UP, chat)
    const quiet = await repeat(turns, chat)
    const beside = await besides(client, chat, send(victim, 0, hooks, acknowledged))
    client.close()
    await dieInTheMiddle(victim, hooks, acknowledged)
    const found = check(victim.stateDir, acknowledged)
    return { hooks, acknowledged: acknowledged.size, quiet, beside, ratio: beside.p99 / quiet.p99, ...found, seconds: (performance.now() - begun) / 1000 }
  } finally {
    await victim.remove()
  }
}

/** Turns of the person, until all hooks are taken and carried out. */
async function besides(client: Client, chat: () => Promise<number>, sent: Promise<void>): Promise<Spread> {
  let isSent = false
  void sent.then(() => (isSent = true))
  const took: number[] = []
  do took.push(await chat())
  while (!isSent || (await waiting(client)) > 0)
  await sent
  return spread(took)
}

async function dieInTheMiddle(victim: Victim, hooks: number, acknowledged: Set<string>): Promise<void> {
  const before = acknowledged.size
  const sent = send(victim, hooks, 2 * hooks, acknowledged)
  await until(() => acknowledged.size > before + hooks / 2)
  await victim.kill()
  await victim.start()
  await sent
  const { client } = await join_(victim)
  await until(async () => (await waiting(client)) === 0)
  client.close()
  await victim.stop()
}

const join_ = async (victim: Victim) => connect((await victim.current()).url, { token: victim.token })

const waiting = async (client: Client): Promise<number> => (await client.call('hooks.requests.list', { limit: 1 })).waiting as number

/** Sends hooks `from` to `to` from a process of its own, and keeps the ids of those that were acknowledged. */
async function send(victim: Victim, from: number, to: number, acknowledged: Set<string>): Promise<void> {
  const { url } = await victim.current()
  const child = spawn(process.execPath, [SENDER, url, TOKEN, String(from), String(to), String(AT_ONCE)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const killAtExit = () => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  for await (const line of createInterface({ input: child.stdout })) acknowledged.add(line)
  process.off('exit', killAtExit)
}

async function repeat(times: number, chat: () => Promise<number>): Promise<Spread> {
  const took: number[] = []
  for (let n = 0; n < times; n++) took.push(await chat())
  return spread(took)
}

async function turn(client: Client, message: string): Promise<number> {
  const since = performance.now()
  const idempotencyKey = crypto.randomUUID()
  await client.call('chat.send', { sessionKey: 'main', message, idempotencyKey })
  await client.ended(idempotencyKey)
  return performance.now() - since
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const limit = performance.now() + PATIENCE_MS
  while (!(await isSo())) {
    if (performance.now() > limit) throw new Error(`not done after ${PATIENCE_MS / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Each run has its message in the transcript once. */
function check(stateDir: string, acknowledged: ReadonlySet<string>) {
  const database = new DatabaseSync(join(stateDir, 'edgeclaw/state.sqlite'), { readOnly: true })
  const answers = database.prepare(`SELECT data FROM log_transcript`).all() as { data: string }[]
  const runs = new Map<string, number>()
  for (const { data } of answers) {
    const message = JSON.parse(data) as Data
    if (message.role === 'user') runs.set(message.__openclaw.runId, (runs.get(message.__openclaw.runId) ?? 0) + 1)
  }
  const states: Record<string, number> = {}
  for (const { status } of database.prepare('SELECT status FROM hook_requests').all() as { status: string }[]) states[status] = (states[status] ?? 0) + 1
  database.close()
  const counts = [...acknowledged].map((id) => runs.get(id) ?? 0)
  return { lost: counts.filter((count) => count === 0).length, twice: [...runs.values()].filter((count) => count > 1).length, states }
}

function spread(took: readonly number[]): Spread {
  const sorted = took.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.ceil(sorted.length * part) - 1]!
  return { turns: sorted.length, p50: at(0.5), p99: at(0.99) }
}

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  const summary = await hookBurst(readNumbers({ hooks: 2000, turns: 200 }))
  process.stdout.write(`${JSON.stringify(summary)}\n`)
  if (summary.lost + summary.twice > 0) process.exitCode = 1
}

if (import.meta.filename === process.argv[1]) await main()
