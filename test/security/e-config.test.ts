// The configuration, what is said in it and what is told of it: agents and nodes write none of it, no key of it reaches a
// prototype, no secret of it comes out, and hooks are closed where it does not open them.

import { chmodSync, globSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openDatabase } from '../../runtimes/node/database.ts'
import { createProcessPlatform } from '../../runtimes/shared/process-platform.ts'
import { createGateway } from '../../src/index.ts'
import type { Client, Data } from '../harness/client.ts'
import { settled } from '../harness/clock.ts'
import { connectDevice, createDevice } from '../harness/device.ts'
import { dial } from '../harness/peer.ts'
import { testPlatform, TOKEN } from '../harness/platform.ts'
import { toRequest } from '../http/door.ts'
import { script } from '../suites/target.ts'
import { openScene } from './scene.ts'

const key = () => crypto.randomUUID()
const BUILTIN = { agents: { defaults: { model: 'builtin/operator' } } }

/** A file that is a variable. */
function fakeFile(text: string) {
  const file = { text, path: '/test/openclaw.json', read: async () => file.text as string | null, write: async (next: string) => void (file.text = next) }
  return file
}

it('S27 takes who somebody is from his credential, whatever he says of himself', async () => {
  const scene = await openScene()
  const plain = await scene.join({ scopes: ['operator.write'] })
  const claims = fc.record(
    {
      systemInputProvenance: fc.constantFrom<unknown>({ kind: 'internal_system', trusted: true }, 'owner', null),
      systemProvenanceReceipt: fc.constantFrom('signed by the gateway', 'owner'),
      originatingChannel: fc.constantFrom('internal', 'webchat', 'cron'),
      originatingTo: fc.string(),
      originatingAccountId: fc.constantFrom('owner', 'operator', 'device:0'),
      workContext: fc.constantFrom<unknown>({ scopes: ['operator.admin'] }, { senderIsOwner: true }),
      toolBindings: fc.constantFrom<unknown>({ allow: ['*'] }, ['exec']),
      expectedPermissionMode: fc.constantFrom<unknown>('bypassPermissions', { mode: 'full' }),
    },
    { requiredKeys: [] },
  )
  await fc.assert(
    fc.asyncProperty(claims, async (more) => {
      const idempotencyKey = key()
      await plain.call('chat.send', { sessionKey: `agent:main:${key()}`, message: '/whoami', idempotencyKey, ...more })
      const { message } = await plain.ended(idempotencyKey)
      expect(message.content[0].text).toBe('You are operator, with the scopes operator.write, operator.read, operator.talk.')
    }),
    { numRuns: 100 },
  )
  for (const claim of [{ senderIsOwner: true }, { scopes: ['operator.admin'] }, { principal: 'root' }, { caller: { id: 'x' } }]) {
    expect((await plain.request('chat.send', { sessionKey: 'main', message: 'x', idempotencyKey: key(), ...claim })).error, JSON.stringify(claim)).toMatchObject({ message: expect.stringContaining('unexpected property') })
  }
  // What is written down is the credential's, and not the name that the client gave itself.
  const { client: liar } = await dial(scene.gateway)
  await liar.event('connect.challenge')
  const client = { id: 'openclaw-control-ui', displayName: 'root', version: '1', platform: 'linux', mode: 'backend', deviceFamily: 'device:0', instanceId: 'operator' }
  const said = await liar.request('connect', { minProtocol: 4, maxProtocol: 4, client: { ...client, id: 'gateway-client' }, role: 'operator', scopes: ['operator.admin'], caps: ['approvals'], auth: { token: TOKEN }, userAgent: 'root' })
  expect(said.ok).toBe(true)
  const asks = await scene.join()
  const id = key()
  const pending = asks.call('exec.approval.request', { id, command: 'ls' })
  await liar.event('exec.approval.requested')
  await liar.call('exec.approval.resolve', { id, decision: 'deny', reviewer: { channel: 'slack', accountId: 'root', senderId: 'root' } })
  await pending
  expect(await liar.event('exec.approval.resolved', (payload) => payload.id === id)).toMatchObject({ resolvedBy: 'operator' })
  expect((await asks.call('approval.get', { id })).approval).toMatchObject({ resolver: { kind: 'runtime', id: 'operator' } })
  await liar.call('config.patch', { raw: '{"logging":{"level":"warn"}}', baseHash: (await liar.call('config.get', {})).hash, sessionKey: 'root', note: 'by root', deliveryContext: { channel: 'root' } })
  expect((await asks.call('config.history', {})).revisions[0]).toMatchObject({ by: 'operator' })
  const { calls } = await asks.call('audit.calls.list', { limit: 100 })
  expect(new Set((calls as Data[]).map(({ principal }) => principal))).toEqual(new Set(['operator']))
})

