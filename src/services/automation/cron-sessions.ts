// The sessions of runs: each run of a job that works by itself has one of its own, which is put away when it has ended
// and forgotten later. What the runs said stands together in the session of the job.

import { splitSessionKey, toGatewayMessage } from '../../protocol/shapes.ts'
import type { Sql } from '../../ports/sql.ts'
import type { Migration } from '../../store/migrate.ts'
import type { Agents } from '../conversation/agents.ts'
import type { Runs } from '../conversation/runs.ts'
import type { Sessions } from '../conversation/sessions.ts'
import type { CronRecord } from './cron-job.ts'

/** Sessions of runs that have ended. */
export const cronSessionsMigration: Migration = {
  name: 'cron/sessions',
  script: `CREATE TABLE cron_sessions (
    key TEXT PRIMARY KEY, job_id TEXT NOT NULL, ended_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX cron_sessions_ended ON cron_sessions (ended_at);
  CREATE INDEX cron_sessions_job ON cron_sessions (job_id, ended_at)`,
}

export interface CronSessions {
  /** Where a run of the job takes place; made if it is not there. Throws when its agent is gone. */
  open(job: CronRecord, mark: string): { readonly sessionKey: string; readonly sessionId: string }
  /** The run has ended: `answer` goes to where people read it. */
  close(job: CronRecord, sessionKey: string, answer: string | null, at: number): void
  /** Forgets sessions of runs that ended before `before`. */
  prune(before: number): void
}

/** Sessions of ended runs that a job keeps. */
const KEPT_PER_JOB = 100
const PRUNE_STEP = 500
/** Answers that stand in the session of a job before it begins anew. */
const KEPT_ANSWERS = 200

export function createCronSessions(deps: { sql: Sql; agents: Agents; sessions: Sessions; runs: Runs }): CronSessions {
  const { sql, agents, sessions, runs } = deps

  const agentOf = (job: CronRecord) => job.definition.agentId ?? agents.defaultId()
  const ownKey = (job: CronRecord) => `agent:${agentOf(job)}:cron:${job.id}`
  const isOwn = (job: CronRecord, key: string) => key.includes(`:cron:${job.id}:run:`)
  const settingsOf = ({ definition }: CronRecord) => ({ displayName: `Automation: ${definition.displayName ?? definition.name}`.slice(0, 200) })

  function keyOf(job: CronRecord, mark: string): string {
    const { sessionTarget } = job.definition
    if (sessionTarget.startsWith('session:')) return agents.sessionKey(sessionTarget.slice('session:'.length), agentOf(job))
    return `${ownKey(job)}:run:${mark}`
  }

  function say(key: string, text: string, at: number) {
    sessions.append(key, toGatewayMessage(text, at))
  }

  function tell(job: CronRecord, key: string, answer: string, at: number) {
    const { sessionTarget, sessionKey } = job.definition
    const known = sessions.get(key)
    if (known && known.messages - known.floor >= KEPT_ANSWERS && runs.liveIn(key).length === 0) sessions.delete(key)
    sessions.create({ key, via: 'cron', settings: settingsOf(job) })
    say(key, answer, at)
    if (sessionTarget !== 'current' || sessionKey === undefined || job.definition.delivery?.mode !== 'announce') return
    const current = agents.sessionKey(sessionKey, agentOf(job))
    if (!agents.find(splitSessionKey(current)!.agentId)) return
    sessions.ensure(current, 'cron')
    say(current, answer, at)
  }

  /** One that a person has taken up is the person's. */
  function forget(key: string) {
    if (sessions.get(key)?.archived) sessions.delete(key)
    sql.run('DELETE FROM cron_sessions WHERE key = ?', key)
  }

  const keys = (query: string, ...values: (string | number)[]) => sql.all<{ key: string }>(query, ...values).map(({ key }) => key)

  return {
    open(job, mark) {
      const sessionKey = keyOf(job, mark)
      const { sessionId } = isOwn(job, sessionKey)
        ? sessions.create({ key: sessionKey, via: 'cron', parentKey: ownKey(job), settings: settingsOf(job) })
        : sessions.ensure(sessionKey, 'cron')
      return { sessionKey, sessionId }
    },
    close(job, sessionKey, answer, at) {
      if (!isOwn(job, sessionKey) || !agents.find(splitSessionKey(sessionKey)!.agentId)) return
      if (sessions.get(sessionKey)) sessions.patch(sessionKey, { archived: true })
      if (answer !== null) tell(job, sessionKey.slice(0, sessionKey.lastIndexOf(':run:')), answer, at)
      sql.run('INSERT OR REPLACE INTO cron_sessions (key, job_id, ended_at) VALUES (?, ?, ?)', sessionKey, job.id, at)
      for (const key of keys('SELECT key FROM cron_sessions WHERE job_id = ? ORDER BY ended_at DESC LIMIT 5 OFFSET ?', job.id, KEPT_PER_JOB)) forget(key)
    },
    prune(before) {
      for (const key of keys('SELECT key FROM cron_sessions WHERE ended_at < ? ORDER BY ended_at LIMIT ?', before, PRUNE_STEP)) forget(key)
    },
  }
}
