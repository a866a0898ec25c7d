// What stands in the database afterwards, read without the gateway.

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { StoredMessage } from '../../src/protocol/shapes.ts'
import type { Ledger } from './ledger.ts'
import { isAnswer, judge, type Transcript } from './verdict.ts'

export interface Found {
  readonly wrong: readonly string[]
  /** Runs by the state in which they ended. */
  readonly runs: Readonly<Record<string, number>>
  /** Runs that a later process began again. */
  readonly begunAgain: number
  readonly messages: number
}

interface RunRow {
  readonly id: string
  readonly session_key: string
  readonly state: string
  readonly attempts: number
  readonly ended_at: number | null
  readonly result: string | null
}

export function checkDatabase(stateDir: string, ledger: Ledger): Found {
  const database = new DatabaseSync(join(stateDir, 'edgeclaw/state.sqlite'), { readOnly: true })
  try {
    return read(database, ledger)
  } finally {
    database.close()
  }
}

function read(database: DatabaseSync, ledger: Ledger): Found {
  const all = <Row>(query: string, ...values: string[]) => database.prepare(query).all(...values) as Row[]
  const wrong: string[] = []
  const say = (text: string) => void wrong.push(`database: ${text}`)

  for (const { integrity_check: said } of all<{ integrity_check: string }>('PRAGMA integrity_check')) {
    if (said !== 'ok') say(said)
  }
  const transcripts: Transcript[] = []
  for (const session of all<{ key: string; session_id: string; messages: number }>('SELECT key, session_id, messages FROM sessions')) {
    const rows = all<{ seq: number; data: string }>('SELECT seq, data FROM log_transcript WHERE stream = ? ORDER BY seq', session.session_id)
    if (rows.length !== session.messages) say(`${session.key} counts ${session.messages} messages and has ${rows.length}`)
    transcripts.push({ sessionKey: session.key, messages: rows.map((row) => JSON.parse(row.data) as StoredMessage) })
  }
  wrong.push(...judge('database', transcripts, ledger))

  const messages = transcripts.flatMap((transcript) => transcript.messages)
  const [{ n: stored }] = all<{ n: number }>('SELECT count(*) AS n FROM log_transcript') as [{ n: number }]
  if (stored !== messages.length) say(`${stored - messages.length} messages belong to no session`)
  const [{ n: left }] = all<{ n: number }>('SELECT count(*) AS n FROM run_output') as [{ n: number }]
  if (left > 0) say(`${left} pieces of output are left of runs that have ended`)

  const runs = all<RunRow>('SELECT id, session_key, state, attempts, ended_at, result FROM runs')
  wrong.push(...judgeRuns(runs, messages, ledger))
  const states: Record<string, number> = {}
  for (const { state } of runs) states[state] = (states[state] ?? 0) + 1
  return { wrong, runs: states, begunAgain: runs.filter((run) => run.attempts > 1).length, messages: messages.length }
}

/** The record of each run fits what was acknowledged, what stands in the transcript, and what clients were told. */
function judgeRuns(runs: readonly RunRow[], messages: readonly StoredMessage[], ledger: Ledger): string[] {
  const wrong: string[] = []
  const answered = new Set(messages.filter(isAnswer).map((message) => message.__openclaw.runId))
  const recorded = new Map(runs.map((run) => [run.id, run]))
  for (const sent of ledger.sent.values()) {
    const say = (text: string) => void wrong.push(`database: ${sent.key} ${text}`)
    const run = recorded.get(sent.key)
    if (!run) {
      if (sent.acknowledged) say('was acknowledged, and there is no record of it')
      continue
    }
    if (run.ended_at === null) say(`has not ended: it is ${run.state}`)
    if (run.session_key !== sent.sessionKey) say(`ran in ${run.session_key}`)
    const answers = run.state === 'ok' && !ledger.joined.has(sent.key)
    if (answers !== answered.has(sent.key)) say(`is recorded as ${run.state}, and ${answered.has(sent.key) ? 'has an' : 'has no'} answer`)
    const { seenIn, endedIn, answers: told } = ledger.told.get(sent.key) ?? { seenIn: new Set(), endedIn: new Set(), answers: new Set() }
    if (seenIn.size > 1) say(`was seen to speak in ${seenIn.size} lives of the gateway`)
    if (endedIn.size > 1) say(`was told to be over in ${endedIn.size} lives of the gateway`)
    if (endedIn.size > 0 && run.ended_at === null) say('was told to be over, and is not')
    const kept = run.result === null ? null : (JSON.parse(run.result) as { text: string }).text
    for (const answer of told) if (answer !== kept) say(`was told to answer "${answer}", and kept is "${kept}"`)
  }
  for (const { id } of runs) if (!ledger.sent.has(id)) wrong.push(`database: nobody sent the run ${id}`)
  return wrong
}