/** The paths of all values that the schema of the configuration knows, with `*` for names and places that people choose. */
function leavesOf(node: Data, path: readonly string[] = []): string[][] {
  const options = (node.anyOf ?? []) as Data[]
  const members = Object.entries(node.properties ?? {}) as [string, Data][]
  const each = [node.items, typeof node.additionalProperties === 'object' && Object.keys(node.additionalProperties).length > 0 ? node.additionalProperties : undefined].filter(Boolean) as Data[]
  const below = [...members.flatMap(([name, child]) => leavesOf(child, [...path, name])), ...each.flatMap((child) => leavesOf(child, [...path, '*'])), ...options.flatMap((option) => leavesOf(option, path))]
  return below.length > 0 ? below : [[...path]]
}
const toDotted = (leaves: readonly string[][]): string[] => [...new Set(leaves.map((leaf) => leaf.join('.')))]

/** A patch of one leaf: of objects, and of lists where the schema has them. */
const patchAt = (path: string, value: unknown): unknown => path.split('.').reduceRight<unknown>((inner, name) => (name === '*' ? [{ id: 'main', ...(inner as object) }] : { [name]: inner }), value)

it('S28 lets no node and no agent write any value of the configuration', async () => {
  const file = fakeFile(JSON.stringify({ ...BUILTIN, gateway: { tools: { allow: ['cron', 'nodes', 'write', 'edit', 'gateway', 'config', '*'] } } }))
  const scene = await openScene({ platform: testPlatform({ config: file }), config: undefined as never })
  const node = await scene.node({ commands: ['system.run'] })
  const { admin } = node
  const { schema } = await admin.call('config.schema', {})
  const leaves = toDotted(leavesOf(schema))
  expect(leaves.length).toBeGreaterThan(180)
  const before = file.text
  const { hash } = await admin.call('config.get', {})
  const writes = ['config.patch', 'config.set', 'config.apply']
  for (const path of leaves) {
    const raw = JSON.stringify(patchAt(path, 'changed'))
    const answers = await Promise.all(writes.map((method) => node.client.request(method, { raw, baseHash: hash })))
    for (const { error } of answers) expect(error, path).toMatchObject({ message: 'unauthorized role: node' })
    expect(await node.client.call('node.event', { event: 'config.patch', payload: { raw, baseHash: hash } })).toMatchObject({ handled: false })
  }
  // An agent has no tool for it, by whatever name and of whatever form.
  const names = [...writes, 'gateway', 'config', 'config_patch', 'config.apply', 'agents_update', 'agents.update', 'plugins.setEnabled', 'exec.approvals.set', 'update.run']
  const steps = leaves.flatMap((path, at) => [
    { tool: { name: names[at % names.length]!, arguments: { action: 'config.patch', raw: JSON.stringify(patchAt(path, 'changed')), baseHash: hash, path, value: 'changed' } } },
  ])
  for (let from = 0; from < steps.length; from += 20) {
    const sessionKey = `agent:main:${key()}`
    const idempotencyKey = key()
    await admin.call('chat.send', { sessionKey, message: script(...steps.slice(from, from + 20), { text: 'done' }), idempotencyKey })
    await admin.ended(idempotencyKey)
    const { messages } = await admin.call('chat.history', { sessionKey, limit: 200 })
    const results = messages.filter((message: Data) => message.role === 'toolResult')
    expect(results).toHaveLength(Math.min(20, steps.length - from))
    for (const result of results) expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('there is no tool') }] })
  }
  for (const path of ['../openclaw.json', '/test/openclaw.json', 'openclaw.json/../../openclaw.json', '..\\openclaw.json']) {
    expect(await scene.useTool(admin, 'write', { path, content: '{}' })).toMatch(/workspace|path/)
  }
  for (const name of names) {
    const answer = await scene.gateway.fetch(toRequest('/tools/invoke', { body: { name, args: { raw: '{}', baseHash: hash } } }), { remoteAddress: '127.0.0.1' })
    expect(answer.status, name).toBe(404)
  }
  expect(file.text).toBe(before)
  expect((await admin.call('config.get', {})).hash).toBe(hash)
})

