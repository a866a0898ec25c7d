// Which sockets are closed when the access of a device ends, and when.

import { expect, it } from 'vitest'
import { settled } from '../../harness/clock.ts'
import { holdDisk } from '../../harness/foundation.ts'
import { createIdentities } from './identities.ts'

it('closes those of the device and the role, at once', () => {
  const { sockets, connect, closed } = createIdentities()
  connect('a', 'phone')
  connect('b', 'phone', 'node')
  connect('c', 'tablet')
  sockets.close('phone', 'node', null)
  expect(closed).toEqual(['b 4001 device removed'])
  sockets.close('phone', null, 'nobody')
  expect(closed).toEqual(['b 4001 device removed', 'a 4001 device removed', 'b 4001 device removed'])
})

it('closes that of whoever asked behind its answer', async () => {
  const { sockets, connect, closed, gate, commit, sql } = createIdentities()
  connect('a', 'phone')
  connect('b', 'phone')
  const disk = holdDisk(sql)
  const order: string[] = []
  commit.tx(() => sql.run("INSERT INTO collections VALUES ('x', 'y', 1, '{}')"))
  sockets.close('phone', null, 'a')
  gate.pass(() => void order.push('the answer'))
  expect(closed).toEqual(['b 4001 device removed'])
  await settled()
  expect([order, closed.length]).toEqual([[], 1])
  await disk.release()
  expect(order).toEqual(['the answer'])
  expect(closed).toEqual(['b 4001 device removed', 'a 4001 device removed'])
})

it('does not close that of an asker who is somebody else', async () => {
  const { sockets, connect, closed } = createIdentities()
  connect('a', 'phone')
  connect('b', 'tablet')
  sockets.close('phone', null, 'b')
  await settled()
  expect(closed).toEqual(['a 4001 device removed'])
})
