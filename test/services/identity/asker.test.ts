// Who may change a device.

import { expect, it } from 'vitest'
import { expandScopes, type Principal, type Scope } from '../../../src/protocol/scopes.ts'
import { mayTouch } from '../../../src/services/identity/asker.ts'

const principal = (scopes: Scope[], deviceId?: string): Principal => ({ id: 'x', role: 'operator', scopes: expandScopes(scopes), ...(deviceId !== undefined && { deviceId }) })

it.each([
  ['the device itself', principal(['operator.pairing'], 'phone'), true],
  ['another device', principal(['operator.pairing', 'operator.write'], 'tablet'), false],
  ['another device that is an admin', principal(['operator.admin'], 'tablet'), true],
  ['who holds the secret of the gateway', principal(['operator.pairing']), true],
])('%s', (_, caller, may) => {
  expect(mayTouch(caller, 'phone')).toBe(may)
})
