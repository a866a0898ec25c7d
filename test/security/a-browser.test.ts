// Pages of other origins, and what a browser is given. S1 waits for the Control UI, S5 for pages that show messages.

import { request } from 'node:http'
import { globSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { createAssets } from '../../runtimes/shared/static.ts'
import { ROUTES } from '../../src/http/routes.ts'
import { createWorkspaceStorage } from '../../src/services/conversation/workspace-storage.ts'
import { CANVAS_PATH } from '../../src/services/fleet/canvas.ts'
import { VERSION } from '../../src/version.ts'
import { connectParams, RpcError, type Client } from '../harness/client.ts'
import { connectDevice, createDevice } from '../harness/device.ts'
import { dial, join } from '../harness/peer.ts'
import { testPlatform, TOKEN } from '../harness/platform.ts'
import { serve, type Served } from '../harness/serve.ts'
import { connect, open } from '../harness/ws.ts'
import { openDoor } from '../http/door.ts'

const PUBLIC = new URL('../../public', import.meta.url).pathname
/** A path that each route is mounted at. */
const pathOf = (path: string): string => path.replace(/:\w+/g, 'main').replace('*', 'main')
const ANYBODY = { headers: { authorization: null } }

/** Pages that are neither this gateway's own nor one of this machine. `PORT` is that of the gateway. */
const FOREIGN = [
  'null', 'file://', 'file:///home/somebody/page.html', 'about:blank', 'data:text/html,x', 'blob:https://evil.example/1', 'javascript:alert(1)',
  'chrome-extension://abcdefghijklmnop', 'moz-extension://abc', 'capacitor://localhost', 'tauri://localhost', 'ftp://127.0.0.1:PORT', 'ws://127.0.0.1:PORT',
  'https://evil.example', 'http://evil.example:PORT', 'https://EVIL.example', 'http://localhost.evil.example:PORT', 'http://127.0.0.1.evil.example', 'http://127.0.0.1.nip.io:PORT',
  'http://evil-localhost', 'http://localhost@evil.example', 'http://evil.example/127.0.0.1', 'http://evil.example#@localhost', 'http://evil.example?localhost',
  'http://localhost.:PORT', 'http://xn--lcalhost-54a:PORT', 'http://0.0.0.0:PORT', 'http://[::]:PORT', 'http://192.168.1.5:PORT', 'http://10.0.0.1', 'http://[::ffff:8.8.8.8]:PORT',
  'http://host.docker.internal:PORT', 'https://evil.example, http://127.0.0.1:PORT', 'http://127.0.0.1:PORT http://evil.example', 'http://127.0.0.1:PORTX', 'http://',
] // prettier-ignore

describe('S2', () => {
  let served: Served
  beforeAll(async () => {
    served = await serve()
  })
  afterAll(() => served.close())
  const foreign = () => FOREIGN.map((origin) => origin.replace('PORT', new URL(served.url).port))

  it('S2 lets no page of another origin past its first frame, and tells it nothing of the secret', async () => {
    expect(new Set(foreign()).size).toBeGreaterThan(30)
    const device = await createDevice()
    for (const origin of foreign()) {
      const says: unknown[] = []
      for (const token of [TOKEN, 'wrong']) {
        const client = await open(served.url, { headers: { origin } })
        const { error } = await connectDevice(client, device, { auth: { token } })
        expect(error?.details, origin).toEqual({ code: 'CONTROL_UI_ORIGIN_NOT_ALLOWED', reason: 'origin missing or invalid' })
        expect((await client.closed).code, origin).toBe(1008)
        says.push(client.frames.map(({ event, ok }) => event ?? ok), error)
      }
      expect(says.slice(0, 2), origin).toEqual(says.slice(2))
      expect(says[0]).toEqual(['connect.challenge', false])
    }
    const { client } = await connect(served.url, { token: TOKEN })
    expect(await client.call('device.pair.list')).toEqual({ pending: [], paired: [] })
    client.close()
  })

  it('S2 refuses them at /v1 and at the upgrade to it with 403, with the right secret', async () => {
    for (const origin of foreign()) {
      const headers = { origin, authorization: `Bearer ${TOKEN}` }
      expect((await fetch(`${served.url}/v1/models`, { headers })).status, origin).toBe(403)
      await expect(open(served.url, { headers, path: '/v1/responses' }), origin).rejects.toThrow('403')
    }
  })

  it('S2 pairs no device in silence that asks from a page, allowed or not', async () => {
    const { gateway } = await openDoor({ config: { gateway: { controlUi: { allowedOrigins: ['https://app.example'] }, nodes: { pairing: { autoApproveCidrs: ['0.0.0.0/0', '::/0'] } } } } })
    const host = '127.0.0.1:18789'
    const origins = ['http://127.0.0.1:18789', 'http://localhost:5173', 'http://[::1]:18789', 'https://app.example', 'https://evil.example', 'null']
    let outcomes = 0
    for (const origin of origins) {
      for (const address of ['127.0.0.1', '::1', '192.168.1.5']) {
        for (const role of ['operator', 'node'] as const) {
          const { client } = await dial(gateway, { headers: { host, origin }, address })
          await connectDevice(client, await createDevice(), { role, scopes: role === 'node' ? [] : ['operator.admin'], auth: { token: TOKEN } })
          outcomes++
        }
      }
    }
    const { client } = await join(gateway)
    const { paired, pending } = await client.call('device.pair.list')
    expect(paired).toEqual([])
    expect(pending.length).toBeGreaterThan(0)
    expect(outcomes).toBe(36)
    const { client: node } = await dial(gateway)
    expect((await connectDevice(node, await createDevice(), { role: 'node', scopes: [], auth: { token: TOKEN } })).ok, 'the same without an origin is paired').toBe(true)
  })
})

describe('S3', () => {
  const HOSTS = ['attacker.com', 'attacker.com:18789', 'ATTACKER.COM', 'attacker.com.', '127.0.0.1.attacker.com', 'localhost.attacker.com:18789', '127.0.0.1.nip.io', 'a.b.c.rebind.network', 'user@attacker.com', 'attacker.com/127.0.0.1', 'not a host', '']
  const LOOPBACKS = ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']

  it('S3 refuses a rebound name on every route, before anything else, with the right secret', async () => {
    const { ask } = await openDoor({ platform: testPlatform({ assets: createAssets(PUBLIC) }) })
    const paths = [...ROUTES.map(({ verb, path }) => ({ method: verb, path: pathOf(path) })), { method: 'GET', path: '/' }, { method: 'GET', path: '/control-ui/' }, { method: 'OPTIONS', path: '/v1/models' }]
    let asked = 0
    for (const { method, path } of paths) {
      for (const host of HOSTS) {
        const address = LOOPBACKS[asked++ % LOOPBACKS.length]!
        const response = await ask(path, { method, headers: { host, origin: `http://${host}` }, address })
        expect([response.status, ((await response.json()) as { error: { details: object } }).error.details], `${method} ${path} at ${host}`).toEqual([403, { code: 'HOST_NOT_ALLOWED' }])
      }
    }
    expect(asked).toBeGreaterThan(300)
  })

  it('S3 refuses it at every upgrade', async () => {
    const { gateway } = await openDoor()
    for (const path of ['/', '/v1/responses', '/anything']) {
      for (const host of HOSTS) await expect(dial(gateway, { path, headers: { host, authorization: `Bearer ${TOKEN}` } }), `${path} at ${host}`).rejects.toThrow('refused with 403')
    }
  })

  it('S3 refuses it over a real socket', async () => {
    const served = await serve()
    try {
      await expect(open(served.url, { headers: { host: 'attacker.com' } })).rejects.toThrow('403')
      const status = await new Promise((resolve) => request(`${served.url}/health`, { headers: { host: 'attacker.com' } }, (response) => resolve(response.resume().statusCode)).end())
      expect(status).toBe(403)
      expect((await fetch(`${served.url}/health`)).status).toBe(200)
    } finally {
      await served.close()
    }
  })

  it('S3 knows the names of this machine, of the configuration, and those that a proxy forwards; and no setting that ends the check', async () => {
    const dangerous = { dangerouslyAllowHostHeaderOriginFallback: true, dangerouslyDisableHostCheck: true }
    const { ask } = await openDoor({ config: { gateway: { publicOrigin: 'https://gate.example', controlUi: { allowedOrigins: ['https://app.example:8443'], ...dangerous }, ...dangerous } } })
    const status = async (host: string, headers: Record<string, string> = {}, address: string | null = '127.0.0.1') => (await ask('/v1/models', { headers: { host, ...headers }, address })).status
    for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:18789', '[::1]:18789', 'mybox', 'mybox:18789', 'mybox.local', 'host.docker.internal:18789', '192.168.1.5:18789', 'gate.example', 'gate.example:18789', 'app.example']) {
      expect(await status(host), host).toBe(200)
    }
    expect(await status('other.example', { 'x-forwarded-for': '8.8.8.8' })).toBe(200)
    expect(await status('other.example', {}, '192.168.1.9')).toBe(200)
    expect(await status('other.example', {}, null)).toBe(200)
    expect(await status('attacker.com')).toBe(403)
    expect(await status('gate.example.attacker.com')).toBe(403)
  })
})