// --- keys that reach prototypes ---

const DANGEROUS = ['__proto__', 'constructor', 'prototype']
const word = fc.constantFrom('gateway', 'agents', 'models', 'providers', 'x', '0', 'a.b', ...DANGEROUS)
const json = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, fc.constantFrom<unknown>(1, 'polluted', true, null), tie('object'), fc.array(tie('value'), { maxLength: 2 })),
  object: fc.array(fc.tuple(word, tie('value')), { maxLength: 3 }).map((members) => Object.fromEntries(members.map(([name, value]) => [name, value]))),
})).object
/** JSON text with keys as they are, some of them written with escapes, and those that objects cannot have by name. */
const rawJson = fc.tuple(json, fc.constantFrom(...DANGEROUS), fc.boolean(), fc.array(word, { maxLength: 4 })).map(([value, bad, escaped, path]) => {
  const name = escaped ? [...bad].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('') : bad
  const inner = `{"${name}":{"polluted":"yes","isAdmin":true,"scopes":["operator.admin"]}}`
  const nested = path.reduceRight((text, each, at) => (at % 2 ? `[${text}]` : `{${JSON.stringify(each)}:${text}}`), inner)
  return { nested, mixed: `{${JSON.stringify(value).slice(1, -1) || '"y":1'},"z":${nested}}` }
})

const untouched = () => {
  for (const name of ['polluted', 'isAdmin', 'scopes']) expect(({} as Data)[name]).toBeUndefined()
  for (const own of [Object.prototype, Array.prototype, Function.prototype]) expect(Object.keys(own)).toEqual([])
}

