// Denial of service and logs: what strangers and clients send costs what it may, no more, and what they call themselves
// does not become a line of its own.

import { globSync, readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { toLogLine } from '../../runtimes/shared/log-line.ts'
import { ROUTES } from '../../src/http/routes.ts'
import { toPlainText } from '../../src/kit/html-text.ts'
import { clean, createLogger } from '../../src/kit/log.ts'
import { redactText } from '../../src/kit/redact.ts'
import { visibleLine, visibleProse } from '../../src/kit/visible.ts'
import { fitsWildcard } from '../../src/kit/wildcard.ts'
import { shown } from '../../src/models/openai-failure.ts'
import { canonicalSessionKey } from '../../src/protocol/shapes.ts'
import { findMapping, render } from '../../src/services/automation/hook-mapping.ts'
import { saysNothing } from '../../src/services/conversation/aside.ts'
import { parseFrontMatter } from '../../src/services/conversation/front-matter.ts'
import { isOriginAllowed, toFacts } from '../../src/services/identity/facts.ts'
import { redact } from '../../src/services/operations/config-parse.ts'
import { createLogs } from '../../src/services/operations/logs.ts'
import { connectParams, type Client, type Data } from '../harness/client.ts'
import { settled } from '../harness/clock.ts'
import { connectDevice, createDevice } from '../harness/device.ts'
import { dial, join } from '../harness/peer.ts'
import { testPlatform, TOKEN } from '../harness/platform.ts'
import { openDoor, toRequest } from '../http/door.ts'
import { openScene } from './scene.ts'

const BUILTIN = { agents: { defaults: { model: 'builtin/operator' } } }

it('S40 lets nobody wait without a credential for longer than 15 seconds, beside whom clients are served', async () => {
  const scene = await openScene()
  const admin = await scene.join()
  const idle = await Promise.all(Array.from({ length: 2000 }, () => dial(scene.gateway, { address: '203.0.113.9' })))
  expect(idle.every(({ client }) => client.isOpen)).toBe(true)
  for (const { client } of idle.slice(0, 500)) client.send('{"type":"req","id":"r","method":"connect","params":{}}')
  await settled()
  expect((await admin.request('health', {})).ok).toBe(true)
  await scene.clock.advance(14_999)
  expect(idle.slice(500).every(({ client }) => client.isOpen)).toBe(true)
  expect(idle.slice(0, 500).some(({ client }) => client.isOpen), 'one that was refused is closed at once').toBe(false)
  await scene.clock.advance(1)
  const closed = await Promise.all(idle.slice(500).map(({ client }) => client.closed))
  expect(new Set(closed.map(({ code, reason }) => `${code} ${reason}`))).toEqual(new Set(['1008 handshake timeout']))
  expect((await admin.request('health', {})).ok).toBe(true)
  expect(((await admin.call('system-presence', {})) as Data[]).length, 'nobody of them was ever there').toBe(1)
})

const POSTS = ROUTES.filter(({ verb, entry }) => verb === 'POST' && entry !== null)
const bodyPath = ({ path }: { path: string }) => path.replace(':name', 'in')
const HOOKS = { hooks: { enabled: true, token: 'of the hooks', mappings: [{ id: 'in', messageTemplate: 'x' }] } }
const MIB = 1024 * 1024

/** A body that never ends, in pieces; how much of it was taken. */
function endless(piece = new Uint8Array(MIB).fill(0x20)) {
  const taken = { bytes: 0 }
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      taken.bytes += piece.byteLength
      controller.enqueue(piece)
    },
  }, { highWaterMark: 0 }) // prettier-ignore
  return { taken, body }
}

