// Many clients send, and the gateway is killed again and again while they do. Afterwards every acknowledged message must
// be there once, every run must be over, and no key may have run twice. kill -9 ends a process and not the machine: this
// is about what a process holds in memory, not about what a disk holds in its cache.
//   node test/chaos/kill-loop.ts --sends 1000 --clients 10 --kills 20 [--seed 1]

import { setTimeout as pause } from 'node:timers/promises'
import { checkDatabase } from './database-check.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { readNumbers } from './numbers.ts'
import { createRandom, type Random } from './random.ts'
import { compose, join, runSender } from './sender.ts'
import { createVictim, type Victim } from './victim.ts'
import { checkOpen, checkWire } from './wire-check.ts'

export interface KillLoop {
  readonly sends: number
  readonly clients: number
  readonly kills: number
  readonly seed: number
}

export interface Summary extends KillLoop {
  readonly acknowledged: number
  /** Sent again because the connection was lost before the acknowledgement. */
  readonly retries: number
  readonly putOff: number
  /** Sent again although acknowledged. */
  readonly repeats: number
  /** Kills that hit the gateway while it started. */
  readonly killsAtStart: number
  readonly sessions: number
  readonly messages: number
  /** Messages that became part of another run. */
  readonly joined: number
  readonly runs: Readonly<Record<string, number>>
  readonly begunAgain: number
  /** Runs of which some client saw words. */
  readonly seen: number
  readonly seconds: number
  readonly violations: readonly string[]
}

/** Kills come up to this long after the acknowledgement that brings them on. */
const DELAY_MS = 40
/** The share of kills that are followed by another one while the gateway starts, and how long after its beginning. */
const STUMBLES = 0.25
const STUMBLE_MS = 400

/** Sessions of one client each, and some that all of them share. */
const OWN_SESSIONS = 2
const SHARED_SESSIONS = 3

/** A gateway that hangs must not hang the loop. */
const LIMIT_MS = 5 * 60_000

export async function killLoop(options: KillLoop): Promise<Summary> {
  const victim = createVictim()
  const late = new AbortController()
  try {
    const limit = pause(LIMIT_MS, undefined, { signal: late.signal }).then(() => {
      throw new Error(`not done after ${LIMIT_MS / 1000} s`)
    })
    return await Promise.race([play(victim, options), limit])
  } finally {
    late.abort()
    await victim.remove()
  }
}

async function play(victim: Victim, options: KillLoop): Promise<Summary> {
  const begun = performance.now()
  const ledger = createLedger()
  await victim.start()
  const sessions = await suffer(victim, ledger, options)
  const { client, life } = await join(victim)
  const wire = await checkWire(client, sessions.all, ledger)
  const random = createRandom(options.seed ^ 0x5eed)
  const last = sessions.all.map((sessionKey, index) => compose(options.clients + index, 1, sessionKey, random))
  const open = await checkOpen(client, last, ledger)
  ledger.hear(client, life)
  const code = await victim.stop()
  const ended = code === 0 ? [] : [`the gateway ended with the code ${code}`]
  const found = checkDatabase(victim.stateDir, ledger)
  return {
    ...options,
    acknowledged: ledger.acknowledged - last.length,
    retries: ledger.retries,
    putOff: ledger.putOff,
    repeats: ledger.repeats,
    killsAtStart: sessions.killsAtStart,
    sessions: sessions.all.length,
    messages: found.messages,
    joined: ledger.joined.size,
    runs: found.runs,
    begunAgain: found.begunAgain,
    seen: [...ledger.told.values()].filter((told) => told.seenIn.size > 0).length,
    seconds: Math.round((performance.now() - begun) / 100) / 10,
    violations: [...ledger.violations, ...wire, ...open, ...ended, ...found.wrong],
  }
}

/** All clients send all that they have, while the gateway is killed. */
async function suffer(victim: Victim, ledger: Ledger, { sends, clients, kills, seed }: KillLoop) {
  const sessionKey = (name: string) => `agent:main:${name}`
  const shared = Array.from({ length: SHARED_SESSIONS }, (_, n) => sessionKey(`shared-${n}`))
  const own = Array.from({ length: clients }, (_, index) =>
    Array.from({ length: OWN_SESSIONS }, (__, n) => sessionKey(`own-${index}-${n}`)),
  )
  const senders = own.map((keys, index) => {
    const count = Math.floor(sends / clients) + (index < sends % clients ? 1 : 0)
    return runSender({ index, count, sessions: [...keys, ...shared], victim, ledger, random: createRandom(seed + index + 1) })
  })
  const [killsAtStart] = await Promise.all([killAgain(victim, ledger, sends, kills, createRandom(seed)), ...senders])
  const used = new Set([...ledger.sent.values()].map((sent) => sent.sessionKey))
  return { all: [...used], killsAtStart }
}

/** Spreads the kills over the sends, each at a random moment of its part. Resolves with how many hit a start. */
async function killAgain(victim: Victim, ledger: Ledger, sends: number, kills: number, random: Random): Promise<number> {
  let atStart = 0
  for (let n = 0; n < kills; n++) {
    await ledger.reached(Math.floor((sends * (n + random.next())) / kills))
    await pause(random.next() * DELAY_MS)
    await victim.kill()
    for (; n + 1 < kills && random.chance(STUMBLES); n++) {
      await victim.stumble(random.next() * STUMBLE_MS)
      atStart++
    }
    await victim.start()
  }
  return atStart
}

async function main(): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  const options = readNumbers({ sends: 1000, clients: 10, kills: 20, seed: Date.now() % 1_000_000 })
  process.stderr.write(`seed ${options.seed}\n`)
  const { violations, ...counts } = await killLoop(options)
  process.stdout.write(`${JSON.stringify({ ...counts, violations: violations.length })}\n`)
  for (const violation of violations) process.stderr.write(`${violation}\n`)
  process.exitCode = violations.length > 0 ? 1 : 0
}

if (import.meta.main) await main()