it('S29 lets no key reach a prototype, wherever it stands', async () => {
  const scene = await openScene({ config: { ...BUILTIN, hooks: { enabled: true, token: 'of the hooks', mappings: [{ id: 'in', action: 'wake', wakeMode: 'next-heartbeat', textTemplate: 'x {{body.__proto__.polluted}}{{body.constructor.name}}{{headers.__proto__}}{{values.constructor}}{{z}}' }] } } })
  const admin = await scene.join()
  const node = await scene.node({ commands: ['location.get'] })
  const hook = (body: string) => scene.gateway.fetch(toRequest('/hooks/in', { body, headers: { authorization: 'Bearer of the hooks' } }), { remoteAddress: '127.0.0.1' })
  const { hash } = await admin.call('config.get', {})
  await fc.assert(
    fc.asyncProperty(rawJson, async ({ nested, mixed }) => {
      for (const raw of [nested, mixed]) {
        expect((await admin.request('config.patch', { raw, baseHash: hash })).ok, raw).toBe(false)
        expect((await admin.request('config.set', { raw, baseHash: hash })).ok, raw).toBe(false)
        expect([200, 503], 'it is heard, or too much is waiting').toContain((await hook(raw)).status)
      }
      const bare = nested.slice(1, -1)
      const frames = [
        `{"type":"req","id":"r0","method":"cron.add","params":{"name":"x","schedule":{"kind":"at","at":"never"},"sessionTarget":"main","wakeMode":"now","payload":${nested}}}`,
        `{"type":"req","id":"r0","method":"chat.send","params":{"sessionKey":"x","message":"x","workContext":${nested},${bare.startsWith('{') ? `"y":${nested}` : bare}}}`,
        `{"type":"req","id":"r0","method":"users.prefs.set","params":{"prefs":${mixed}}}`,
        `{"type":"req","id":"r0",${nested.startsWith('{') ? bare : `"y":${nested}`},"method":"health"}`,
        mixed,
      ]
      for (const frame of frames) admin.send(frame)
      node.client.send(`{"type":"req","id":"r0","method":"node.event","params":{"event":"node.host.stats","payload":${mixed}}}`)
      const { client: stranger } = await dial(scene.gateway)
      stranger.send(`{"type":"req","id":"r0","method":"connect","params":{"minProtocol":4,"maxProtocol":4,"role":"operator","scopes":[],"client":${nested},"auth":${mixed}}}`)
      await stranger.closed
      expect(stranger.frames.some(({ ok }) => ok)).toBe(false)
      untouched()
    }),
    { numRuns: 150 },
  )
  await settled()
  untouched()
  for (const name of [...DANGEROUS, '__PROTO__', 'toString', 'hasOwnProperty', '__defineGetter__', 'agent:__proto__:main', 'agent:main:__proto__', '__proto__/x', '0']) {
    const asked: readonly (readonly [string, object])[] = [
      ['agents.files.list', { agentId: name }],
      ['agents.create', { name, workspace: 'x' }],
      ['config.schema.lookup', { path: `${name}.${name}` }],
      ['cron.get', { id: name }],
      ['node.describe', { nodeId: name }],
      ['exec.approval.get', { id: name }],
      ['sessions.describe', { key: name }],
      ['sessions.patch', { key: name, label: name }],
      ['users.prefs.set', { prefs: { [name]: name } }],
      ['tools.invoke', { name, args: {} }],
      [name, {}],
    ]
    for (const [method, params] of asked) expect((await admin.request(method, JSON.parse(JSON.stringify(params)))).error?.code, `${method} ${name}`).not.toBe('INTERNAL')
    for (const path of [`/v1/models/${name}`, `/v1/responses/${name}`, `/avatar/${name}`, `/canvas-host/${name}/x`, `/schemas/${name}`, `/hooks/${name}`]) {
      const { status } = await scene.gateway.fetch(toRequest(path, {}), { remoteAddress: '127.0.0.1' })
      expect(status, path).toBeLessThan(500)
    }
    untouched()
  }
  expect(scene.platform.logged.filter(({ level, message }) => level === 'error' && /failed/.test(message))).toEqual([])
})

// --- secrets ---

let count = 0
const canary = (): string => `canary-${(count++).toString(36)}-${'q'.repeat(12)}`
const isCanary = (text: string): boolean => /canary-[0-9a-z]+-q{12}/.test(text)

/** Every place of the schema where a secret may stand, with one in it. */
const secretConfig = () => ({
  ...BUILTIN,
  gateway: { auth: { mode: 'token', token: canary(), password: canary() } },
  models: { providers: { mock: { baseUrl: `https://user:${canary()}@models.example/v1`, apiKey: canary(), headers: { 'x-own': canary(), authorization: `Bearer ${canary()}` }, accessKeyId: canary(), secretAccessKey: canary(), sessionToken: canary(), models: [{ id: 'one' }] } } },
  tts: { providers: { mock: { apiKey: canary() } }, personas: { calm: { providers: { mock: { apiKey: canary() } } } } },
  talk: { providers: { mock: { apiKey: canary() } }, realtime: { apiKey: canary() } },
  mcp: { servers: { far: { url: `https://user:${canary()}@mcp.example/mcp`, headers: { authorization: canary(), 'x-key': canary() }, env: { ANY: canary(), API_KEY: canary() } } } },
  skills: { entries: { some: { apiKey: canary(), env: { ANY: canary() } } } },
  hooks: {
    enabled: true,
    token: canary(),
    presets: ['github'],
    github: { secret: canary() },
    mappings: [{ id: 'signed', match: { path: 'signed', headers: { 'x-sender-token': canary() } }, verify: { header: 'x-sig', secret: canary() }, messageTemplate: 'x' }],
  },
  // Sections that others own are kept, and shown to nobody either.
  channels: { telegram: { botToken: canary(), accounts: { one: { token: canary() } } }, slack: { appToken: canary(), signingSecret: canary() } },
  env: { vars: { OPENAI: canary() } },
})
const SECRET_LEAF = /(?:token|password|secret|apikey|accesskeyid|secretaccesskey)$|(?:headers|env)\.\*$/i