it('S41 reads no body of a stranger, no more of any than it may, and chokes on none', async () => {
  const { ask, gateway, clock } = await openDoor({ config: { ...BUILTIN, ...HOOKS } })
  expect(POSTS.length).toBeGreaterThan(9)
  for (const route of POSTS) {
    const path = bodyPath(route)
    const authorization = path.startsWith('/hooks') ? 'Bearer of the hooks' : `Bearer ${TOKEN}`
    const nobodys = endless()
    expect((await ask(path, { body: nobodys.body, headers: { authorization: 'Bearer wrong' } })).status, path).toBe(401)
    expect(nobodys.taken.bytes, `${path} of a stranger`).toBe(0)
    const type = path.endsWith('transcriptions') ? { 'content-type': 'multipart/form-data; boundary=x' } : {}
    const { body, taken } = endless()
    expect((await ask(path, { body, headers: { authorization, ...type } })).status, path).toBe(413)
    expect(taken.bytes, path).toBeLessThan(22 * MIB)
    const declared = endless()
    expect((await ask(path, { body: declared.body, headers: { authorization, ...type, 'content-length': String(1024 * MIB) } })).status, path).toBe(413)
    expect(declared.taken.bytes, `${path} by its length`).toBe(0)
    for (const text of [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, '['.repeat(100_000), `{${Array.from({ length: 50_000 }, (_, n) => `"k${n}":${n}`).join(',')}`]) {
      const { status } = await ask(path, { body: text, headers: { authorization, ...type } })
      expect(status >= 400 && status < 500, `${path} answers ${status} to ${text.slice(0, 10)}…`).toBe(true)
    }
  }
  // A body of a hook that does not come is not waited for.
  const silent = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array([0x7b])) })
  const late = ask('/hooks/agent', { body: silent, headers: { authorization: 'Bearer of the hooks' } })
  await settled()
  await clock.advance(30_000)
  expect((await late).status).toBe(408)

  for (const text of [`{"type":"req","id":"r","method":"connect","params":{"x":"${'x'.repeat(64 * 1024)}"}}`, `"${'é'.repeat(33 * 1024)}"`]) {
    const { client } = await dial(gateway)
    client.send(text)
    expect(await client.closed, 'before connect').toMatchObject({ code: 1009 })
  }
  const { client } = await join(gateway)
  const deep = (open: string, close: string) => `{"type":"req","id":"deep","method":"status","params":${open.repeat(100_000)}1${close.repeat(100_000)}}`
  client.send(deep('[', ']'))
  client.send(deep('{"a":', '}'))
  client.send(`{"type":"req","id":"wide","method":"config.get","params":{${Array.from({ length: 300_000 }, (_, n) => `"${n.toString(36)}":0`).join(',')}}}`)
  const wide = await client.next((frame) => frame.id === 'wide')
  expect(JSON.stringify(wide).length, 'an answer does not grow with what is wrong').toBeLessThan(20_000)
  expect((await client.request('health', {})).ok).toBe(true)
})

it('S42 does not let one who floods it keep others waiting, and says to him when to come back', async () => {
  const scene = await openScene()
  const [floods, other] = await Promise.all([join(scene.gateway, { scopes: ['operator.write'] }), join(scene.gateway)])
  const before = scene.platform.logged.length
  const refused = await Promise.all(Array.from({ length: 1000 }, (_, n) => floods.client.request(n % 2 ? 'config.patch' : 'no.such.method', { raw: '{}' })))
  expect(new Set(refused.map(({ error }) => error!.code))).toEqual(new Set(['FORBIDDEN', 'INVALID_REQUEST', 'UNAVAILABLE']))
  expect(scene.platform.logged.length - before, 'what is refused is no line of the log').toBeLessThan(5)

  // Whoever waits for nothing has only so much in the works.
  for (let n = 0; n < 2000; n++) floods.client.send({ type: 'req', id: `w${n}`, method: 'agent.wait', params: { runId: 'none', timeoutMs: 60_000 } })
  await settled()
  const busy = floods.client.frames.filter(({ id, ok }) => id?.startsWith('w') && ok === false)
  expect(busy.length).toBeGreaterThan(1700)
  for (const { error } of busy) expect(error).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: 100, details: { code: 'TOO_MANY_REQUESTS' } })
  expect((await other.client.request('health', {})).ok).toBe(true)

  // Strangers are counted in the log, not listed.
  const logged = scene.platform.logged.length
  for (let n = 0; n < 2000; n++) {
    const { client } = await dial(scene.gateway)
    client.send({ type: 'req', id: 'r', method: 'health', params: {} })
  }
  await settled()
  expect(scene.platform.logged.length - logged, 'within a minute').toBeLessThan(350)
  await scene.clock.advance(61_000)
  const { client } = await dial(scene.gateway)
  client.send({ type: 'req', id: 'r', method: 'health', params: {} })
  await client.closed
  await settled()
  const lines = scene.platform.logged.filter(({ message }) => message === 'connect refused')
  expect(lines.reduce((sum, { fields }) => sum + 1 + Number(fields?.['unsaid'] ?? 0), 0)).toBe(2001)
})

