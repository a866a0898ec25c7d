// Connections by the shared secret, when it is another.

import { expect, it } from 'vitest'
import { createConnections } from '../../../src/services/identity/connections.ts'
import { closeOnNewSecret } from '../../../src/services/identity/secret-sockets.ts'
import { fakeFile, startConfiguration } from '../operations/configuration.ts'

const FACTS = { address: '127.0.0.1', direct: true, host: null, origin: null }
const CLIENT = { id: 'cli', version: '1', platform: 'x', mode: 'cli' } as const

it('are let go a moment later; paired devices, strangers and those who come with the new one stay', async () => {
  const { clock, runtime, write } = await startConfiguration({ env: { OPENCLAW_GATEWAY_TOKEN: '' }, file: fakeFile('{ gateway: { auth: { token: "old" } } }') })
  const connections = createConnections()
  const closed: unknown[] = []
  connections.onDisconnect((...args) => void closed.push(args))
  closeOnNewSecret({ runtime, connections, clock })
  const open = (id: string, principalId: string | null) => {
    const connection = connections.open(id, FACTS, 'n', 0, () => {})
    if (principalId !== null) connection.establish({ dialect: 'typed', protocol: 4, client: CLIENT, principalId, role: 'operator', scopes: [], caps: [] })
  }
  open('shared', 'operator')
  open('device', 'device:1')
  open('stranger', null)
  await write('{ gateway: { auth: { token: "old" } }, session: {} }')
  await clock.advance(1000)
  expect(closed).toEqual([])
  await write('{ gateway: { auth: { token: "new" } } }')
  open('later', 'operator')
  expect(closed).toEqual([])
  await clock.advance(250)
  expect(closed).toEqual([['shared', 4001, 'the shared secret has changed']])
})