it('S30 tells nobody a secret of the configuration, wherever it stands there', async () => {
  const config = secretConfig()
  const secrets = JSON.stringify(config).match(/canary-[0-9a-z]+-q{12}/g)!
  const file = fakeFile(JSON.stringify(config))
  const failing = (url: string, init: Data) => Promise.reject(new Error(`no way to ${url} with ${JSON.stringify(init?.headers ?? {})}`))
  const platform = testPlatform({ config: file, fetch: failing as never, env: { OPENCLAW_GATEWAY_TOKEN: '' } })
  const scene = await openScene({ platform, config: undefined as never })
  const token = config.gateway.auth.token
  const admin = await scene.join({ token, more: { caps: ['approvals', 'tool-events'] } })
  const { schema } = await admin.call('config.schema', {})
  const places = toDotted(leavesOf(schema)).filter((path) => SECRET_LEAF.test(path) && !/^logging|maxTokens/.test(path))
  const written = toDotted(leavesOfValue(config)).map((path) => path.replace(/\.\d+(?=\.|$)/g, '.*'))
  const covered = (place: string) => written.some((path) => new RegExp(`^${place.replaceAll('.', '\\.').replaceAll('*', '[^.]+')}$`).test(path))
  expect(places.filter((place) => !covered(place)), 'there is a canary in each of them').toEqual([])
  expect(places.length).toBeGreaterThan(14)

  for (const scopes of [['operator.admin'], ['operator.read']]) {
    const client = await scene.join({ token, scopes })
    await client.call('health.subscribe', {})
    await client.call('sessions.subscribe', {})
    for (const [method, params] of READS) await client.request(method, params)
  }
  const { raw, hash } = await admin.call('config.get', {})
  expect(raw).toContain('__OPENCLAW_REDACTED__')
  expect((await admin.call('config.patch', { raw: '{"logging":{"level":"debug"}}', baseHash: hash })).ok).toBe(true)
  const { hash: next, raw: shown } = await admin.call('config.get', {})
  await admin.call('config.set', { raw: shown, baseHash: next })
  for (const secret of secrets) expect(file.text, 'what is shown in its place means the same').toContain(secret)
  const broken = await admin.request('config.patch', { raw: JSON.stringify({ models: { providers: { mock: { baseUrl: `ftp://user:${canary()}@x`, apiKey: 5 } } } }), baseHash: (await admin.call('config.get', {})).hash })
  expect(broken.ok).toBe(false)
  await admin.call('sessions.patch', { key: 'main', model: 'mock/one' })
  const idempotencyKey = key()
  await admin.call('chat.send', { sessionKey: 'main', message: 'hello', idempotencyKey })
  await scene.clock.advance(10 * 60_000)
  expect(await admin.ended(idempotencyKey), 'the provider was asked, with the key').toMatchObject({ state: 'error' })
  await admin.call('sessions.patch', { key: 'main', model: null })
  const probed = admin.request('models.probe', { provider: 'mock' })
  await scene.clock.advance(10 * 60_000)
  expect(JSON.stringify(await probed)).toContain('mock')
  for (const name of ['gateway_status', 'gateway_health', 'models_list', 'sessions_list']) expect(isCanary(await scene.useTool(admin, name))).toBe(false)
  for (const path of ['/health', '/ready', '/v1/models', '/metrics', '/openapi.json', '/avatar/main', '/schemas']) {
    const answer = await scene.gateway.fetch(toRequest(path, { headers: { authorization: `Bearer ${token}` } }), { remoteAddress: '127.0.0.1' })
    expect(isCanary(await answer.text()), path).toBe(false)
  }
  const { client: wrong } = await dial(scene.gateway)
  const refused = await connectDevice(wrong, await createDevice(), { auth: { token: `${token}x` } })
  expect(refused.ok).toBe(false)
  await scene.gateway.close()
  const heard = [...admin.frames, ...wrong.frames].map((frame) => JSON.stringify(frame))
  expect(heard.filter(isCanary).map((text) => text.replace(/.*?(.{60}canary-[0-9a-z]+-q{12}.{30}).*/s, '$1'))).toEqual([])
  expect(scene.platform.logged.map((record) => JSON.stringify(record)).filter(isCanary)).toEqual([])
  const kept = platform.sql.all<{ name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
  for (const { name } of kept) expect(JSON.stringify(platform.sql.all(`SELECT * FROM "${name}"`)).match(/canary-[0-9a-z]+-q{12}/g) ?? [], `the table ${name}`).toEqual([])
})

const leavesOfValue = (value: unknown, path: readonly string[] = []): string[][] => (typeof value !== 'object' || value === null ? [[...path]] : Object.entries(value).flatMap(([name, member]) => leavesOfValue(member, [...path, name])))

const READS: readonly (readonly [string, object])[] = [
  ['config.get', {}], ['config.history', {}], ['config.schema', {}], ['status', {}], ['health', {}], ['models.list', {}], ['models.authStatus', {}], ['talk.config', {}], ['talk.catalog', {}],
  ['tts.status', {}], ['tts.providers', {}], ['tts.personas', {}], ['skills.status', {}], ['plugins.list', {}], ['channels.status', {}], ['logs.tail', {}], ['audit.list', {}], ['audit.calls.list', {}],
  ['audit.activity.list', {}], ['diagnostics.stability', {}], ['tools.catalog', {}], ['tools.effective', { sessionKey: 'main' }], ['agents.list', {}], ['hooks.requests.list', {}], ['usage.status', {}],
  ['sessions.list', {}], ['secrets.reload', {}], ['wizard.status', {}], ['update.status', {}], ['exec.approvals.get', {}], ['commands.list', {}],
] // prettier-ignore

it('S30 keeps its files from others, whatever their mode was before', async () => {
  const stateDir = mkdtempSync(joinPath(tmpdir(), 'edgeclaw-modes-'))
  try {
    const path = joinPath(stateDir, 'openclaw.json')
    writeFileSync(path, JSON.stringify({ gateway: { auth: { mode: 'token', token: canary() } } }))
    chmodSync(path, 0o644)
    const env = { OPENCLAW_STATE_DIR: stateDir }
    const platform = createProcessPlatform(env, { name: 'node', openDatabase, fetch: (() => Promise.reject(new Error('none'))) as never, assets: undefined }, { onAlarm() {}, restart() {} })
    const gateway = createGateway({ ...platform, log: () => {} })
    await gateway.start()
    const text = (await platform.config.read())!
    await platform.config.backup!.keep(text)
    await platform.config.write!(`${text} `)
    chmodSync(path, 0o644)
    expect(await platform.config.putBack()).toBe(true)
    await platform.files.setItemRaw('media:one', new Uint8Array([1]))
    const open = () => globSync(['**/*', '**/.*'], { cwd: stateDir, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => joinPath(entry.parentPath, entry.name)).filter((each) => statSync(each).mode & 0o077)
    // A directory that nobody else may enter keeps what lies in it.
    const outside = open().filter((each) => !each.startsWith(joinPath(stateDir, 'edgeclaw')))
    expect(outside).toEqual([])
    expect(statSync(joinPath(stateDir, 'edgeclaw')).mode & 0o077).toBe(0)
    expect(statSync(joinPath(stateDir, 'edgeclaw', 'state.sqlite')).mode & 0o777).toBe(0o600)
    await gateway.close()
    platform.end()
  } finally {
    rmSync(stateDir, { recursive: true, force: true })
  }
})

// --- hooks ---

it('S31 lets a hook do what hooks may, closed where nothing opens it, and once for each sender', async () => {
  const AUTH = { authorization: 'Bearer of the hooks' }
  const hooked = async (hooks: object, agents: object = { list: [{ id: 'main', default: true }, { id: 'second' }] }) => {
    const scene = await openScene({ config: { agents: { defaults: { model: 'builtin/operator' }, ...agents }, hooks } })
    const post = async (path: string, body: unknown, headers: Record<string, string | null> = AUTH): Promise<{ status: number; text: string }> => {
      const answer = await scene.gateway.fetch(toRequest(`/hooks/${path}`, { body, headers: { authorization: null, ...headers } }), { remoteAddress: '127.0.0.1' })
      return { status: answer.status, text: await answer.text() }
    }
    return { ...scene, post }
  }
  // Blank or missing secrets let nobody in, and are named at the start.
  for (const hooks of [{ enabled: true }, { enabled: true, token: '' }, { enabled: true, token: '  \t' }, { enabled: true, token: 'x', presets: ['github'] }, { enabled: true, token: 'x', mappings: [{ id: 'a', verify: { header: 'x', secret: '' } }] }]) {
    await expect(hooked(hooks), JSON.stringify(hooks)).rejects.toThrow('hooks')
  }
  const { post: blank } = await hooked({ enabled: true, mappings: [{ id: 'signed', verify: { header: 'x-sig', secret: '   ' }, messageTemplate: 'x' }] })
  for (const headers of [{}, { authorization: 'Bearer ' }, { authorization: 'Bearer undefined' }, { 'x-openclaw-token': '' }, { 'x-openclaw-token': ' ' }, { 'x-sig': '' }, { 'x-sig': 'b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad' }]) {
    for (const path of ['agent', 'wake', 'signed']) expect((await blank(path, { message: 'x', text: 'x' }, headers as Record<string, string>)).status, `${path} ${JSON.stringify(headers)}`).toBe(401)
  }

  const scene = await hooked({
    enabled: true,
    token: 'of the hooks',
    allowedAgentIds: ['second'],
    mappings: [
      { id: 'to-main', agentId: 'main', messageTemplate: 'x' },
      { match: { path: 'in', source: 'a' }, agentId: 'second', messageTemplate: 'of a', deliveryPath: 'delivery' },
      { match: { path: 'in', source: 'b' }, agentId: 'second', messageTemplate: 'of b', deliveryPath: 'delivery' },
      { id: 'one', agentId: 'second', messageTemplate: 'x', deliveryHeader: 'x-delivery' },
      { id: 'two', agentId: 'second', messageTemplate: 'x', deliveryHeader: 'x-delivery' },
    ],
  })
  const { post } = scene
  const variants: unknown[] = ['', ' ', 'main', 'MAIN', ' main', 'Second', 'SECOND', 'sec\u0000ond', 'second/../main', ['second'], ['main', 'second'], { id: 'second' }, null, 0, true, '*', '__proto__', 'nobody']
  for (const agentId of variants) {
    expect((await post('agent', { message: 'status', agentId })).status, JSON.stringify(agentId)).toBe(400)
    expect((await post('wake', { text: 'x', agentId })).status, JSON.stringify(agentId)).toBe(400)
  }
  expect((await post('agent', { message: 'x' })).status, 'the default agent is not open').toBe(400)
  expect((await post('to-main', {})).status).toBe(400)
  expect((await post('agent', { message: script({ tool: { name: 'cron', arguments: { action: 'add', job: { name: 'x', schedule: { kind: 'every', everyMs: 1000 }, payload: { kind: 'systemEvent', text: 'x' } } } } }, { text: 'done' }), agentId: 'second' })).status).toBe(200)
  const admin: Client = await scene.join()
  for (const [method, params] of [['health', {}], ['config.get', {}]] as const) expect((await admin.request(method, params)).ok).toBe(true)
  const { status } = await scene.gateway.fetch(toRequest('/v1/models', { headers: AUTH }), { remoteAddress: '127.0.0.1' })
  expect(status, 'the token of the hooks opens nothing else').toBe(401)

  const idOf = async (path: string, body: object, headers: object = {}) => (JSON.parse((await post(path, body, { ...AUTH, ...headers })).text) as Data).runId as string
  const first = await idOf('one', {}, { 'x-delivery': '7' })
  expect(await idOf('one', {}, { 'x-delivery': '7' }), 'again').toBe(first)
  expect(await idOf('two', {}, { 'x-delivery': '7' }), 'by another way').not.toBe(first)
  const ofA = await idOf('in', { source: 'a', delivery: '7' })
  expect(await idOf('in', { source: 'a', delivery: '7' }), 'again').toBe(ofA)
  expect(await idOf('in', { source: 'b', delivery: '7' }), 'of another sender').not.toBe(ofA)
  await settled()
  expect((await admin.call('cron.list', {})).jobs).toEqual([])
})