/** After everything that nobody holds is gone. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

it('S43 keeps nothing for each name that somebody makes up', async () => {
  const { ask, gateway, platform } = await openDoor({ config: { ...BUILTIN, ...HOOKS, gateway: { http: { endpoints: { metrics: { enabled: true } } } } } })
  const { client, peer: own } = await join(gateway)
  const makeUp = async (n: number) => {
    const name = `${n}-${'n'.repeat(6000)}`
    const strange = { 'user-agent': name, origin: `https://${n}.example`, 'x-request-id': name, 'x-forwarded-for': `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, 'x-openclaw-session-key': name, cookie: name, authorization: `Bearer ${name}` }
    await Promise.all([
      ask(`/${name}?${name}=${name}`, { headers: strange, address: `2001:db8::${(n % 65536).toString(16)}` }),
      ask(`/v1/models/${name}?q=${name}`, { headers: strange }),
      ask(`/hooks/${name}`, { body: '{}', headers: strange }),
      ask(`/canvas-host/${name}/x`, { headers: strange }),
      client.request(name.slice(0, 100), { [name]: name }),
      client.request('cron.get', { id: name }),
      client.request('node.describe', { nodeId: name }),
      client.request('agents.files.list', { agentId: name }),
      client.request('sessions.describe', { key: name }),
      client.request('config.schema.lookup', { path: name }),
    ])
    // What the client itself remembers is not the gateway's.
    ;(client.frames as unknown[]).length = 0
    own.sent.length = 0
    ;(client.asked as Map<string, string>).clear()
    const { client: stranger, peer } = await dial(gateway, { headers: { host: '127.0.0.1', ...strange } })
    stranger.send({ type: 'req', id: 'r', method: 'connect', params: { minProtocol: 4, maxProtocol: 4, client: { id: 'cli', version: '1', platform: name.slice(0, 60), mode: 'cli', instanceId: name }, role: 'operator', scopes: [name], auth: { token: name } } })
    await stranger.closed
    peer.sent.length = 0
  }
  const metrics = async () => (await (await ask('/metrics')).text()).split('\n').filter((line) => !line.startsWith('#')).map((line) => line.split(' ')[0])
  for (let n = 0; n < 300; n++) await makeUp(n)
  platform.logged.length = 0
  const [series, before] = [await metrics(), heapUsed()]
  for (let n = 300; n < 1300; n++) await makeUp(n)
  platform.logged.length = 0
  const grown = heapUsed() - before
  expect(await metrics(), 'a name is no series').toEqual(series)
  // Each name that was kept in one place would be 6 MB.
  expect(grown).toBeLessThan(4 * MIB)
})

// --- expressions ---

const elapsed = (work: () => unknown): number => {
  const before = process.hrtime.bigint()
  work()
  return Number(process.hrtime.bigint() - before) / 1e6
}
/** Others use this machine, too: the best of some tries counts. */
const best = (work: () => unknown): number => Math.min(...[1, 2, 3, 4, 5].map(() => elapsed(work)))
/** Takes long, and not because the machine does: twice the text takes far more than twice the time. */
function isSlow(read: (text: string) => unknown, text: string): boolean {
  if (elapsed(() => read(text)) <= 10) return false
  const half = text.slice(0, text.length / 2)
  return best(() => read(text)) > Math.max(10, 3 * best(() => read(half)))
}

