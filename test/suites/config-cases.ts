// The configuration: reading it, changing it, taking changes back, its schema; secrets and providers. Each case leaves it
// as it was.

import { expect, it } from 'vitest'
import type { Data } from '../harness/client.ts'
import { hashOf, patch, read, refusedPatch, untouched } from './config-scenes.ts'
import type { Reach, Target } from './target.ts'

const REDACTED = '__OPENCLAW_REDACTED__'
const HASH = /^hmac-sha256:v1:[A-Za-z0-9_-]{43}$/

export function configCases(at: Reach, get: () => Target): void {
  const join = async () => (await at.join()).client

  // --- reading ---

  it('is told whole, without secrets, with the hash that a change must name', async () => {
    const client = await join()
    const config = await read(client)
    expect(config).toMatchObject({
      exists: true,
      valid: true,
      issues: [],
      legacyIssues: [],
      includedPaths: [],
      waitingForRestart: [],
      parsed: { models: { providers: { mock: { apiKey: REDACTED } } } },
      sourceConfig: { agents: { defaults: { model: 'builtin/operator' } } },
      runtimeConfig: { models: { providers: { mock: { apiKey: REDACTED } } } },
    })
    for (const hash of [config.hash, config.appliedConfigHash, config.configRevisionHash]) expect(hash).toMatch(HASH)
    expect(config.appliedConfigHash).toBe(config.configRevisionHash)
    expect(JSON.parse(config.raw)).toEqual(config.parsed)
    expect(JSON.stringify(config)).not.toContain('sk-of-the-mock')
  })

  it('tells every connection which revision is active', async () => {
    const { client, hello } = await at.join()
    expect(hello.snapshot.appliedConfigHash).toBe((await read(client)).appliedConfigHash)
  })

  it('is read by readers, and changed by admins alone', async () => {
    const { client } = await at.join({ scopes: ['operator.read', 'operator.write'] })
    await read(client)
    for (const method of ['config.set', 'config.patch', 'config.apply', 'config.confirm', 'config.reload', 'config.openFile']) {
      const { error } = await client.request(method, { raw: '{}' })
      expect(error, method).toMatchObject({ code: 'FORBIDDEN', details: { missingScope: 'operator.admin' } })
    }
  })

  it.each(['config.get', 'config.schema', 'config.reload', 'secrets.reload', 'update.hold'])('%s takes no params', async (method) => {
    const client = await join()
    expect((await client.request(method, { nonsense: true })).error!.message).toBe(`invalid ${method} params: at root: unexpected property 'nonsense'`)
  })

  // --- config.set ---

  it('is replaced only by someone who has read it', async () => {
    const client = await join()
    const { raw } = await read(client)
    const without = await client.request('config.set', { raw })
    expect(without.error).toMatchObject({ code: 'INVALID_REQUEST', message: 'config base hash required; re-run config.get and retry' })
    const stale = await client.request('config.set', { raw, baseHash: 'of-another-day' })
    expect(stale.error).toMatchObject({ code: 'INVALID_REQUEST', message: 'config changed since last load; re-run config.get and retry' })
  })

  it.each([
    ['{]', 'SyntaxError: JSON5'],
    ['[]', 'invalid config: <root>: must be an object'],
    ['"text"', 'invalid config: <root>: must be an object'],
    ['{ gateway: { bind: "everywhere" } }', 'invalid config: gateway.bind: must be equal to one of the allowed values'],
    ['{ agents: { list: [{ id: "Not An Id" }] } }', 'invalid config: agents.list.0.id: must match pattern'],
    ['{ models: { providers: { x: { apiKey: "${NOBODY_HAS_SET_THIS}" } } } }', 'needs the environment variable NOBODY_HAS_SET_THIS'],
    ['{ gateway: { mode: "remote" } }', 'this file describes a client'],
    [`${'['.repeat(200)}${']'.repeat(200)}`, 'nested too deeply'],
  ])('does not become %s', async (raw, says) => {
    const client = await join()
    const before = await read(client)
    const { error } = await client.request('config.set', { raw, baseHash: before.hash })
    expect(error!.code).toBe('INVALID_REQUEST')
    expect(error!.message).toContain(says)
    expect(await read(client)).toEqual(before)
  })

  it('names what is wrong with its path, for forms', async () => {
    const client = await join()
    const { error } = await client.request('config.set', { raw: '{ gateway: { port: 0, bind: "x" } }', baseHash: await hashOf(client) })
    expect(error!.details).toMatchObject({ issues: [{ path: 'gateway.port' }, { path: 'gateway.bind' }] })
  })

  it('is replaced whole, in JSON5, and keeps the secrets behind placeholders', async () => {
    const client = await join()
    get().upstream.on('of-the-set', (exchange) => exchange.answer(exchange.headers.authorization === 'Bearer sk-of-the-mock' ? 'ok' : 'no key'))
    await untouched(client, async () => {
      const { parsed } = await read(client)
      const next = { ...parsed, session: { mainKey: 'main' }, models: { providers: { ...parsed.models.providers, mock: { ...parsed.models.providers.mock, models: [{ id: 'of-the-set' }] } } } }
      const written = await client.call('config.set', { raw: `// mine\n${JSON.stringify(next)}`, baseHash: await hashOf(client) })
      expect(written).toMatchObject({ ok: true, applied: true, hash: await hashOf(client) })
      expect(written.changedPaths.toSorted()).toEqual(['models.providers.mock.models', 'session'])
      expect(written.config.models.providers.mock.apiKey).toBe(REDACTED)
      expect(await client.call('models.probe', { provider: 'mock' })).toMatchObject({ provider: 'mock', status: 'ok' })
      expect(JSON.stringify(get().upstream.requests)).toContain('of-the-set')
      await client.call('config.set', { raw: JSON.stringify(parsed), baseHash: written.hash })
      expect((await read(client)).parsed).toEqual(parsed)
    })
  })

  it.each([
    { gateway: { auth: { password: REDACTED } } },
    { logging: { file: REDACTED } },
    { models: { providers: { other: { apiKey: REDACTED } } } },
    { models: { providers: { mock: { headers: { 'x-key': `Bearer ${REDACTED}` } } } } },
  ])('takes no placeholder that stands for nothing: %j', async (change) => {
    const client = await join()
    expect((await refusedPatch(client, change)).message).toContain(`Sentinel value "${REDACTED}" in key`)
  })

  // --- config.patch ---

  it('is patched member by member, tells everybody, and says what has changed', async () => {
    const [client, other] = [await join(), await join()]
    await untouched(client, async () => {
      const written = await patch(client, { session: { mainKey: 'home' } }, { note: 'because I say so' })
      expect(written).toMatchObject({
        ok: true,
        applied: true,
        changedPaths: ['session'],
        waitingForRestart: [],
        sentinel: { persisted: true, payload: { kind: 'config-patch', status: 'ok', message: 'because I say so', stats: { mode: 'config.patch', requiresRestart: false } } },
      })
      const { path, hash } = await other.event('config.changed', (payload) => payload.hash === written.hash)
      expect({ path, hash }).toEqual({ path: (await read(client)).path, hash: await hashOf(client) })
      expect((await client.call('agents.list', {})).mainKey).toBe('home')
      expect((await patch(client, { session: { mainKey: 'house' } })).changedPaths).toEqual(['session.mainKey'])
      expect((await patch(client, { session: null })).changedPaths).toEqual(['session'])
      expect((await read(client)).parsed.session).toBeUndefined()
      expect(other.isOpen).toBe(true)
    })
  })

  it('needs no hash for a patch that changes nothing', async () => {
    const client = await join()
    for (const raw of ['{}', '{ agents: { defaults: { model: "builtin/operator" } }, nothing: null }', `{ models: { providers: { mock: { apiKey: "${REDACTED}" } } } }`]) {
      expect(await client.call('config.patch', { raw })).toMatchObject({ ok: true, noop: true, changedPaths: [] })
    }
  })

  it('names the paths for which it needs one', async () => {
    const client = await join()
    const { error } = await client.request('config.patch', { raw: '{ ui: { seamColor: "#ff0000" }, logging: { level: "warn" } }' })
    expect(error!.message).toBe('config base hash required for ui.seamColor, logging.level; re-run config.get and retry with baseHash')
    expect((await refusedPatch(client, { logging: { level: 'warn' } }, { baseHash: 'old' })).message).toBe('config changed since last load; re-run config.get and retry')
  })

  it.each(['nonsense', '[]', 'null', '5', '"x"'])('is not patched with %s', async (raw) => {
    const client = await join()
    expect((await refusedPatch(client, raw)).message).toMatch(/^SyntaxError: JSON5|^config\.patch raw must be an object$/)
  })

  it('merges lists of things with ids by their ids', async () => {
    const client = await join()
    await untouched(client, async () => {
      const before = (await read(client)).parsed.models.providers.mock.models[0]
      await patch(client, { models: { providers: { mock: { models: [{ id: 'plain', name: 'Plain' }, { id: 'new', contextWindow: 5 }] } } } })
      const models = () => read(client).then(({ parsed }) => parsed.models.providers.mock.models)
      expect(await models()).toEqual([{ ...before, name: 'Plain' }, { id: 'new', contextWindow: 5 }])
      await patch(client, { models: { providers: { mock: { models: [{ id: 'new', contextWindow: null }] } } } })
      expect(await models()).toEqual([{ ...before, name: 'Plain' }, { id: 'new' }])
      const { message } = await refusedPatch(client, { models: { providers: { mock: { models: [{ id: 'new', name: 'a' }, { id: 'new', name: 'b' }] } } } })
      expect(message).toBe('Ambiguous duplicate ID new in array at models.providers.mock.models.')
    })
  })

  it('loses no entry of a list by accident', async () => {
    const client = await join()
    await untouched(client, async () => {
      await patch(client, { gateway: { controlUi: { allowedOrigins: ['https://a.example', 'https://b.example'] } } }, { replacePaths: ['gateway.controlUi.allowedOrigins'] })
      const shorter = { gateway: { controlUi: { allowedOrigins: ['https://b.example'] } } }
      const { message, details } = await refusedPatch(client, shorter)
      expect(message).toContain('config.patch would remove entries from array path(s): gateway.controlUi.allowedOrigins. Pass replacePaths')
      expect(details).toMatchObject({ paths: ['gateway.controlUi.allowedOrigins'] })
      expect((await refusedPatch(client, { gateway: { controlUi: null } })).message).toContain('gateway.controlUi.allowedOrigins')
      await patch(client, shorter, { replacePaths: ['gateway.controlUi.allowedOrigins'] })
      expect((await read(client)).parsed.gateway.controlUi).toEqual({ allowedOrigins: ['https://b.example'] })
      expect((await patch(client, { gateway: { controlUi: { allowedOrigins: ['https://b.example', 'https://c.example'] } } })).ok).toBe(true)
      await patch(client, { gateway: { controlUi: null } }, { replacePaths: ['gateway.controlUi.allowedOrigins'] })
    })
  })

  it.each([
    '{ "__proto__": { "admin": true } }',
    '{ "logging": { "__proto__": { "level": "debug" } } }',
    '{ "\\u005f_proto__": { "admin": true } }',
    "{ '\\x5f_proto__': { admin: true } }",
    '{ constructor: { prototype: { admin: true } } }',
    '{ logging: { prototype: 1 } }',
    '{ agents: { list: [{ id: "main", constructor: 1 }] } }',
  ])('takes no key that would reach a prototype: %s', async (raw) => {
    const client = await join()
    expect((await refusedPatch(client, raw)).message).toMatch(/^invalid config: \S*(__proto__|constructor|prototype): is not allowed as a key/)
    expect((await client.request('config.set', { raw, baseHash: await hashOf(client) })).error!.message).toContain('is not allowed as a key')
    expect(({} as Data).admin).toBeUndefined()
  })

  it('keeps a section that nobody knows, and says so', async () => {
    const client = await join()
    await untouched(client, async () => {
      await patch(client, { gatway: { port: 1 } })
      expect(await read(client)).toMatchObject({ valid: true, parsed: { gatway: { port: 1 } }, warnings: [{ path: 'gatway', message: expect.stringContaining('is not a known section') }] })
    })
  })

  it('is won by one of two who change it at once', async () => {
    const [one, two] = [await join(), await join()]
    await untouched(one, async () => {
      const baseHash = await hashOf(one)
      const answers = await Promise.all([one, two].map((client, index) => client.request('config.patch', { raw: `{ session: { mainKey: "of-${index}" } }`, baseHash })))
      expect(answers.map(({ ok }) => ok).toSorted()).toEqual([false, true])
      expect(answers.find(({ ok }) => !ok)!.error!.message).toContain('config changed since last load')
    })
  })

  it('takes effect at once, for all that asks it, and closes no socket', async () => {
    const [client, other] = [await join(), await join()]
    get().upstream.on('swapped', (exchange) => exchange.answer('swapped in'))
    await untouched(client, async () => {
      await patch(client, {
        agents: { defaults: { model: 'mock/swapped' }, list: [{ id: 'newcomer', name: 'Newcomer' }] },
        logging: { level: 'error' },
      })
      expect((await other.call('agents.list', {})).agents.map(({ id }: Data) => id)).toContain('newcomer')
      const { models } = await other.call('models.list', {})
      expect(models.find(({ tags }: Data) => tags.includes('default'))).toMatchObject({ provider: 'mock', id: 'swapped' })
      const runId = crypto.randomUUID()
      await other.call('chat.send', { sessionKey: `agent:newcomer:${runId}`, message: 'hello', idempotencyKey: runId })
      expect(await other.ended(runId)).toMatchObject({ state: 'final', message: { content: [{ type: 'text', text: 'swapped in' }] } })
    })
    expect([client.isOpen, other.isOpen]).toEqual([true, true])
    expect((await other.call('agents.list', {})).agents.map(({ id }: Data) => id)).not.toContain('newcomer')
  })

  // --- config.apply ---

  it('is applied whole', async () => {
    const client = await join()
    const { raw } = await read(client)
    expect((await client.request('config.apply', { raw })).error!.message).toBe('config base hash required; re-run config.get and retry')
    await untouched(client, async () => {
      const next = JSON.stringify({ ...JSON.parse(raw), session: { mainKey: 'applied' } })
      const written = await client.call('config.apply', { raw: next, baseHash: await hashOf(client), note: 'n', sessionKey: 'main', restartDelayMs: 10 })
      expect(written).toMatchObject({ ok: true, applied: true, sentinel: { payload: { kind: 'config-apply', stats: { requiresRestart: false } } } })
      expect((await read(client)).runtimeConfig.session).toEqual({ mainKey: 'applied' })
    })
  })

  // --- taking back, and account ---

  it('goes back by itself when nobody confirms', async () => {
    const client = await join()
    const before = await read(client)
    const written = await patch(client, { session: { mainKey: 'fleeting' } }, { confirmWithinMs: 1000 })
    expect(written.confirmBeforeMs).toBeGreaterThan(Date.now() - 60_000)
    expect((await read(client)).unconfirmed).toEqual({ hash: written.hash, deadlineMs: written.confirmBeforeMs })
    await client.event('config.changed', (payload) => payload.hash !== written.hash && payload.ts >= written.confirmBeforeMs)
    const after = await read(client)
    expect(after.parsed).toEqual(before.parsed)
    expect(after.unconfirmed).toBeUndefined()
  })

  it('stays when it is confirmed, by its hash alone', async () => {
    const client = await join()
    await untouched(client, async () => {
      const written = await patch(client, { session: { mainKey: 'kept' } }, { confirmWithinMs: 60_000 })
      expect((await client.request('config.confirm', { hash: 'another' })).error!.details).toMatchObject({ code: 'CONFIG_CHANGED' })
      expect(await client.call('config.confirm', { hash: written.hash })).toEqual({ ok: true, hash: written.hash })
      expect((await client.request('config.confirm', { hash: written.hash })).error!.message).toContain('no change waits to be confirmed')
      expect((await read(client)).parsed.session).toEqual({ mainKey: 'kept' })
    })
  })

  it('is confirmed by the next change as well', async () => {
    const client = await join()
    await untouched(client, async () => {
      await patch(client, { session: { mainKey: 'first' } }, { confirmWithinMs: 60_000 })
      await patch(client, { session: { scope: 'global' } })
      expect((await read(client)).unconfirmed).toBeUndefined()
    })
  })

  it('has a history of who changed what, without values', async () => {
    const client = await join()
    await untouched(client, async () => {
      const { hash } = await patch(client, { session: { mainKey: 'a-value' } }, { note: 'why' })
      const { revisions } = await client.call('config.history', { limit: 5 })
      expect(revisions[0]).toMatchObject({ hash, by: 'operator', how: 'config.patch', changedPaths: ['session'], note: 'why' })
      expect(JSON.stringify(revisions)).not.toContain('a-value')
    })
    expect((await client.request('config.history', { limit: 0 })).error!.message).toContain('invalid config.history params')
  })

  it('is read again when asked to', async () => {
    const client = await join()
    expect(await client.call('config.reload', {})).toEqual({
      ok: true,
      path: (await read(client)).path,
      hash: await hashOf(client),
      changedPaths: [],
      waitingForRestart: [],
      issues: [],
    })
  })

  // --- the schema ---

  it('has a schema, with hints', async () => {
    const client = await join()
    const { schema, uiHints, version, generatedAt } = await client.call('config.schema', {})
    expect(schema).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#', type: 'object', properties: { gateway: { properties: { port: { type: 'integer', minimum: 1, title: 'Port' } } } } })
    expect(uiHints['gateway.auth.token']).toMatchObject({ label: 'Token', sensitive: true })
    expect(uiHints['models.providers.*.apiKey']).toMatchObject({ sensitive: true })
    expect(uiHints['models.providers.*.models.*.maxTokens'].sensitive).toBeUndefined()
    expect(version).toMatch(/^\d+\.\d+\.\d+/)
    expect(Date.parse(generatedAt)).toBeGreaterThan(0)
  })

  it.each([
    ['gateway', { path: 'gateway', schema: { type: 'object' }, reloadKind: 'restart', hintPath: 'gateway' }, 'gateway.port'],
    ['models.providers', { path: 'models.providers', reloadKind: 'hot', hintPath: 'models.providers' }, 'models.providers.*'],
    ['models.providers.*', { path: 'models.providers.*', hintPath: 'models.providers.*' }, 'models.providers.*.baseUrl'],
    ['models.providers.mock', { path: 'models.providers.mock', hintPath: 'models.providers.*' }, 'models.providers.mock.apiKey'],
    ['models.providers.*.models[]', { path: 'models.providers.*.models.*', hintPath: 'models.providers.*.models.*' }, 'models.providers.*.models.*.id'],
    ['agents.list[0]', { path: 'agents.list.0', hintPath: 'agents.list.*' }, 'agents.list.0.id'],
    ['.', { path: '.', reloadKind: 'restart' }, 'gateway'],
  ])('is looked up at %s', async (path, expected, child) => {
    const client = await join()
    const found = await client.call('config.schema.lookup', { path })
    expect(found).toMatchObject(expected)
    expect(found.schema.properties).toBeUndefined()
    expect(found.children.map((each: Data) => each.path)).toContain(child)
  })

  it('is looked up down to a value', async () => {
    const client = await join()
    expect(await client.call('config.schema.lookup', { path: 'gateway.port' })).toMatchObject({
      schema: { type: 'integer', minimum: 1, maximum: 65_535 },
      reloadKind: 'restart',
      hint: { label: 'Port', advanced: false },
      children: [],
    })
    expect(await client.call('config.schema.lookup', { path: 'logging.level' })).toMatchObject({ reloadKind: 'hot' })
  })

  it.each(['no.such', 'gateway.port.deeper', '*', 'agents.list.first', 'constructor', '__proto__.x', 'gateway/port'])('has nothing at %s', async (path) => {
    const client = await join()
    expect((await client.request('config.schema.lookup', { path })).error!.message).toBe('config schema path not found')
  })

  it('is not looked up at what is no path', async () => {
    const client = await join()
    for (const path of ['', 'a b', 'a$', 'x'.repeat(1025)]) {
      expect((await client.request('config.schema.lookup', { path })).error!.message).toMatch(/^invalid config\.schema\.lookup params/)
    }
  })

  // --- secrets, and who is reached with them ---

  it('resolves what places of secrets stand for, and knows no other places', async () => {
    const client = await join()
    expect(await client.call('secrets.reload', {})).toEqual({ ok: true, warningCount: 0 })
    const targetIds = ['models.providers.*.apiKey', 'gateway.auth.token']
    expect(await client.call('secrets.resolve', { commandName: 'test', targetIds })).toEqual({ ok: true, assignments: [], diagnostics: [], inactiveRefPaths: [] })
    const { error } = await client.request('secrets.resolve', { commandName: 'test', targetIds: ['gateway.port'] })
    expect(error!.message).toBe('invalid secrets.resolve params: unknown target id "gateway.port"')
  })

  it('tells by which credentials providers are reached, and not the credentials', async () => {
    const client = await join()
    const status = await client.call('models.authStatus', { refresh: true })
    expect(status.providers).toContainEqual({ provider: 'mock', authProvider: 'mock', displayName: 'mock', status: 'static', profiles: [], apiKey: { source: 'config' } })
    expect(status.providerCapabilities).toContainEqual({ provider: 'openai', apiKeySupported: true, quickApiKeySetup: true })
    expect(JSON.stringify(status)).not.toContain('sk-of-the-mock')
    expect(await client.call('models.authLogout', { provider: 'mock' })).toEqual({ provider: 'mock', removedProfiles: [], abortedRunIds: [] })
  })

  it('asks a provider whether it answers, and hides the key in what it says', async () => {
    const client = await join()
    const play = (model: string, status: number, message: string) => get().upstream.on(model, (exchange) => exchange.fail(status, { message }))
    play('p-auth', 401, 'wrong key sk-of-the-mock')
    play('p-billing', 402, 'no credit')
    play('p-gone', 404, 'model p-gone does not exist')
    play('p-bad', 400, 'bad request')
    await untouched(client, async () => {
      for (const [model, status] of [['p-auth', 'auth'], ['p-billing', 'billing'], ['p-gone', 'no_model'], ['p-bad', 'format'], ['fine', 'ok']]) {
        await patch(client, { models: { providers: { mock: { models: [{ id: model }] } } } }, { replacePaths: ['models.providers.mock.models'] })
        const probed = await client.call('models.probe', { provider: 'mock', timeoutMs: 10_000 })
        expect(probed, model).toMatchObject({ provider: 'mock', status, results: [{ label: `Configured credential · mock/${model}`, status }] })
        expect(JSON.stringify(probed)).not.toContain('sk-of-the-mock')
      }
    })
    expect(await client.call('models.probe', { provider: 'nobody' })).toEqual({ provider: 'nobody', status: 'unknown', error: 'No probe targets are available for this provider.', results: [] })
  })

  it('does not wait for a provider for ever', async () => {
    const client = await join()
    get().upstream.on('p-slow', () => {})
    await untouched(client, async () => {
      await patch(client, { models: { providers: { mock: { models: [{ id: 'p-slow' }] } } } }, { replacePaths: ['models.providers.mock.models'] })
      expect(await client.call('models.probe', { provider: 'mock', timeoutMs: 200 })).toMatchObject({ status: 'timeout' })
    })
    expect((await client.request('models.probe', { provider: '' })).error!.message).toContain('invalid models.probe params')
  })

  // --- the process around it ---

  it('says how it was installed, and puts nothing off that nobody planned', async () => {
    const client = await join()
    const status = await client.call('update.status', {})
    expect(status).toMatchObject({ sentinel: null, updateAvailable: null, effectiveChannel: 'stable', schedule: { channel: 'stable', autoEnabled: false } })
    expect(status.schedule.install.kind).toMatch(get().machine ? /^(git|package|unknown)$/ : /^unknown$/)
    expect(await client.call('update.hold', {})).toMatchObject({ ok: false, schedule: { autoEnabled: false } })
    expect((await client.request('update.status', { x: 1 })).error!.message).toContain("unexpected property 'x'")
  })

  it('says what a restart would interrupt', async () => {
    const client = await join()
    const { counts, ...rest } = await client.call('gateway.restart.preflight', {})
    expect(counts).toMatchObject({ embeddedRuns: expect.any(Number), totalActive: expect.any(Number) })
    expect(rest.safe).toBe(counts.totalActive === 0)
    expect(rest.summary).toMatch(/^(safe to restart now|restart deferred: .+)$/)
  })

  it.each([
    ['gateway.restart.request', {}, 'restart'],
    ['update.run', {}, 'update'],
    ['config.openFile', {}, 'openFile'],
  ])('%s is refused by name where there is no process to do it', async (method, params, ability) => {
    if (get().machine) return expect((await at.join()).hello.features.methods).not.toContain('config.openFile') // hidden, and never called here
    const { client, hello } = await at.join()
    expect(hello.features.methods).not.toContain(method)
    expect((await client.request(method, params)).error).toMatchObject({ code: 'UNAVAILABLE', details: { code: 'ABILITY_MISSING', missing: [ability] } })
  })

  it.each([
    ['update.run', { timeoutMs: 0 }],
    ['update.run', { target: { kind: 'git', upstreamRef: 'origin/main', upstreamSha: 'short' } }],
    ['config.apply', { raw: '{}', deliveryContext: { elsewhere: 1 } }],
    ['config.patch', { raw: '{}', confirmWithinMs: 1 }],
    ['config.set', { raw: '' }],
    ['secrets.resolve', { commandName: 'x' }],
    ['models.authLogout', { provider: 'x', profileIds: [] }],
  ])('%s refuses wrong params', async (method, params) => {
    const client = await join()
    const { error } = await client.request(method, params)
    if (method === 'update.run' && !get().machine) return expect(error!.code).toBe('UNAVAILABLE')
    expect(error!.message).toContain(`invalid ${method} params`)
  })
}
