// The ring of log lines: levels, cursors that go on growing, and what is said of what was left out.

import { describe, expect, it } from 'vitest'
import type { LogLevel, LogRecord } from '../../../src/kit/log.ts'
import { createLogs, type TailRequest } from '../../../src/services/operations/logs.ts'

const record = (message: string, changes: Partial<LogRecord> = {}): LogRecord => ({ at: 0, level: 'info', scope: 'test', message, ...changes })

function create() {
  const written: LogRecord[] = []
  const logs = createLogs((each) => void written.push(each))
  const add = (...messages: string[]) => messages.forEach((message) => logs.add(record(message)))
  const tail = (request: Partial<TailRequest> = {}) => {
    const { lines, ...rest } = logs.tail({ limit: 100, maxBytes: 1_000_000, ...request })
    return { ...rest, lines, messages: lines.map((line) => (JSON.parse(line) as { message: string }).message) }
  }
  return { logs, add, tail, written }
}

/** The bytes that a record takes, with the end of its line. */
const bytesOf = (message: string) => Buffer.byteLength(JSON.stringify({ time: new Date(0).toISOString(), level: 'info', subsystem: 'test', message })) + 1

describe('a record', () => {
  it('goes to the runtime as it is, and into the ring as one line of JSON', () => {
    const { logs, tail, written } = create()
    const added = record('two\nlines', { at: 1000, level: 'warn', scope: 'gateway/socket', fields: { id: 5, nested: { a: 1 } } })
    logs.add(added)
    expect(written).toEqual([added])
    expect(tail().lines).toHaveLength(1)
    expect(tail().lines[0]).not.toContain('\n')
    expect(JSON.parse(tail().lines[0]!)).toEqual({
      time: '1970-01-01T00:00:01.000Z',
      level: 'warn',
      subsystem: 'gateway/socket',
      message: 'two\nlines',
      id: 5,
      nested: { a: 1 },
    })
  })

  it('stays one line of JSON when it is long, and takes little room', () => {
    const { logs } = create()
    logs.add(record('a failure', { fields: { stack: 'at somewhere\n'.repeat(2000) } }))
    logs.add(record('a failure', { fields: { error: '🦀'.repeat(5000) } }))
    const { lines } = logs.tail({ limit: 10, maxBytes: 1_000_000 })
    for (const line of lines) {
      expect(line.length).toBeLessThanOrEqual(4000)
      expect(JSON.parse(line)).toMatchObject({ level: 'info', message: 'a failure' })
    }
  })

  it('is kept without its fields when there are too many, and with the beginning of a message that is too long itself', () => {
    const { logs, tail } = create()
    logs.add(record('a failure', { fields: Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`field ${n}`, n])) }))
    logs.add(record('\ud800'.repeat(5000)))
    logs.add(record('m'.repeat(5000), { fields: { id: 5 } }))
    const { lines } = tail()
    expect(lines.map((line) => line.length <= 4000)).toEqual([true, true, true])
    expect(JSON.parse(lines[0]!)).toEqual({ time: new Date(0).toISOString(), level: 'info', subsystem: 'test', message: 'a failure' })
    expect(JSON.parse(lines[2]!)).toMatchObject({ id: 5, message: `${'m'.repeat(1000)}…` })
  })

  it('keeps its time, level and place, whatever its fields are called', () => {
    const { logs, tail } = create()
    logs.add(record('a failure', { level: 'error', fields: { level: 'debug', time: 'never', message: 'other' } }))
    expect(JSON.parse(tail().lines[0]!)).toMatchObject({ level: 'error', time: new Date(0).toISOString(), message: 'a failure' })
  })
})

