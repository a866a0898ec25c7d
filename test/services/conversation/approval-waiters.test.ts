import { expect, it } from 'vitest'
import type { Approval } from '../../../src/services/conversation/approval-table.ts'
import { createApprovalWaiters } from '../../../src/services/conversation/approval-waiters.ts'

const NEVER = new AbortController().signal
const ended = (id: string) => ({ id, status: 'denied' }) as Approval

it('tells all who wait for an approval, once, and nobody else', async () => {
  const waiters = createApprovalWaiters()
  const [one, two] = [waiters.wait('a', NEVER), waiters.wait('a', NEVER)]
  let told = false
  void waiters.wait('b', NEVER).then(() => void (told = true))
  waiters.wake(ended('a'))
  expect(await Promise.all([one, two])).toEqual([ended('a'), ended('a')])
  waiters.wake(ended('a'))
  expect(told).toBe(false)
})

it('lets one go whose signal aborts, and has room again', async () => {
  const waiters = createApprovalWaiters()
  const leaving = new AbortController()
  const all = Array.from({ length: 5000 }, (_, n) => waiters.wait(`a${n % 10}`, leaving.signal))
  await expect(waiters.wait('a0', NEVER)).rejects.toThrow('too many callers wait')
  leaving.abort(new Error('gone'))
  for (const result of await Promise.allSettled(all)) expect(result).toMatchObject({ status: 'rejected', reason: { message: 'gone' } })
  const stays = waiters.wait('a0', NEVER)
  waiters.wake(ended('a0'))
  expect(await stays).toEqual(ended('a0'))
})
