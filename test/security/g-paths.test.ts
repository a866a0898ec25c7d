// Paths and addresses: what a request may is decided by where it ends up, nothing outside of a root is read through any
// name, and nobody leads the gateway into its own network.

import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { listen, type RunningServer } from '../../runtimes/node/server.ts'
import { createAssets } from '../../runtimes/shared/static.ts'
import { createWorkspaces } from '../../runtimes/shared/workspace.ts'
import { ROUTES } from '../../src/http/routes.ts'
import type { Route } from '../../src/http/route.ts'
import { METHODS } from '../../src/methods/all.gen.ts'
import { createGuardedFetch } from '../../src/services/network/guarded-fetch.ts'
import type { Client, Data } from '../harness/client.ts'
import { fakeClock } from '../harness/clock.ts'
import { testPlatform, TOKEN } from '../harness/platform.ts'
import { toRequest } from '../http/door.ts'
import { openScene, type Scene } from './scene.ts'

const BUILTIN = { agents: { defaults: { model: 'builtin/operator' } } }
const HOOKS = { hooks: { enabled: true, token: 'of the hooks', mappings: [{ id: 'in', messageTemplate: 'x' }] } }
const PUBLIC = new URL('../../public', import.meta.url).pathname

// --- S37 ---

const GUARDED = ROUTES.filter(({ entry }) => entry !== null)
const pathOf = ({ path }: Route) => path.replace(':capability', 'Y2FudmFz.1.x').replace(':agentId', 'main').replace(':name', 'in').replace(':id', 'resp_1').replace('*', 'openclaw')

const escaped = (char: string, depth: number): string => {
  let text = `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`
  for (let n = 1; n < depth; n++) text = text.replaceAll('%', '%25')
  return text
}
/** Each character as it is, in the other case, or escaped up to three times; and things between. */
const spelling = (char: string) =>
  fc.oneof(
    { weight: 12, arbitrary: fc.constant(char) },
    { weight: 1, arbitrary: fc.constantFrom(char.toUpperCase(), escaped(char, 1), escaped(char, 1).toUpperCase(), escaped(char, 2), escaped(char, 3)) },
  )
const between = fc.oneof({ weight: 15, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constantFrom('/', '//', '/./', '/x/../', '/%2e/', '/%2e%2e/', ';', ';a=b', '\\', '%5c', '%00', '%2f', '%252f', '%25252f', '%09', '%20', '%0d%0a', '.', '..', '%c0%af', '\t', '?', '#', '%') })
const spelled = (path: string) => fc.tuple(...[...path].map((char) => fc.tuple(spelling(char), between))).map((parts) => parts.map((pair) => pair.join('')).join('')).map((text) => (text.startsWith('/') ? text : `/${text}`))
const attack = fc.constantFrom(...GUARDED).chain((route) => fc.tuple(fc.constant(route), spelled(pathOf(route)), fc.constantFrom(route.verb, 'GET', 'POST', 'HEAD', 'OPTIONS', 'DELETE')))

/** Sends these bytes as they are, and resolves with the status of each answer. */
async function statuses(port: number, requests: readonly string[]): Promise<number[]> {
  const socket = connect(port, '127.0.0.1')
  const { promise, resolve, reject } = Promise.withResolvers<number[]>()
  let text = ''
  const found = () => [...text.matchAll(/(?:^|\r?\n)HTTP\/1\.1 (\d{3})/g)].map((match) => Number(match[1]))
  socket.on('data', (piece) => void (text += piece.toString('latin1')))
  socket.on('close', () => resolve(found()))
  socket.on('error', reject)
  socket.write(requests.join(''))
  return promise
}