/** Text that would run where somebody shows it as it is. */
const scripts = fc.tuple(
  fc.constantFrom('', '"', "'", '`', '-->', ']]>', '</title>', '</script>', '</textarea>', '</text></svg>', '\\u003c/script>'),
  fc.constantFrom('<img src=x onerror=alert(1)>', '<script>alert(1)</script>', '<svg onload=alert(1)>', '<a href="javascript:alert(1)">x</a>', '<iframe srcdoc="<script>alert(1)</script>">', '<body onload=alert(1)>'),
  fc.constantFrom('', '<!--', '&lt;', '\u0000'),
).map((parts) => parts.join('')) // prettier-ignore

it('S4 puts no text that anybody chose into a page: what echoes it is data, and pages run nothing but files', async () => {
  const files = new Map(globSync('**/*', { cwd: PUBLIC }).filter((name) => name.endsWith('.html')).map((name) => [name, readFileSync(`${PUBLIC}/${name}`, 'utf8')]))
  expect(files.size).toBeGreaterThan(1)
  for (const [name, html] of files) {
    expect(html, name).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+\s*=|javascript:|<style|\sstyle=/i)
    expect(html, name).toMatch(/^<!doctype html>/)
  }
  await fc.assert(
    fc.asyncProperty(scripts, async (script) => {
      const identity = { name: script, avatar: script, emoji: script, theme: script }
      const { ask, gateway } = await openDoor({
        platform: testPlatform({ assets: createAssets(PUBLIC) }),
        config: { agents: { list: [{ id: 'main', name: script, identity }], defaults: { model: 'builtin/operator' } } },
      })
      const inPath = encodeURIComponent(script.replaceAll('\0', ''))
      const paths = [...ROUTES.filter(({ verb }) => verb === 'GET').map(({ path }) => path), '/', '/control-ui/', '/reference/', '/nothing/*', '/avatar/main?meta=1', '/control-ui/chat/*']
      for (const path of paths.flatMap((each) => [pathOf(each), each.replace(/:\w+|\*/g, inPath), `${pathOf(each)}${each.includes('?') ? '&' : '?'}q=${inPath}`])) {
        const response = await ask(path)
        const type = response.headers.get('content-type') ?? ''
        const policy = response.headers.get('content-security-policy') ?? ''
        const body = await response.text()
        expect(response.headers.get('x-content-type-options'), path).toBe('nosniff')
        if (type.startsWith('image/svg')) expect([policy.includes('sandbox'), policy.includes('allow-scripts'), /[<>]/.test(body.replace(/<\/?(?:svg|rect|text)\b[^>]*>/g, ''))], path).toEqual([true, false, false])
        else if (type.startsWith('text/html')) {
          expect([...files.values()], path).toContain(body)
          expect(policy, path).toMatch(/(?:^|; )script-src 'self'(?:;|$)/)
          expect(policy, path).not.toMatch(/unsafe-|\*/)
        } else expect(type, path).toMatch(/^(?:application\/(?:schema\+)?json|text\/plain|text\/css|text\/javascript|$)/)
      }
      await gateway.close()
    }),
    { numRuns: 15 },
  )
})

