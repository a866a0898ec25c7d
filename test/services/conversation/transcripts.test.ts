// The messages of sessions: numbered, and kept as the JSON that goes out.

import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { createTranscripts, transcriptsMigration } from '../../../src/services/conversation/transcripts.ts'
import { migrate } from '../../../src/store/migrate.ts'
import type { UserMessage } from '../../../src/protocol/shapes.ts'
import { memorySql } from '../../harness/sql.ts'

function make() {
  const sql = memorySql()
  migrate(sql, [transcriptsMigration])
  return createTranscripts(sql)
}
const user = (content: string): UserMessage => ({ role: 'user', content, timestamp: 7 })

it('keeps a message as the JSON that goes out, its mark included', () => {
  const transcripts = make()
  const appended = transcripts.append('s', 1, user('hello'), { id: 'm1', runId: 'r1', kind: 'note' })
  const stored = { role: 'user', content: 'hello', timestamp: 7, __openclaw: { id: 'm1', seq: 1, runId: 'r1', kind: 'note' } }
  expect(appended).toEqual({ id: 'm1', seq: 1, message: stored })
  expect(transcripts.page('s', { after: 0, upTo: 1, limit: 1 })).toMatchObject([{ seq: 1, id: 'm1', data: JSON.stringify(stored) }])
})

it('makes an id where none is given, and marks nothing that is not there', () => {
  const { id, message } = make().append('s', 1, user('x'))
  expect(id).toMatch(/^[0-9a-f-]{36}$/)
  expect(message.__openclaw).toEqual({ id, seq: 1 })
})

it('takes each number once, of each session', () => {
  const transcripts = make()
  transcripts.append('s', 1, user('one'))
  expect(() => transcripts.append('s', 1, user('another'))).toThrow()
  transcripts.append('other', 1, user('its own'))
  expect(transcripts.last('s')).toBe(1)
  expect(transcripts.last('nothing')).toBe(0)
})

it('reads the newest of a range, oldest first', () => {
  const transcripts = make()
  for (let n = 1; n <= 9; n++) transcripts.append('s', n, user(`m${n}`))
  const texts = (after: number, upTo: number, limit: number) => transcripts.messages('s', { after, upTo, limit }).map((message) => message.content)
  expect(texts(0, 9, 3)).toEqual(['m7', 'm8', 'm9'])
  expect(texts(2, 5, 10)).toEqual(['m3', 'm4', 'm5'])
  expect(texts(2, 5, 2)).toEqual(['m4', 'm5'])
  expect(texts(5, 5, 10)).toEqual([])
})

it('deletes one session and no other', () => {
  const transcripts = make()
  transcripts.append('s', 1, user('one'))
  transcripts.append('other', 1, user('two'))
  transcripts.delete('s')
  expect(transcripts.last('s')).toBe(0)
  expect(transcripts.last('other')).toBe(1)
})

it('gives every text back as it was', () => {
  const transcripts = make()
  let seq = 0
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      transcripts.append('s', ++seq, user(text))
      expect(transcripts.messages('s', { after: seq - 1, upTo: seq, limit: 1 })[0]!.content).toBe(text)
    }),
  )
})
