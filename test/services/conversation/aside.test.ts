// Answers that say that there is nothing to say.

import { expect, it } from 'vitest'
import { isShown, saysNothing } from '../../../src/services/conversation/aside.ts'

it.each(['', '  \n', 'HEARTBEAT_OK', 'HEARTBEAT_OK.', '**HEARTBEAT_OK**', '`NO_REPLY`', '<b>HEARTBEAT_OK</b>', 'All is well. HEARTBEAT_OK', 'HEARTBEAT_OK all is well', 'NO_REPLY'])(
  '%j says nothing',
  (answer) => expect(saysNothing(answer, 300)).toBe(true),
)

it.each(['The disk is full.', 'I would say HEARTBEAT_OK but the disk is full.', `HEARTBEAT_OK ${'x'.repeat(301)}`, 'heartbeat_ok'])('%j says something', (answer) =>
  expect(saysNothing(answer, 300)).toBe(false),
)

it('allows as much beside the mark as it is told', () => {
  expect([saysNothing('HEARTBEAT_OK x', 0), saysNothing('HEARTBEAT_OK', 0), saysNothing('HEARTBEAT_OK 12345', 5)]).toEqual([false, true, true])
})

it('shows what is to be shown', () => {
  const aside = { text: '', ackMaxChars: 300, showOk: false, showAlerts: true }
  expect([isShown(aside, 'HEARTBEAT_OK'), isShown(aside, 'fire!')]).toEqual([false, true])
  expect([isShown({ ...aside, showOk: true }, 'HEARTBEAT_OK'), isShown({ ...aside, showOk: true }, '')]).toEqual([true, false])
  expect(isShown({ ...aside, showAlerts: false }, 'fire!')).toBe(false)
})
