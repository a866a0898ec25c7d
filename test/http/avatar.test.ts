// The pictures of agents.

import { expect, it } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { testPlatform, TOKEN } from '../harness/platform.ts'

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII='
const NONE = { avatarUrl: null, avatarSource: null, avatarStatus: null, avatarReason: null }

async function open(identity: object) {
  const gateway = createGateway(testPlatform(), { config: { agents: { defaults: { model: 'builtin/operator' }, list: [{ id: 'main', default: true, identity }] } } })
  await gateway.start()
  const ask = (path: string, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) =>
    gateway.fetch(new Request(`http://127.0.0.1:18789${path}`, { headers }), { remoteAddress: '127.0.0.1' })
  return { gateway, ask, meta: async () => (await ask('/avatar/main?meta=1')).json() as Promise<unknown> }
}

it.each([
  [{}, '>A<'],
  [{ name: 'Ada Lovelace' }, '>AL<'],
  [{ name: '<b> & co' }, '>&#60;&#38;<'],
  [{ name: 'émile', emoji: '🦀' }, '>É<'],
])('of %j are initials', async (identity, letters) => {
  const { ask, meta } = await open(identity)
  const response = await ask('/avatar/main')
  expect(response.headers.get('content-type')).toBe('image/svg+xml; charset=utf-8')
  expect(response.headers.get('content-security-policy')).toContain('sandbox')
  expect(await response.text()).toContain(letters)
  expect(await meta()).toEqual(NONE)
})

it('are what the configuration holds', async () => {
  const { ask, meta } = await open({ avatar: `data:image/png;base64,${PNG}` })
  const response = await ask('/avatar/main')
  expect(response.headers.get('content-type')).toBe('image/png')
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(Uint8Array.from(Buffer.from(PNG, 'base64')))
  expect(await meta()).toEqual({ avatarUrl: '/avatar/main', avatarSource: 'local', avatarStatus: 'local', avatarReason: null })
})

it('of somewhere else are only told', async () => {
  const { ask, meta } = await open({ avatar: 'https://a.com/me.png' })
  expect((await ask('/avatar/main')).headers.get('content-type')).toContain('svg')
  expect(await meta()).toMatchObject({ avatarUrl: 'https://a.com/me.png', avatarSource: 'remote' })
})

it.each(['../../etc/passwd.png', '/etc/me.png', 'missing.png', 'C:\\me.png'])('do not lie at %s', async (avatar) => {
  const { ask, meta } = await open({ avatar })
  expect((await ask('/avatar/main')).headers.get('content-type')).toContain('svg')
  expect(await meta()).toEqual({ ...NONE, avatarReason: 'missing' })
})

it('that could run something are not shown', async () => {
  for (const avatar of ['me.svg', 'data:image/svg+xml;base64,PHN2Zy8+', 'me.html']) expect(await (await open({ avatar })).meta()).toEqual(NONE)
})

it('are for those who may read, of agents that there are', async () => {
  const { ask } = await open({})
  expect((await ask('/avatar/main', {})).status).toBe(401)
  expect((await ask('/avatar/nobody')).status).toBe(404)
})