/** What somebody without a credential gets to see: answers of every path, what the socket says, and how it refuses. */
async function strangersView(paths: readonly { method: string; path: string }[], door: Awaited<ReturnType<typeof openDoor>>): Promise<string[]> {
  const seen: string[] = []
  for (const { method, path } of paths) {
    const response = await door.ask(path, { method, ...(method === 'POST' && { body: {} }), ...ANYBODY })
    seen.push(`${method} ${path}: ${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`)
  }
  for (const params of [connectParams({}), connectParams({ token: 'wrong' }), {}, { minProtocol: 9, maxProtocol: 9, client: connectParams({}).client }]) {
    const { client } = await dial(door.gateway)
    await client.request('connect', params)
    seen.push(JSON.stringify(client.frames))
  }
  return seen
}

it('S6 shows a stranger no version, path, agent or secret, takes no credential from an address, and writes none down', async () => {
  const config = { agents: { list: [{ id: 'hidden-agent', name: 'The hidden', default: true }] }, hooks: { enabled: true, token: 'the secret of the hooks' }, models: { providers: { hiddenvendor: { baseUrl: 'http://127.0.0.1:1/v1', apiKey: 'the key of a vendor', models: [{ id: 'hidden-model' }] } } } }
  const platform = { ...testPlatform({ assets: createAssets(PUBLIC) }), stateDir: '/test/hidden-state' }
  const door = await openDoor({ platform, config })
  // What is written in public/reference/ is about the program, and the same everywhere.
  const paths = ROUTES.filter(({ tag }) => tag !== 'documents').map(({ verb, path }) => ({ method: verb as string, path: pathOf(path) }))
  const told = (await strangersView([...paths, { method: 'GET', path: '/' }, { method: 'GET', path: '/control-ui/' }, { method: 'GET', path: '/nothing' }], door)).join('\n')
  for (const hidden of [VERSION, 'hidden', '/test/', 'openclaw.json', 'the secret', 'the key', TOKEN, 'builtin/', 'node:', 'src/']) expect(told, hidden).not.toContain(hidden)
  expect(told).toContain('connect.challenge')

  const encoded = encodeURIComponent(TOKEN)
  for (const { method, path } of paths.filter(({ path }) => !/^\/(health|ready)|^\/canvas/.test(path))) {
    for (const name of ['token', 'access_token', 'api_key', 'key', 'auth', 'password', 'authorization']) {
      const response = await door.ask(`${path}?${name}=${encoded}`, { method, ...ANYBODY, ...(method === 'POST' && { body: {} }) })
      expect([400, 401, 404], `${method} ${path} ${name}`).toContain(response.status)
      expect(await response.text()).not.toContain(TOKEN)
    }
  }
  const { client } = await dial(door.gateway, { path: `/?token=${encoded}` })
  expect((await client.request('connect', connectParams({}))).error!.details.code).toBe('DEVICE_IDENTITY_REQUIRED')
  const { hello, client: admin } = await join(door.gateway)
  const { path } = await admin.call('canvas.open')
  expect(JSON.stringify([hello, path])).not.toContain(TOKEN)
  expect(JSON.stringify(platform.logged)).not.toMatch(new RegExp(`${TOKEN}|${encoded}|the secret of|the key of`))
})

