// Log records: one line each, with level, scope and time, and nothing in them that a terminal would act on.

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { clean, createLogger, LOG_LEVELS, messageOf, sampled, type LogRecord } from '../../src/kit/log.ts'

it('makes a record of every level, with the time of the clock', () => {
  const records: LogRecord[] = []
  let now = 5
  const log = createLogger('gateway', (record) => records.push(record), () => now++)
  for (const level of LOG_LEVELS) log[level](`a ${level}`, level === 'error' ? { id: 7 } : undefined)
  expect(records).toEqual([
    { at: 5, level: 'debug', scope: 'gateway', message: 'a debug' },
    { at: 6, level: 'info', scope: 'gateway', message: 'a info' },
    { at: 7, level: 'warn', scope: 'gateway', message: 'a warn' },
    { at: 8, level: 'error', scope: 'gateway', message: 'a error', fields: { id: 7 } },
  ])
})

it('names children by their path', () => {
  const scopes: string[] = []
  const log = createLogger('gateway', (record) => scopes.push(record.scope), () => 0)
  log.child('socket').child('fanout').info('x')
  log.info('x')
  expect(scopes).toEqual(['gateway/socket/fanout', 'gateway'])
})

it('makes one line of any text, without a control character', () => {
  const anything = fc.array(fc.oneof(fc.nat(0x9f), fc.constantFrom(0x2028, 0x2029, 0x1b), fc.nat(0xffff))).map((units) => String.fromCharCode(...units))
  fc.assert(
    fc.property(anything, (text) => {
      // eslint-disable-next-line no-control-regex
      expect(clean(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
      expect(clean(text).length).toBe(text.length)
    }),
    { numRuns: 500 },
  )
  expect(clean('a\r\n\u001b[31mred')).toBe('a   [31mred')
})

it('cuts a message that is too long', () => {
  expect(clean('x'.repeat(2000)).length).toBe(2000)
  expect(clean('x'.repeat(2001))).toBe(`${'x'.repeat(2000)}…`)
})

it('cleans what a logger is given', () => {
  const messages: string[] = []
  createLogger('gateway', (record) => messages.push(record.message), () => 0).warn('two\nlines')
  expect(messages).toEqual(['two lines'])
})

it('finds the message of whatever was thrown', () => {
  expect([messageOf(new TypeError('broken')), messageOf('text'), messageOf(null), messageOf({})]).toEqual(['broken', 'text', 'null', '[object Object]'])
})

it('says of one thing so often in a minute, and then how often it was silent', () => {
  let now = 0
  const said: unknown[] = []
  const say = sampled((fields) => void said.push(fields), () => now)
  for (let n = 0; n < 1000; n++) say({ n })
  expect(said).toHaveLength(300)
  now = 59_999
  say({ n: 'unsaid' })
  expect(said).toHaveLength(300)
  now = 60_000
  say({ n: 'later' })
  say({ n: 'next' })
  expect(said.slice(300)).toEqual([{ n: 'later', unsaid: 701 }, { n: 'next' }])
})
