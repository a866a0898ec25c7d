// The services of automation on those of a conversation. Made twice on one database, they are a gateway that died and
// came back.

import { cronRunsMigration } from '../../../src/services/automation/cron-runs.ts'
import { cronSessionsMigration } from '../../../src/services/automation/cron-sessions.ts'
import { cronJobsMigration } from '../../../src/services/automation/cron-table.ts'
import { createAutomationServices } from '../../../src/services/automation/services.ts'
import { hooksMigration } from '../../../src/services/automation/hook-table.ts'
import { systemEventsMigration } from '../../../src/services/automation/system-events.ts'
import type { CronAdd } from '../../../src/protocol/cron-params.ts'
import type { ConversationServices } from '../../../src/services/conversation/services.ts'
import type { Ground } from '../../../src/services/ground.ts'
import type { IdentityServices } from '../../../src/services/identity/services.ts'
import type { Settings } from '../../../src/services/operations/settings-services.ts'
import { createUpkeep } from '../../../src/services/operations/upkeep.ts'
import { createVitals } from '../../../src/services/operations/vitals.ts'
import { createWakeups } from '../../../src/services/operations/wakeups.ts'
import { settled } from '../../harness/clock.ts'
import type { TestSql } from '../../harness/sql.ts'
import { createConversation, type ConversationOptions } from '../conversation/conversation.ts'

const TABLES = [systemEventsMigration, cronJobsMigration, cronRunsMigration, cronSessionsMigration, hooksMigration]

function makeTables(sql: TestSql) {
  if (sql.get("SELECT 1 FROM sqlite_master WHERE name = 'cron_jobs'")) return
  for (const { script } of TABLES) sql.exec(script)
}

export type Automation = Awaited<ReturnType<typeof createAutomation>>

export async function createAutomation(options: ConversationOptions & { hibernates?: boolean } = {}) {
  const c = await createConversation(options)
  makeTables(c.sql)
  const { clock, commit, gate, bus } = c
  const alarm = { at: null as number | null }
  const log = { debug() {}, info() {}, warn() {}, error: (message: string, fields?: unknown) => void errors.push([message, fields]), child: () => log }
  const errors: unknown[] = []
  const wakeups = createWakeups({ alarm: { set: (at) => void (alarm.at = at) }, clock, log })
  const upkeep = createUpkeep()
  const vitals = createVitals()
  const ground = { platform: { sql: c.sql, clock }, log, commit, gate, bus, wakeups, upkeep, vitals, place: 'test', hibernates: options.hibernates ?? false } as unknown as Ground
  const changes: ((change: { sections: ReadonlySet<string> }) => void)[] = []
  const config = { ...c.config, get current() { return c.config.current }, onChange: (listener: (typeof changes)[number]) => void changes.push(listener) } // prettier-ignore
  const deferred: (() => number)[] = []
  const restart = { deferFor: (_: string, __: unknown, count: () => number) => void deferred.push(count) }
  const make = (on: Ground) => createAutomationServices(on, { config, restart } as unknown as Settings, {} as IdentityServices, c as unknown as ConversationServices)
  const automation = make(ground)

  return {
    ...c,
    ...automation,
    wakeups,
    upkeep,
    vitals,
    errors,
    deferred,
    alarmAt: () => alarm.at,
    /** As a start does it: phase `services`, then `events`; the alarm rings when it is due. */
    async start() {
      automation.scheduler.begin()
      automation.heartbeat.begin()
      c.runs.recover()
      automation.hooks.begin()
      await ringIfDue()
    },
    ringIfDue,
    /** Lets time pass, and the alarm ring whenever it is due. */
    async pass(ms: number) {
      const until = clock.now() + ms
      for (let rings = 0; ; rings++) {
        const next = alarm.at
        if (next === null || next > until) break
        if (rings > 100_000) throw new Error('the alarm rings without an end')
        await clock.advance(Math.max(0, next - clock.now()))
        await ringIfDue()
      }
      await clock.advance(Math.max(0, until - clock.now()))
    },
    /** Another gateway on the same database, which looks for due jobs when it is told to. */
    twin() {
      const own = createWakeups({ alarm: { set: () => {} }, clock, log })
      make({ ...ground, wakeups: own })
      return {
        async look() {
          own.set('cron', clock.now())
          await own.ring()
        },
      }
    },
    changed: (...sections: string[]) => changes.forEach((listener) => listener({ sections: new Set(sections) })),
  }

  async function ringIfDue() {
    if (alarm.at === null || alarm.at > clock.now()) return
    alarm.at = null
    await wakeups.ring()
    await settled()
  }
}

/** A job that runs each minute and says `message`. */
export const jobOf = (more: Partial<CronAdd> = {}): CronAdd => ({
  name: 'a job',
  schedule: { kind: 'every', everyMs: 60_000 },
  sessionTarget: 'isolated',
  wakeMode: 'next-heartbeat',
  payload: { kind: 'agentTurn', message: 'script:[{"text":"done"}]' },
  delivery: { mode: 'none' },
  ...more,
})

/** As `jobOf`, for the main session. */
export const eventJobOf = (more: Partial<CronAdd> = {}): CronAdd => {
  const { delivery: _, ...job } = jobOf({ sessionTarget: 'main', payload: { kind: 'systemEvent', text: 'it is time' }, ...more })
  return job
}

interface SlotRow {
  readonly n: number
  readonly slot_at: number | null
  readonly last_slot_at: number | null
  readonly slots: number | null
  readonly status: string | null
  readonly run_id: string | null
}

/** What is written of the slots of a job, in order. */
export const rowsOf = (sql: Pick<TestSql, 'all'>, jobId: string): SlotRow[] =>
  sql.all<SlotRow>('SELECT n, slot_at, last_slot_at, slots, status, run_id FROM cron_runs WHERE job_id = ? ORDER BY n', jobId)