describe('S7', () => {
  const changing = ROUTES.filter(({ verb }) => verb !== 'GET').map(({ verb, path }) => ({ method: verb, path: pathOf(path) }))
  const SIMPLE = ['text/plain', 'text/plain;charset=UTF-8', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', null]
  const body = '{"model":"openclaw","messages":[{"role":"user","content":"x"}],"input":"x","tool":"session_status","message":"x","text":"x"}'
  const FETCHED = [{}, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, { 'sec-fetch-site': 'same-site' }]

  it('S7 changes nothing for a form of another page: not without a credential', async () => {
    const { ask } = await openDoor({ config: { hooks: { enabled: true, token: 'the secret of the hooks' } } })
    expect(changing.length).toBeGreaterThan(8)
    for (const { method, path } of changing) {
      for (const type of SIMPLE) {
        for (const fetched of FETCHED) {
          const response = await ask(path, { method, ...(method === 'POST' && { body }), headers: { authorization: null, cookie: `token=${TOKEN}`, 'content-type': type, ...fetched } })
          expect([401, 404], `${method} ${path} as ${type}`).toContain(response.status)
        }
      }
    }
  })

  it('S7 changes nothing for a page of another origin where no credential is asked for, nor for what is not said to be JSON', async () => {
    const { ask, gateway } = await openDoor({ config: { gateway: { auth: { mode: 'none' } }, agents: { defaults: { model: 'builtin/operator' } } } })
    const own = changing.filter(({ path }) => !path.startsWith('/hooks/'))
    for (const { method, path } of own) {
      for (const type of SIMPLE) {
        for (const origin of ['https://evil.example', 'null']) {
          const response = await ask(path, { method, ...(method === 'POST' && { body }), headers: { authorization: null, 'content-type': type, origin, 'sec-fetch-site': 'cross-site' } })
          expect(response.status, `${method} ${path} as ${type} of ${origin}`).toBe(403)
        }
        if (method !== 'POST' || path === '/v1/audio/transcriptions') continue // a form is what that one takes
        expect((await ask(path, { method, body, headers: { authorization: null, accept: 'application/json, text/event-stream', 'content-type': type ?? '' } })).status, `${path} as ${type}`).toBe(415)
      }
    }
    const { client } = await join(gateway)
    expect((await client.call('sessions.list', {})).sessions).toEqual([])
  })
})

describe('S8', () => {
  async function shown() {
    const platform = testPlatform()
    const door = await openDoor({ platform, config: { agents: { list: [{ id: 'main', default: true }, { id: 'other' }] } } })
    for (const agent of ['main', 'other']) await createWorkspaceStorage(platform.files, agent, platform.clock).write('canvas/index.html', new TextEncoder().encode(`the canvas of ${agent}`))
    const { client } = await join(door.gateway)
    const pathFor = async (who: Client, agentId = 'main') => (await who.call('canvas.open', { agentId })).path as string
    return { ...door, client, pathFor }
  }

  it('S8 opens a canvas by its capability alone: not by the address of somebody who has one, not when it is over, not for another agent', async () => {
    const { ask, client, pathFor, clock } = await shown()
    const path = await pathFor(client)
    const [, , capability = ''] = path.split('/')
    const [agent, until, signature] = capability.split('.') as [string, string, string]
    const other = (await pathFor(client, 'other')).split('/')[2]!.split('.')[0]
    const open = async (url: string, given = ANYBODY) => (await ask(url, given)).status
    expect(await open(path)).toBe(200)
    // The other one on the same address, with the token of the gateway even.
    const wrong = [`${CANVAS_PATH}/`, `${CANVAS_PATH}/main/`, `${CANVAS_PATH}/index.html`, `${CANVAS_PATH}//index.html`, `${CANVAS_PATH}/${other}.${until}.${signature}/`, `${CANVAS_PATH}/${agent}.${Number(until) + 1}.${signature}/`, `${CANVAS_PATH}/${agent}.${until}.${'A'.repeat(43)}/`]
    for (const url of wrong) for (const given of [ANYBODY, {}]) expect([404, 405], url).toContain(await open(url, given as typeof ANYBODY))
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: capability.length - 1 }), fc.constantFrom(...'AZaz09-_.'), async (at, sign) => {
        fc.pre(capability[at] !== sign)
        // The last sign of a signature has two bits that mean nothing: the text must be the very one all the same.
        expect(await open(`${CANVAS_PATH}/${capability.slice(0, at)}${sign}${capability.slice(at + 1)}/`)).toBe(404)
      }),
      { numRuns: 300 },
    )
    await clock.advance(10 * 60 * 1000)
    expect(await open(path)).toBe(404)
  })

  it('S8 gives it out to who may read, and what it shows lives in an origin that is nobody’s', async () => {
    const { gateway, ask, client, pathFor } = await shown()
    const { client: node } = await dial(gateway)
    await connectDevice(node, await createDevice(), { role: 'node', scopes: [], auth: { token: TOKEN } })
    await expect(pathFor(node)).rejects.toThrow(RpcError)
    const { client: blind } = await join(gateway, { scopes: ['operator.approvals', 'operator.pairing'] })
    await expect(pathFor(blind)).rejects.toThrow('missing scope: operator.read')
    const page = await ask(await pathFor(client), ANYBODY)
    const policy = page.headers.get('content-security-policy')!
    expect(await page.text()).toBe('the canvas of main')
    expect(policy.split(' ')).toContain('sandbox')
    for (const right of ['allow-same-origin', 'allow-top-navigation', 'allow-popups', 'allow-modals', 'allow-downloads']) expect(policy).not.toContain(right)
    expect([page.headers.get('cache-control'), page.headers.get('referrer-policy'), page.headers.get('access-control-allow-origin')]).toEqual(['no-store', 'no-referrer', 'null'])
  })
})