it('S37 decides by the route that a request ends at, however its path is spelled', async () => {
  const scene = await openScene({ platform: testPlatform({ assets: createAssets(PUBLIC) }), config: { ...BUILTIN, ...HOOKS, gateway: { http: { endpoints: { metrics: { enabled: true } } } } } })
  const admin = await scene.join()
  const { key: reader } = await admin.call('keys.create', { name: 'reads', scopes: ['operator.read'] })
  const ask = (path: string, method: string, authorization: string | null) => {
    const hasBody = method === 'POST'
    return scene.gateway.fetch(toRequest(path, { method, ...(hasBody && { body: '{"model":"openclaw","input":"x","text":"x","messages":[{"role":"user","content":"x"}]}' }), headers: { authorization } }), { remoteAddress: '203.0.113.9' })
  }
  for (const route of GUARDED) {
    expect((await ask(pathOf(route), route.verb, null)).status, route.path).toBe(typeof route.entry === 'object' && route.path.includes('canvas') ? 404 : 401)
    if (typeof route.entry === 'string') expect((await ask(pathOf(route), route.verb, `Bearer ${TOKEN}`)).status, `${route.path} with the token`).not.toBe(401)
  }
  const begun = async () => ((await admin.call('sessions.list', {})).sessions as Data[]).length
  const before = await begun()
  const seen = new Set<number>()
  await fc.assert(
    fc.asyncProperty(attack, fc.boolean(), async ([, path, verb], reads) => {
      const { status, ...answer } = await ask(path, verb, reads ? `Bearer ${reader}` : null).then(async (given) => ({ status: given.status, text: await given.text() }))
      seen.add(status)
      if (status >= 300 || verb === 'OPTIONS') return
      expect(['GET', 'HEAD'], `${verb} ${path}`).toContain(verb)
      if (!reads) expect(answer.text, `${verb} ${path}`).toMatch(/^$|^<!doctype html>/i)
    }),
    { numRuns: 5000 },
  )
  expect([...seen]).toEqual(expect.arrayContaining([401, 404]))
  expect(await begun(), 'nobody without a credential has begun anything').toBe(before)
})