describe('levels', () => {
  const heard = (level: Parameters<ReturnType<typeof createLogs>['setLevel']>[0] | null): LogLevel[] => {
    const { logs, written } = create()
    if (level !== null) logs.setLevel(level)
    for (const each of ['debug', 'info', 'warn', 'error'] as const) logs.add(record(each, { level: each }))
    expect(logs.tail({ limit: 10, maxBytes: 10_000 }).lines).toHaveLength(written.length)
    return written.map((each) => each.level)
  }

  it.each([
    [null, ['info', 'warn', 'error']],
    ['trace', ['debug', 'info', 'warn', 'error']],
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
    ['fatal', ['error']],
    ['silent', ['error']],
  ] as const)('%s lets through %j', (level, expected) => {
    expect(heard(level)).toEqual(expected)
  })
})

describe('the tail', () => {
  it('of nothing is nothing', () => {
    const { tail } = create()
    expect(tail()).toEqual({ cursor: 0, size: 0, lines: [], messages: [], truncated: false, reset: false })
  })

  it('is everything, and a cursor from which to go on', () => {
    const { add, tail } = create()
    add('one', 'two')
    const first = tail()
    expect(first).toMatchObject({ messages: ['one', 'two'], truncated: false, reset: false, cursor: bytesOf('one') + bytesOf('two') })
    expect(tail({ cursor: first.cursor })).toMatchObject({ messages: [], cursor: first.cursor, truncated: false, reset: false })
    add('three')
    expect(tail({ cursor: first.cursor })).toMatchObject({ messages: ['three'], truncated: false })
  })

  it('counts bytes, not characters', () => {
    const { add, tail } = create()
    add('größer 🦀')
    expect(tail().cursor).toBe(bytesOf('größer 🦀'))
  })

  it('is the last lines when there are more than asked for, and says so', () => {
    const { add, tail } = create()
    add('one', 'two', 'three')
    expect(tail({ limit: 2 })).toMatchObject({ messages: ['two', 'three'], truncated: true, reset: false })
    expect(tail({ limit: 3 })).toMatchObject({ truncated: false })
    expect(tail({ limit: 1, cursor: bytesOf('one') })).toMatchObject({ messages: ['three'], truncated: true })
  })

  it('is the last bytes when there are more than asked for, and says so', () => {
    const { add, tail } = create()
    add('one', 'two', 'three')
    const two = bytesOf('two') + bytesOf('three')
    expect(tail({ maxBytes: two })).toMatchObject({ messages: ['two', 'three'], truncated: true })
    expect(tail({ maxBytes: two - 1 })).toMatchObject({ messages: ['three'], truncated: true })
    expect(tail({ maxBytes: two + bytesOf('one') })).toMatchObject({ truncated: false })
  })

  it('says that lines were left out even when none fits', () => {
    const { add, tail } = create()
    add('one', 'two')
    expect(tail({ maxBytes: 10 })).toMatchObject({ messages: [], truncated: true })
  })

  it('begins anew at a cursor of another log', () => {
    const { add, tail } = create()
    add('one', 'two')
    const { cursor } = tail()
    expect(tail({ cursor: cursor + 1 })).toMatchObject({ messages: ['one', 'two'], reset: true, truncated: false })
  })

  it('of a cursor within a line goes on with the next, and says that something is missing', () => {
    const { add, tail } = create()
    add('one', 'two')
    expect(tail({ cursor: 5 })).toMatchObject({ messages: ['two'], truncated: true, reset: false })
  })

  it('remembers two thousand lines, and says what it has forgotten', () => {
    const { add, tail } = create()
    add('one')
    const { cursor } = tail()
    for (let n = 0; n < 2001; n++) add(`line ${n}`)
    const all = tail({ limit: 5000, maxBytes: 10_000_000 })
    expect(all.lines).toHaveLength(2000)
    expect(all.messages[0]).toBe('line 1')
    expect(all).toMatchObject({ truncated: true, reset: false })
    expect(tail({ limit: 5000, cursor })).toMatchObject({ truncated: true, reset: false })
    expect(tail({ limit: 5000, cursor: all.cursor - bytesOf('line 2000') })).toMatchObject({ messages: ['line 2000'], truncated: false })
  })
})
