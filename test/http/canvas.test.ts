// What agents show, over HTTP. The addresses are made by canvas.open: see test/services/fleet/canvas.test.ts.

import { expect, it } from 'vitest'
import { createWorkspaceStorage } from '../../src/services/conversation/workspace-storage.ts'
import { CANVAS_PATH } from '../../src/services/fleet/canvas.ts'
import { dial } from '../harness/peer.ts'
import { handshake } from '../harness/client.ts'
import { testPlatform, TOKEN } from '../harness/platform.ts'
import { openDoor } from './door.ts'

it('is shown to whoever has the address, apart from everything else', async () => {
  const platform = testPlatform()
  const { ask, gateway } = await openDoor({ platform })
  const { client } = await dial(gateway)
  await handshake(client, { token: TOKEN })
  const { path } = await client.call('canvas.open', {})
  const anybody = { headers: { authorization: null } }
  expect((await ask(path, anybody)).status, 'nothing is shown yet').toBe(404)
  await createWorkspaceStorage(platform.files, 'main', platform.clock).write('canvas/index.html', new TextEncoder().encode('<script>1</script>'))
  const shown = await ask(path, anybody)
  expect([shown.status, await shown.text(), shown.headers.get('content-type')]).toEqual([200, '<script>1</script>', 'text/html; charset=utf-8'])
  expect(shown.headers.get('content-security-policy')).toMatch(/^sandbox allow-scripts/)
  expect(shown.headers.get('content-security-policy')).not.toContain('allow-same-origin')
  expect((await ask(`${CANVAS_PATH}/wrong/`, anybody)).status).toBe(404)
  expect((await ask(path, { ...anybody, method: 'POST' })).status).toBe(405)
  expect((await client.request('canvas.open', { agentId: 'nobody' })).error!.message).toContain('unknown agent id')
})