it('S37 holds for the bytes of real requests', async () => {
  const scene = await openScene({ config: { ...BUILTIN, ...HOOKS } })
  const server = await listen(scene.gateway, { host: '127.0.0.1', port: 0, maxPayload: 1024 }, () => {})
  try {
    const paths = fc.sample(attack.filter(([, path]) => !/[\s#]/.test(path)), { numRuns: 600, seed: 37 })
    const requests = paths.map(([, path, verb]) => `${verb} ${path} HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nconnection: close\r\n\r\n`)
    const found = (await Promise.all(requests.map((request) => statuses(server.port, [request])))).flat()
    expect(found.length).toBeGreaterThan(550)
    expect(found.filter((status) => status < 300 && status !== 204)).toEqual([])
    expect(found.filter((status) => status === 401).length).toBeGreaterThan(50)
  } finally {
    await server.close()
  }
})

// --- S38 ---

const SECRET = 'nobody may read this'
const HOSTILE = [
  '../secret.txt', '../../secret.txt', '..\\secret.txt', '..%2fsecret.txt', '%2e%2e/secret.txt', '%2e%2e%2fsecret.txt', '..%252fsecret.txt', '..%c0%afsecret.txt', 'a/../../secret.txt', './../secret.txt', '....//secret.txt', '..;/secret.txt',
  '/etc/passwd', '//etc/passwd', '/proc/self/environ', '~/secret.txt', 'file:///etc/passwd', 'file:/etc/passwd', 'C:\\Windows\\win.ini', 'C:/Windows/win.ini', '\\\\server\\share\\x', '//server/share/x', '\\\\?\\C:\\x',
  'link.png', 'up/secret.txt', 'inside/up/secret.txt', 'fifo.png', 'null.png', 'zero.png', 'self.png', 'secret.txt\u0000.png', '..\u0000/secret.txt', '\u2024\u2024/secret.txt', '\uff0e\uff0e/secret.txt', '..\u2215secret.txt', '../secret.txt/', '../secret.txt::$DATA', '.env', '.git/config',
] // prettier-ignore

describe('S38 nothing outside of a root', () => {
  const top = mkdtempSync(join(tmpdir(), 'edgeclaw-roots-'))
  const stateDir = join(top, 'state')
  const workspace = join(stateDir, 'workspace')
  let scene: Scene
  let server: RunningServer
  let admin: Client

  beforeAll(async () => {
    for (const directory of [workspace, join(workspace, 'canvas'), join(top, 'public', 'control-ui')]) {
      mkdirSync(directory, { recursive: true })
      symlinkSync(join(top, 'secret.txt'), join(directory, 'link.png'))
      symlinkSync(top, join(directory, 'up'))
      symlinkSync('/dev/zero', join(directory, 'zero.png'))
      symlinkSync('/dev/null', join(directory, 'null.png'))
      symlinkSync('self.png', join(directory, 'self.png'))
      execFileSync('mkfifo', [join(directory, 'fifo.png')])
    }
    for (const at of ['secret.txt', 'state/secret.txt', 'workspace-main/secret.txt']) {
      mkdirSync(join(top, at, '..'), { recursive: true })
      writeFileSync(join(top, at), SECRET)
    }
    writeFileSync(join(workspace, 'canvas', 'index.html'), 'the canvas')
    writeFileSync(join(workspace, 'ok.png'), 'a picture')
    const platform = testPlatform({ stateDir, assets: createAssets(join(top, 'public')) })
    scene = await openScene({ platform: { ...platform, host: { ...platform.host, workspaces: createWorkspaces(stateDir) } }, config: BUILTIN })
    server = await listen(scene.gateway, { host: '127.0.0.1', port: 0, maxPayload: 1024 * 1024 }, () => {})
    admin = await scene.join()
  })
  afterAll(async () => {
    await server.close()
    rmSync(top, { recursive: true, force: true })
  })

  async function raw(path: string): Promise<string> {
    const socket = connect(server.port, '127.0.0.1')
    let text = ''
    socket.on('data', (piece) => void (text += piece.toString('latin1')))
    const ended = new Promise((resolve) => socket.on('close', resolve))
    socket.on('error', () => {})
    socket.write(`GET ${path.replace(/[\s\u0000-\u001f\u0080-\uffff]/g, encodeURIComponent)} HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nauthorization: Bearer ${TOKEN}\r\nconnection: close\r\n\r\n`) // eslint-disable-line no-control-regex
    await ended
    return text
  }
  const isLeak = (text: string) => text.includes(SECRET) || /root:.*:0:0:|HTTP\/1\.1 200 OK[\s\S]*PATH=/.test(text)

  it('S38 is served: not by pages, pictures, the canvas, files or tools', async () => {
    const { path: canvas } = await admin.call('canvas.open', {})
    expect(await raw(canvas)).toContain('the canvas')
    for (const path of HOSTILE) {
      for (const base of ['/', '/control-ui/', canvas, '/canvas-host/x/', '/avatar/', '/avatar/main/', '/schemas/', '/reference/', '/v1/models/']) expect(isLeak(await raw(base + path)), base + path).toBe(false)
      for (const [method, params] of [
        ['agents.workspace.get', { agentId: 'main', path }],
        ['agents.workspace.list', { agentId: 'main', path }],
        ['agents.files.get', { agentId: 'main', name: path }],
        ['sessions.files.get', { key: 'main', path }],
        ['sessions.files.get', { sessionKey: 'main', path }],
        ['artifacts.get', { sessionKey: 'main', artifactId: path }],
        ['tools.invoke', { name: 'read', args: { path } }],
        ['tools.invoke', { name: 'ls', args: { path } }],
        ['tools.invoke', { name: 'memory_get', args: { path } }],
        ['skills.detail', { slug: path }],
      ] as const) {
        const answer = await admin.request(method, params)
        expect(isLeak(JSON.stringify(answer)), `${method} ${path}`).toBe(false)
        expect(answer.error?.code, `${method} ${path}`).not.toBe('INTERNAL')
      }
    }
    for (const path of HOSTILE) {
      await admin.call('config.patch', { raw: JSON.stringify({ agents: { list: [{ id: 'main', default: true, identity: { avatar: path } }] } }), baseHash: (await admin.call('config.get', {})).hash })
      expect(isLeak(await raw('/avatar/main')), path).toBe(false)
    }
    await admin.call('config.patch', { raw: JSON.stringify({ agents: { list: [{ id: 'main', default: true, identity: { avatar: 'ok.png' } }] } }), baseHash: (await admin.call('config.get', {})).hash })
    expect(await raw('/avatar/main')).toContain('a picture')
  })

  it('S38 is written: whatever ids, keys and names anybody makes up', async () => {
    const before = readdirSync(top).toSorted()
    const hostile = [...HOSTILE.slice(0, 14), 'x'.repeat(5000), '', ' ', '.', '..', '*', '?', ':', 'a:b:c', 'agent:main:../../x', 'agent:../../x:main', 'agent::', 'CON', 'nul', "'; DROP TABLE sessions; --", '%00', '\u0000', '\ud800']
    const asked = await Promise.all(
      METHODS.filter(({ role, name }) => role !== 'node' && !/^(?:config|wizard|update|gateway\.restart|device|keys|agent\.wait|exec\.approval\.wait|plugin\.approval\.wait|models\.probe|agent$|chat\.send|sessions\.send|sessions\.steer|exec\.approval\.request|plugin\.approval\.request|wake)/.test(name)).map(async (listed) => {
        const { params } = await listed.load()
        const { properties = {}, required = [] } = z.toJSONSchema(params, { io: 'input', unrepresentable: 'any' }) as Data
        return { name: listed.name, texts: Object.keys(properties).filter((each) => properties[each].type === 'string' && properties[each].enum === undefined), properties, required: required as string[] }
      }),
    )
    let calls = 0
    for (const { name, texts, properties, required } of asked) {
      if (texts.length === 0) continue
      for (const value of hostile) {
        const rest = required.filter((each) => !texts.includes(each)).map((each) => [each, properties[each].enum?.[0] ?? (properties[each].type === 'array' ? [] : properties[each].type === 'object' ? {} : 1)])
        const { error } = await admin.request(name, { ...Object.fromEntries(rest), ...Object.fromEntries(texts.map((each) => [each, value])) })
        expect(error?.code, `${name} ${JSON.stringify(value.slice(0, 50))} ${JSON.stringify(scene.platform.logged.at(-1))}`).not.toBe('INTERNAL')
        calls++
      }
    }
    expect(calls).toBeGreaterThan(1500)
    for (const agentId of hostile) {
      for (const method of ['sessions.reset', 'sessions.patch', 'sessions.create']) expect((await admin.request(method, { key: 'main', agentId })).error?.code, `${method} of ${agentId.slice(0, 50)}`).toBe('INVALID_REQUEST')
    }
    for (const path of HOSTILE) {
      for (const [method, params] of [
        ['agents.files.set', { agentId: 'main', name: path, content: 'written' }],
        ['sessions.files.set', { key: 'main', path, content: 'written' }],
        ['sessions.files.set', { sessionKey: 'main', path, content: 'written' }],
      ] as const) await admin.request(method, params)
      await scene.useTool(admin, 'write', { path, content: 'written' })
      await scene.useTool(admin, 'edit', { path, oldText: SECRET, newText: 'written' })
    }
    expect(readdirSync(top).toSorted()).toEqual(before)
    const found = globSync('**/*', { cwd: top, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    for (const path of ['secret.txt', 'state/secret.txt', 'workspace-main/secret.txt']) expect(execFileSync('cat', [join(top, path)]).toString()).toBe(SECRET)
    expect(found.filter((path) => !path.startsWith(workspace) && !path.endsWith('secret.txt'))).toEqual([])
    expect(existsSync(join(top, 'state', 'edgeclaw'))).toBe(false)
  })
})

// --- S39 ---

const INNER = [
  '0.0.0.0', '10.0.0.1', '10.255.255.254', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.1.2.3', '168.63.129.16', '169.254.169.254', '169.254.170.2', '172.16.0.1', '172.31.255.254', '192.0.0.192', '192.0.2.1', '192.88.99.1',
  '192.168.0.1', '192.168.255.254', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255',
] // prettier-ignore
const bytesOf = (address: string) => address.split('.').map(Number) as [number, number, number, number]
const hex = (n: number, width = 0) => n.toString(16).padStart(width, '0')
/** The same address as parsers have it, one more generous than the other. */
function spellings(address: string): string[] {
  const [a, b, c, d] = bytesOf(address)
  const number = ((a * 256 + b) * 256 + c) * 256 + d
  const [high, low] = [hex(a * 256 + b), hex(c * 256 + d)]
  return [
    address, `${address}.`, String(number), `0x${hex(number, 8)}`, `0${number.toString(8)}`, [a, b, c, d].map((n) => `0x${hex(n)}`).join('.'), [a, b, c, d].map((n) => `0${n.toString(8)}`).join('.'), `${a}.${b}.${c * 256 + d}`, `${a}.${(b * 256 + c) * 256 + d}`,
    `[::ffff:${address}]`, `[::ffff:${high}:${low}]`, `[0:0:0:0:0:ffff:${high}:${low}]`, `[0000:0000:0000:0000:0000:ffff:${high.padStart(4, '0')}:${low.padStart(4, '0')}]`, `[::${address}]`, `[::ffff:0:${address}]`, `[64:ff9b::${high}:${low}]`, `[2002:${high}:${low}::1]`,
    encodeURIComponent(address).replaceAll('.', '%2e'), [...address].map((char) => (/\d/.test(char) ? String.fromCodePoint(0xff10 + Number(char)) : char)).join(''), address.replaceAll('.', '\u3002'),
  ] // prettier-ignore
}
const NAMES = [
  'localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'printer', 'printer.local', 'printer.local.', 'db.internal', 'metadata.google.internal', 'metadata.google.internal.', 'x.lan', 'x.home', 'x.corp', 'x.home.arpa', 'x.localdomain', 'x.intranet', 'x.private', 'x.onion', 'host.docker.internal',
  '[::1]', '[::]', '[::2]', '[fc00::1]', '[fd00:ec2::254]', '[fe80::1]', '[fec0::1]', '[ff02::1]', '[2001:db8::1]', '[100::1]', '[5f00::1]', '[3fff::1]', '[0:0:0:0:0:0:0:1]', '[::1%25lo]', '0', '0x0', '00', '127.1', '0x7f.1', '017700000001', '2130706433', '127.0.0.1.nip.io'.replace('nip.io', 'local'),
] // prettier-ignore
const CORPUS = [...INNER.flatMap(spellings), ...NAMES].map((host) => `http://${host}/latest/meta-data/`)
const ODD = ['file:///etc/passwd', 'gopher://example.com/', 'ftp://example.com/', 'data:text/plain,x', 'javascript:1', 'http://user:pass@example.com/', 'http://127.0.0.1@example.com/', 'http://example.com@127.0.0.1/', 'http://example.com:22/', 'http://example.com:25/', 'https://example.com:6443@10.0.0.1/', 'http:/\\127.0.0.1/', 'http:\\\\127.0.0.1\\', 'http://127.0.0.1#@example.com/', 'http://127.0.0.1?@example.com/', '//127.0.0.1/', '', 'x', 'http://', `http://example.com/${'a'.repeat(9000)}`]

it('S39 leads nowhere inside, however the address is written, and looks at each step anew', async () => {
  expect(CORPUS.length + ODD.length).toBeGreaterThan(300)
  const asked: string[] = []
  let location: string | null = null
  const answer = { status: 200, headers: { get: (name: string): string | null => (name === 'location' ? location : 'text/plain') }, body: null, text: async () => '' }
  const respond = async (url: string) => {
    asked.push(url)
    return (location !== null && url.startsWith('http://public.example') ? { ...answer, status: 302 } : answer) as never
  }
  const signal = new AbortController().signal
  const withReach = createGuardedFetch({ fetch: () => Promise.reject(new Error('unguarded')), host: { reach: respond }, clock: fakeClock(), allowed: () => [] })
  const withFetch = createGuardedFetch({ fetch: respond as never, host: {}, clock: fakeClock(), allowed: () => [] })
  for (const outside of [withReach, withFetch]) {
    for (const url of [...CORPUS, ...ODD]) {
      location = null
      await expect(outside.fetch(url, { maxBytes: 10, signal }), url).rejects.toThrow('the address cannot be used')
      expect(asked, url).toEqual([])
      location = url
      if (url === '' || url === 'x' || url.startsWith('//') || url.startsWith('http://example.com/aaa')) continue
      await expect(outside.fetch('http://public.example/', { maxBytes: 10, signal }), `a step to ${url}`).rejects.toThrow('the address cannot be used')
      expect(asked.splice(0), url).toEqual(['http://public.example/'])
    }
    location = null
    for (const url of ['http://example.com/', 'http://1.1.1.1/', 'https://[2606:4700:4700::1111]/', 'http://localhost.com/', 'http://127.0.0.1.nip.io/']) await outside.fetch(url, { maxBytes: 10, signal })
    asked.length = 0
  }
  // A name is resolved once, by whoever connects, and each of its addresses must pass.
  let checks: string[] = []
  const names = createGuardedFetch({
    fetch: respond as never,
    clock: fakeClock(),
    allowed: () => [],
    host: {
      async reach(url, _, mayReach) {
        const addresses = url.includes('rebinds') ? ['1.1.1.1', '127.0.0.1'] : INNER
        checks = addresses
        const wrong = addresses.find((address) => !mayReach(address))
        if (wrong !== undefined) throw new Error(`${wrong} may not be reached`)
        return answer as never
      },
    },
  })
  for (const name of ['rebinds.example', 'inner.example']) {
    await expect(names.fetch(`http://${name}/`, { maxBytes: 10, signal })).rejects.toThrow('may not be reached')
    expect(checks.length).toBeGreaterThan(1)
  }
})

it('S39 guards every way out that somebody else names, and none that the operator has written down', async () => {
  const asked: string[] = []
  const platform = testPlatform({ fetch: ((url: string) => (asked.push(url), Promise.reject(new Error('no network')))) as never })
  const reached: string[] = []
  const host = { ...platform.host, reach: (async (url: string) => (reached.push(url), Promise.reject(new Error('no network')))) as never }
  const scene = await openScene({ platform: { ...platform, host }, config: { ...BUILTIN, models: { providers: { own: { baseUrl: 'http://192.168.1.20:11434/v1', models: [{ id: 'one' }] } } } } })
  const admin = await scene.join()
  const post = async (path: string, body: unknown) => (await scene.gateway.fetch(toRequest(path, { body }), { remoteAddress: '127.0.0.1' })).text()
  const chat = (part: unknown) => post('/v1/chat/completions', { model: 'openclaw', messages: [{ role: 'user', content: [{ type: 'text', text: 'x' }, part] }] })
  const response = (part: unknown) => post('/v1/responses', { model: 'openclaw', input: [{ type: 'message', role: 'user', content: [part] }] })
  const endpoint = (url: string) => admin.request('push.web.subscribe', { endpoint: url, keys: { p256dh: `B${'A'.repeat(86)}`, auth: 'A'.repeat(22) } })
  const ways: Readonly<Record<string, (url: string) => Promise<unknown>>> = {
    web_fetch: (url) => scene.useTool(admin, 'web_fetch', { url }),
    'tools.invoke': (url) => admin.request('tools.invoke', { name: 'web_fetch', args: { url } }),
    'an image of a chat': (url) => chat({ type: 'image_url', image_url: { url } }),
    'a file of a chat': (url) => chat({ type: 'file', file: { file_data: url } }),
    'an image of a response': (url) => response({ type: 'input_image', image_url: url }),
    'a file of a response': (url) => response({ type: 'input_file', file_url: url }),
    'a push': endpoint,
  }
  const urls = [...INNER.slice(3, 12).map((address) => `http://${address}/`), 'https://169.254.169.254/', 'http://[::ffff:127.0.0.1]/', 'http://localhost:18789/', 'http://metadata.google.internal/', 'file:///etc/passwd', 'http://2130706433/']
  for (const [way, use] of Object.entries(ways)) {
    for (const url of urls) expect(JSON.stringify(await use(url)), `${way} to ${url}`).toMatch(/cannot be used|invalid|must|not supported/i)
  }
  expect([asked, reached], 'nobody was asked').toEqual([[], []])
  for (const [way, use] of Object.entries(ways)) if (way !== 'a push') await use('https://public.example/x.png')
  expect(reached.length, 'what is outside is asked').toBeGreaterThan(3)
  expect(asked).toEqual([])
  const idempotencyKey = crypto.randomUUID()
  await admin.call('sessions.patch', { key: 'main', model: 'own/one' })
  await admin.call('chat.send', { sessionKey: 'main', message: 'x', idempotencyKey })
  await scene.clock.advance(10 * 60_000)
  await admin.ended(idempotencyKey)
  expect(new Set(asked), 'a provider of the own network is the own').toEqual(new Set(['http://192.168.1.20:11434/v1/chat/completions']))
})
