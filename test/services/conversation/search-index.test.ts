// The index of what was said.

import { describe, expect, it } from 'vitest'
import { MIGRATIONS } from '../../../src/services/migrations.ts'
import { createSearchIndex, isThrowaway, searchMigration } from '../../../src/services/conversation/search-index.ts'
import { createTranscripts } from '../../../src/services/conversation/transcripts.ts'
import { migrate } from '../../../src/store/migrate.ts'
import { memorySql } from '../../harness/sql.ts'
import { createConversation, KEY } from './conversation.ts'

const said = (content: string) => ({ role: 'user' as const, content, timestamp: 0 })
const OTHER = 'agent:main:other'

async function open() {
  const conversation = await createConversation()
  const { sql, sessions, transcripts } = conversation
  sessions.ensure(KEY, 'operator')
  const index = createSearchIndex(sql, transcripts)
  const find = (...terms: string[]) => [...index.find(terms).places].map(({ sessionKey, seq }) => `${sessionKey} ${seq}`)
  return { ...conversation, index, find }
}

describe('the index', () => {
  it('has what users and assistants say, and nothing else', async () => {
    const { sessions, find, sql } = await open()
    sessions.append(KEY, said('apples'))
    sessions.append(KEY, { role: 'toolResult', toolCallId: 'x', toolName: 'x', content: [{ type: 'text', text: 'apples' }], isError: false, timestamp: 0 })
    sessions.append(KEY, { role: 'system', content: [{ type: 'text', text: 'apples' }], timestamp: 0 })
    sessions.append(KEY, said('   '))
    expect(find('apples')).toEqual([`${KEY} 1`])
    expect(sql.get<{ n: number }>('SELECT count(*) AS n FROM search_places')!.n).toBe(1)
  })

  it('tells the best first, and of equal ones the latest', async () => {
    const { sessions, find } = await open()
    for (const text of ['pears and plums and much more that is said', 'pears', 'cherries', 'pears']) sessions.append(KEY, said(text))
    expect(find('pears')).toEqual([`${KEY} 4`, `${KEY} 2`, `${KEY} 1`])
    expect(find()).toEqual([])
  })

  it('keeps a text as long as some session has it', async () => {
    const { index, sessions, find, sql } = await open()
    sessions.append(KEY, said('shared'))
    const other = { ...sessions.get(KEY)!, key: OTHER }
    index.copy(sessions.get(KEY)!, other)
    expect(find('shared')).toEqual([`${KEY} 1`, `${OTHER} 1`])
    index.drop(KEY)
    expect(find('shared')).toEqual([`${OTHER} 1`])
    index.drop(OTHER)
    expect(find('shared')).toEqual([])
    expect(sql.all("SELECT rowid FROM search_text WHERE search_text MATCH 'shared'")).toEqual([])
  })

  it('goes on writing after it has dropped much', async () => {
    const { index, sessions, find } = await open()
    for (let n = 0; n < 300; n++) sessions.append(KEY, said(`word${n} again`))
    index.drop(KEY)
    for (let n = 0; n < 300; n++) sessions.append(KEY, said(`word${n} anew`))
    expect(find('anew')).toHaveLength(300)
    expect(find('again')).toEqual([])
  })

  it('leaves out what programs bring along with each request', () => {
    expect(isThrowaway('agent:main:openai:01a20ca9-bd40-7464-8c02-57033939cdc3')).toBe(true)
    expect(isThrowaway('agent:main:openai-user:somebody')).toBe(false)
    expect(isThrowaway('agent:main:openai:notes')).toBe(false)
  })
})

describe('what is older than the index', () => {
  it('is taken in step by step', async () => {
    const sql = memorySql()
    const before = MIGRATIONS.slice(0, MIGRATIONS.indexOf(searchMigration))
    migrate(sql, before)
    sql.run(
      `INSERT INTO sessions (key, agent_id, session_id, archived, created_at, updated_at, created_via, floor, messages, input_tokens, output_tokens, total_tokens, settings)
       VALUES (?, 'main', 'stream', 0, 0, 0, 'operator', 2, 702, 0, 0, 0, '{}')`,
      KEY,
    )
    const transcripts = createTranscripts(sql)
    for (let seq = 1; seq <= 702; seq++) transcripts.append('stream', seq, said(`old${seq} message`))
    const { index, sessions } = await (async () => {
      const conversation = await createConversation({ sql })
      return { ...conversation, index: createSearchIndex(sql, transcripts) }
    })()
    const count = () => [...index.find(['message']).places].length
    expect([index.isBehind, count()]).toEqual([true, 0])
    index.catchUp(sessions.get)
    expect([index.isBehind, count()]).toEqual([true, 500])
    index.catchUp(sessions.get)
    expect([index.isBehind, count()]).toEqual([false, 700])
    index.catchUp(sessions.get)
    expect([...index.find(['old1']).places]).toEqual([])
  })
})