const N = 20_000
const REPEATED = ['a', '-', 'a-', 'a.', '*', '<', '</', '<a ', '<!', '<!--', '&', '&#', ' ', '\n', '\t ', '{{', '{{ ', '{{a', '}}', '"', "'", '\\', '%', '://', 'a://', 'x:y@', 'http://a:', 'sk-', 'sk-a-', 'eyJ', 'eyJaaaaaaaa-', 'eyJaaaaaaaa.', 'Bearer ', 'Bearer a', 'token=', '?token=', '?token=a', '-----BEGIN PRIVATE KEY-----', '_*', '**', '`', '~~', '\u200d', '\u{1f468}\u200d', '\ufe0f', '_', 'agent:', ':', '/', '..', 'AKIA', 'ghp_', 'xoxb-', '>', '<script>', '<title>', 'HEARTBEAT_OK ', '<b>'] // prettier-ignore
const CORPUS = REPEATED.flatMap((part) => {
  const text = part.repeat(Math.ceil(N / part.length))
  return [text, `${text}!`, `x${text}\u0000`]
})
const CALL = (text: string) => ({ path: 'in', headers: { 'x-a': text }, query: { q: text }, body: { text, items: [text] }, receivedAt: 0 })
const SPEC = { provider: 'p', model: 'm', baseUrl: 'http://x', apiKey: 'sk-abcdef', headers: { a: 'abcdef' }, timeoutMs: 1 }
const FACTS = (text: string) => toFacts({ get: (name: string) => (['origin', 'host', 'x-forwarded-for'].includes(name) ? text : null) }, '127.0.0.1')
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  'the log': (text) => clean(text),
  'what is hidden in the log': redactText,
  'what is hidden of the configuration': (text) => redact({ url: text, apiKey: 'abcdef' }),
  'what an upstream says': (text) => shown(SPEC, text),
  'a page of the web': (text) => toPlainText(text, 'http://x'),
  'what a person is shown': (text) => [visibleLine(text), visibleProse(text)],
  'a pattern of an operator': (text) => [fitsWildcard('*a*b*c*d*e*f*', text), fitsWildcard(text.slice(0, 2000), 'a'.repeat(2000)), fitsWildcard('*a'.repeat(500), text)],
  'a session key': (text) => canonicalSessionKey(text, 'main'),
  'a template of a hook': (text) => [render('{{body.text}} {{headers.x-a}} {{ body.text }}', CALL(text)), render(text, CALL('x')), findMapping([{ id: 'in', match: { body: { text: '*', [text.slice(0, 500)]: 'x' } } }], CALL(text))],
  'an answer that says nothing': (text) => saysNothing(text, 30),
  'a skill': (text) => parseFrontMatter(`---\nname: ${text.replaceAll('\n', ' ')}\n---\n${text}`),
  'an origin': (text) => [FACTS(text), isOriginAllowed({ ...FACTS('http://x'), origin: text, host: text }, ['https://a.example', text])],
}

it('S44 takes no expression of anybody, and none of its own takes long', () => {
  const root = new URL('../../src/', import.meta.url).pathname
  const made = globSync('**/*.ts', { cwd: root }).filter((path) => /new RegExp\(/.test(readFileSync(root + path, 'utf8')))
  // Each of them is made of names that stand in the source.
  expect(made.toSorted()).toEqual(EXPRESSIONS)
  const slow: string[] = []
  for (const [what, read] of Object.entries(READERS)) {
    for (const text of CORPUS) {
      if (isSlow(read, text)) slow.push(`${what}: ${JSON.stringify(text.slice(0, 30))}…`)
    }
  }
  expect(slow).toEqual([])
  // A page may be larger, and takes seconds if each of its signs were looked for from all others.
  expect(elapsed(() => toPlainText('<'.repeat(600_000), 'http://x'))).toBeLessThan(1000)
})

const EXPRESSIONS: readonly string[] = ['http/route-names.ts', 'kit/html-text.ts']

// --- the log ---

const MARK = 'injected'
const NASTY = [`\r\n${MARK} line`, `\u001b[31m${MARK}`, `\u0000${MARK}`, `\u0085${MARK}`, `\u2028${MARK}`, `\u009b31m${MARK}`, `"}\n{"level":"error","message":"${MARK}"}`, `${MARK}${'y'.repeat(15_000)}`]
// eslint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

it('S45 writes what strangers call themselves into one line, escaped and short', async () => {
  const scene = await openScene({ config: { ...BUILTIN, ...HOOKS, logging: { level: 'debug' } } })
  const printed: string[] = []
  const admin: Client = await scene.join()
  for (const nasty of NASTY) {
    const header = nasty.replace(/[^\u0020-\u007e]/g, '?')
    const { client } = await dial(scene.gateway, { headers: { host: header, origin: header, 'user-agent': header, 'x-forwarded-for': header } })
    const about = { id: 'cli', version: nasty, platform: nasty, mode: 'cli', displayName: nasty, deviceFamily: nasty, instanceId: nasty }
    client.send({ type: 'req', id: 'r', method: 'connect', params: { minProtocol: 4, maxProtocol: 4, client: about, role: nasty, scopes: [nasty], auth: { token: nasty }, userAgent: nasty, locale: nasty } })
    await client.closed
    for (const [method, params] of [[nasty, {}], ['connect', { [nasty]: nasty, client: { id: nasty } }]] as const) {
      const { client: stranger } = await dial(scene.gateway)
      stranger.send({ type: 'req', id: nasty, method, params })
      await stranger.closed
    }
    const { client: more } = await dial(scene.gateway)
    more.send({ type: 'req', id: 'r', method: 'connect', params: connectParams({ token: TOKEN, more: { [nasty]: 1 } }) })
    await more.closed
    const { client: device } = await dial(scene.gateway, { address: '203.0.113.9', headers: { host: 'gateway.example' } })
    await connectDevice(device, await createDevice(), { auth: { token: TOKEN }, client: { displayName: nasty, platform: nasty, version: nasty } })
    const { client: odd } = await dial(scene.gateway)
    odd.send({ type: 'req', id: 'r', method: 'connect', params: { minProtocol: 4, maxProtocol: 4, client: { ...about, id: nasty }, role: 'operator', scopes: [], auth: { token: TOKEN } } })
    await odd.closed
    for (const [method, params] of [[nasty, { [nasty]: nasty }], ['chat.send', { sessionKey: nasty, message: 'status', idempotencyKey: nasty.slice(0, 250) }], ['sessions.patch', { key: nasty, label: nasty }], ['agents.files.get', { agentId: nasty, name: nasty }], ['cron.get', { id: nasty }], ['models.probe', { provider: nasty }]] as const) await admin.request(method, params)
    for (const path of [`/${encodeURIComponent(nasty)}`, `/v1/models/${encodeURIComponent(nasty)}`, `/hooks/${encodeURIComponent(nasty)}`]) {
      await scene.gateway.fetch(toRequest(path, { headers: { 'user-agent': header, origin: header, 'x-request-id': header, authorization: `Bearer ${header}` } }), { remoteAddress: '203.0.113.9' })
    }
    const answer = await scene.gateway.fetch(toRequest('/hooks/in', { body: { name: nasty }, headers: { authorization: 'Bearer of the hooks', 'idempotency-key': header } }), { remoteAddress: '127.0.0.1' })
    expect(answer.status).toBeLessThan(500)
  }
  await settled()
  for (const record of scene.platform.logged) printed.push(toLogLine(record))
  const { lines } = await admin.call('logs.tail', { limit: 2000 })
  const told = [...printed, ...(lines as string[])].filter((line) => line.includes(MARK) || line.includes('yyyy'))
  expect(told.length, 'some of it is told').toBeGreaterThan(5)
  for (const line of told) expect(UNSAFE.test(line), JSON.stringify(line.slice(0, 300))).toBe(false)
  for (const line of lines as string[]) expect(Object.keys(JSON.parse(line)).slice(0, 4)).toEqual(['time', 'level', 'subsystem', 'message'])
  const long = told.flatMap((line) => line.match(/y{257,}/g) ?? [])
  expect(long, 'nobody says more than 256 characters').toEqual([])
  const written: string[] = []
  const logs = createLogs((record, json) => void written.push(json ?? toLogLine(record)))
  const log = createLogger('x', (record) => logs.add(record), () => 0)
  await fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 300 }), fc.boolean(), (message, field, isJson) => {
      logs.setStyle(isJson ? 'json' : 'pretty')
      log.warn(message, { field, list: [field, { field }] })
      expect(UNSAFE.test(written.at(-1)!)).toBe(false)
    }),
    { numRuns: 1000 },
  )
})

// --- the database, credentials, and who pays ---

/** Parts of a query that are put together: names of columns, tables and conditions that stand in the source. */
const INTERPOLATED = /^(?:[A-Z_]+|columns|table|where|order|query|conditions|oldest|sets|name|ofAgent\(agentId\)|(?:lightOnly|kind === undefined|jobId === undefined|newest) \? .*|rows\.map\(.*|orderOf\(query\)|[A-Z]+\.map\(.*|Object\.values\(COLUMNS\)\.join\(', '\)|COLUMNS\.(?:map|join)\(.*|MEMBERS\.map\(.*|members\.map\(.*|NAMES\.map\(.*|marks.*|.*\.map\(\(\) => '\?'\).*)$/s

it('S46 binds what it is given, lets one kind of credential in, and serves each his own', async () => {
  const root = new URL('../../src/', import.meta.url).pathname
  const queries = globSync('**/*.ts', { cwd: root }).flatMap((path) => [...readFileSync(root + path, 'utf8').matchAll(/`(?=\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP)\b)((?:[^`$]|\$\{(?:[^{}`]|`[^`]*`|\{[^}]*\})*\}|\$(?!\{))*)`/g)].map((match) => ({ path, query: match[1]! })))
  expect(queries.length).toBeGreaterThan(40)
  const parts = queries.flatMap(({ path, query }) => [...query.matchAll(/\$\{((?:[^{}`]|`[^`]*`|\{[^}]*\})*)\}/g)].map((match) => `${path}: ${match[1]}`))
  expect(parts.filter((part) => !INTERPOLATED.test(part.slice(part.indexOf(': ') + 2)))).toEqual([])

  const chunks: string[] = []
  const upstream = Promise.withResolvers<AbortSignal>()
  const fetchModel = async (_: string, init: Data) => {
    upstream.resolve(init.signal)
    const body = (async function* () {
      for (const text of ['Once ', 'upon ', 'a ', 'time ']) {
        chunks.push(text)
        yield new TextEncoder().encode(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: text } }] })}\n\n`)
      }
      await new Promise((_resolve, reject) => init.signal.addEventListener('abort', () => reject(init.signal.reason)))
    })()
    return { status: 200, headers: { get: () => 'text/event-stream' }, body, text: async () => '' }
  }
  const platform = testPlatform({ fetch: fetchModel as never })
  const scene = await openScene({ platform, config: { ...BUILTIN, models: { providers: { mock: { baseUrl: 'http://models.example/v1', models: [{ id: 'one' }] } } } } })
  const admin = await scene.join()
  const make = async (wish: object = {}) => (await admin.call('keys.create', { name: 'one', scopes: ['operator.write'], ...wish })) as { key: string; row: Data }
  const one = await make()
  const two = await make()
  const ask = (path: string, token: string | null, given: Data = {}) => scene.gateway.fetch(toRequest(path, { ...given, headers: { authorization: token === null ? null : `Bearer ${token}`, ...given.headers } }), { remoteAddress: '127.0.0.1' })

  for (const text of ["' OR '1'='1", "x'; DROP TABLE api_keys; --", '" OR 1=1 --', "eck_0000000000000000_' UNION SELECT 1 --", '\u0000', '%27', `eck_${'0'.repeat(16)}_${'a'.repeat(43)}`, `${one.key}'`, `${one.key} `, one.key.toUpperCase(), `${one.key}\u00e9`.normalize('NFD')]) {
    const { client } = await dial(scene.gateway)
    const answer = await connectDevice(client, await createDevice(), { auth: { token: text } })
    if (text.trim() !== one.key) expect(answer.ok, text).toBe(false)
    // eslint-disable-next-line no-control-regex
    if (text.trim() !== one.key && !/[^\u0020-\u007e]/.test(text)) expect((await ask('/v1/models', text)).status, text).toBe(401)
    for (const [method, params] of [['sessions.list', { search: text }], ['sessions.search', { query: text }], ['memory.search', { query: text }], ['audit.list', { agentId: text }], ['audit.calls.list', { principal: text }], ['cron.list', { query: text }], ['keys.revoke', { id: text }], ['approval.get', { id: text }], ['sessions.describe', { key: text }], ['tasks.get', { taskId: text }]] as const) {
      expect((await admin.request(method, params)).error?.code, `${method} ${text}`).not.toBe('INTERNAL')
    }
  }
  expect((await ask('/v1/models', one.key)).status, 'the keys are still there').toBe(200)
  for (const headers of [{ 'x-api-key': TOKEN }, { 'api-key': TOKEN }, { 'x-openclaw-token': TOKEN }, { 'x-goog-api-key': TOKEN }, { cookie: `token=${TOKEN}` }, { 'x-forwarded-user': 'operator' }, { 'proxy-authorization': `Bearer ${TOKEN}` }, { authorization: `Basic ${btoa(`operator:${TOKEN}`)}` }, { authorization: TOKEN }, { 'x-openclaw-scopes': 'operator.admin' }] as Data[]) {
    expect((await ask('/v1/models', null, { headers })).status, JSON.stringify(headers)).toBe(401)
  }
  for (const query of ['token', 'key', 'api_key', 'access_token', 'authorization']) expect((await ask(`/v1/models?${query}=${encodeURIComponent(TOKEN)}`, null)).status, query).toBe(401)

  const stored = (await (await ask('/v1/responses', one.key, { body: { model: 'openclaw', input: 'help' } })).json()) as Data
  for (const [verb, path] of [['GET', `/v1/responses/${stored.id}`], ['GET', `/v1/responses/${stored.id}/input_items`], ['DELETE', `/v1/responses/${stored.id}`]] as const) {
    for (const other of [two.key, TOKEN]) expect((await ask(path, other, { method: verb })).status, `${verb} ${path} of another`).toBe(404)
  }
  expect((await ask('/v1/responses', two.key, { body: { model: 'openclaw', input: 'x', previous_response_id: stored.id } })).status).toBe(400)
  expect((await ask(`/v1/responses/${stored.id}`, one.key)).status, 'the own is there').toBe(200)

  const paying = await make({ budget: { tokens: 1_000_000, period: 'total' } })
  const usage = async () => ((await admin.call('keys.list', {})).keys as Data[]).find(({ id }) => id === paying.row.id).usage
  const leaving = new AbortController()
  const answer = await ask('/v1/chat/completions', paying.key, { body: { model: 'mock/one', stream: true, messages: [{ role: 'user', content: 'tell me a long story' }] }, signal: leaving.signal })
  const reader = answer.body!.getReader()
  let heard = ''
  while (!heard.includes('time ')) heard += new TextDecoder().decode((await reader.read()).value)
  await reader.cancel()
  leaving.abort()
  expect((await upstream.promise).aborted || (await settled(), (await upstream.promise).aborted), 'the upstream is let go').toBe(true)
  await settled()
  expect(chunks).toHaveLength(4)
  const { requests, inputTokens, outputTokens } = await usage()
  expect([requests, inputTokens > 0, outputTokens > 0], 'what was said is paid for').toEqual([1, true, true])
})
