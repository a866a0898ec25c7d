// What pages, programs and people ask for beside conversations: plugins, pushes, people, the audit, and what is not here.

import { expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { connectDevice, createDevice } from '../harness/device.ts'
import { approvedNode } from '../harness/node.ts'
import { freshKey, script, type Reach, type Target } from './target.ts'

export function miscCases(at: Reach, get: () => Target): void {
  const refusal = async (client: Client, method: string, params: unknown = {}): Promise<Data> => (await client.request(method, params)).error

  // --- plugins ---

  it('lists what is built in', async () => {
    const { client } = await at.join()
    const { plugins, mutationAllowed, diagnostics } = await client.call('plugins.list', {})
    expect({ mutationAllowed, diagnostics }).toEqual({ mutationAllowed: false, diagnostics: [] })
    expect(plugins).toEqual(expect.arrayContaining([expect.objectContaining({ id: 'builtin-operator', origin: 'bundled', state: 'enabled', removable: false })]))
    expect(await client.call('plugins.inspect', { pluginId: 'openai-completions' })).toMatchObject({ ok: true, source: { kind: 'bundled' }, declared: { providers: ['openai-completions'] } })
    expect((await refusal(client, 'plugins.inspect', { pluginId: 'nope' })).message).toBe('Plugin "nope" not found.')
    expect(await client.call('plugins.controlUi.list', {})).toMatchObject({ plugins: [], diagnostics: [] })
  })

  it('takes no others in, and none of its own out', async () => {
    const { client } = await at.join()
    expect(await refusal(client, 'plugins.install', { source: 'clawhub', packageName: 'x' })).toMatchObject({ code: 'UNAVAILABLE', details: { pluginInstallRejected: true } })
    expect((await refusal(client, 'plugins.install', {})).code).toBe('INVALID_REQUEST')
    expect((await refusal(client, 'plugins.setEnabled', { pluginId: 'nope', enabled: true })).message).toBe('plugin not installed: nope')
    expect((await refusal(client, 'plugins.setEnabled', { pluginId: 'builtin-operator', enabled: false })).message).toContain('is built in')
    expect(await client.call('plugins.setEnabled', { pluginId: 'builtin-operator', enabled: true })).toMatchObject({ ok: true, restartRequired: false })
    expect((await refusal(client, 'plugins.uninstall', { pluginId: 'nope' })).message).toBe('Plugin not found: nope')
    expect((await refusal(client, 'plugins.uninstall', { pluginId: 'builtin-operator' })).message).toContain('is built in')
    expect(await client.call('plugins.refresh', {})).toEqual({ ok: true })
  })

  // --- pushes ---

  /** The keys of a browser that nobody has. */
  async function browserKeys() {
    const pair = (await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits'])) as unknown as { publicKey: Parameters<typeof crypto.subtle.exportKey>[1] }
    const raw = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
    return { p256dh: Buffer.from(raw).toString('base64url'), auth: Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('base64url') }
  }
  const endpoint = () => `https://push.edgeclaw-test.invalid/${crypto.randomUUID()}`

  it('gives browsers one key to subscribe with', async () => {
    const [{ client }, { client: other }] = [await at.join(), await at.join()]
    const { vapidPublicKey } = await client.call('push.web.vapidPublicKey', {})
    expect(Buffer.from(vapidPublicKey, 'base64url')).toHaveLength(65)
    expect(await other.call('push.web.vapidPublicKey', {})).toEqual({ vapidPublicKey })
    expect((await refusal(client, 'push.web.vapidPublicKey', { x: 1 })).message).toContain("unexpected property 'x'")
  })

  it('keeps a subscription, tells what became of a message, and forgets it', async () => {
    const { client } = await at.join()
    const params = { endpoint: endpoint(), keys: await browserKeys() }
    const { subscriptionId } = await client.call('push.web.subscribe', params)
    expect(await client.call('push.web.subscribe', params)).toEqual({ subscriptionId })
    const error = await refusal(client, 'push.web.test', { title: 't', body: 'b' })
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: 'all web push deliveries failed', details: { results: [{ ok: false, subscriptionId }] } })
    expect(await client.call('push.web.unsubscribe', { endpoint: params.endpoint })).toEqual({ removed: true })
    expect((await refusal(client, 'push.web.unsubscribe', { endpoint: params.endpoint })).code).toBe('FORBIDDEN')
    expect((await refusal(client, 'push.web.test')).message).toBe('no web push subscriptions registered')
  })

  it('pushes to public addresses with real keys only', async () => {
    const { client } = await at.join()
    const keys = await browserKeys()
    const inner = ['https://127.0.0.1/x', 'https://127.1/x', 'https://2130706433/x', 'https://10.0.0.1/', 'https://169.254.169.254/latest', 'https://[::1]/x', 'https://[::ffff:7f00:1]/x', 'https://[fd00::1]/', 'https://localhost/x', 'https://a.localhost./x', 'https://printer.local/x', 'https://intranet/x', 'https://u:p@push.example/x']
    for (const address of inner) expect((await refusal(client, 'push.web.subscribe', { endpoint: address, keys }))?.message, address).toContain('invalid push endpoint')
    expect((await refusal(client, 'push.web.subscribe', { endpoint: 'http://push.example/x', keys })).message).toContain('must match pattern')
    expect((await refusal(client, 'push.web.subscribe', { endpoint: endpoint(), keys: { ...keys, p256dh: 'AAAA' } })).message).toContain('/keys/p256dh')
    expect((await refusal(client, 'push.web.subscribe', { endpoint: endpoint(), keys: { ...keys, auth: 'AAAA' } })).message).toContain('/keys/auth')
  })

  it('lets nobody touch the subscription of another device, and forgets it with the device', async () => {
    const { client: admin } = await at.join()
    const device = await createDevice()
    const connect = async () => {
      const client = await at.open()
      return { client, answer: await connectDevice(client, device, { auth: { token: get().token } }) }
    }
    const { client: first, answer } = await connect()
    if (!answer.ok) await admin.call('device.pair.approve', { requestId: answer.error!.details.requestId })
    const mine = answer.ok ? first : (await connect()).client
    const params = { endpoint: endpoint(), keys: await browserKeys() }
    await mine.call('push.web.subscribe', params)
    expect((await refusal(admin, 'push.web.unsubscribe', { endpoint: params.endpoint })).message).toBe('subscription is not bound to this device')
    expect((await refusal(admin, 'push.web.subscribe', { ...params, keys: await browserKeys() })).code).toBe('FORBIDDEN')
    await admin.call('device.pair.remove', { deviceId: device.id })
    expect((await refusal(admin, 'push.web.test')).message).toBe('no web push subscriptions registered')
  })

  // --- people and their pages ---

  it('knows the person who has a page open, and nobody behind a program', async () => {
    const page = await at.openPage()
    const { profile } = await page.call('users.self', {})
    expect(profile).toMatchObject({ id: 'gateway-owner', displayName: null, emails: [], createdAt: expect.any(Number) })
    expect((await (await at.openPage()).call('users.self', {})).profile).toEqual(profile)
    const { client } = await at.join()
    expect(await refusal(client, 'users.self')).toMatchObject({ code: 'FORBIDDEN', message: 'users.self requires an authenticated user' })
    expect(await client.call('users.prefs.get', {})).toEqual({ status: 'no_durable_identity' })
    expect(await client.call('users.prefs.set', { entries: { a: 1 } })).toEqual({ status: 'no_durable_identity' })
  })

  it('keeps settings of pages, and tells the other pages', async () => {
    const [page, other] = [await at.openPage(), await at.openPage()]
    const { client: program } = await at.join()
    const [one, two] = [`one.${crypto.randomUUID()}`, `two.${crypto.randomUUID()}`]
    expect(await page.call('users.prefs.set', { entries: { [one]: 1, [two]: { deep: [true, 'x'] } } })).toEqual({ status: 'ok' })
    expect(await other.event('users.prefs.changed', ({ keys }) => keys.includes(one))).toEqual({ profileId: 'gateway-owner', keys: [one, two] })
    expect(await other.call('users.prefs.get', { keys: [one, two, 'nothing'] })).toEqual({ status: 'ok', entries: { [one]: 1, [two]: { deep: [true, 'x'] } } })
    await page.call('users.prefs.set', { entries: { [one]: null, [two]: null } })
    expect(await page.call('users.prefs.get', { keys: [one, two] })).toEqual({ status: 'ok', entries: {} })
    await program.call('health')
    expect(program.events('users.prefs.changed')).toEqual([])
  })

  it('keeps all of the settings of one call, or none', async () => {
    const page = await at.openPage()
    const good = `good.${crypto.randomUUID()}`
    const said = async (entries: unknown) => (await refusal(page, 'users.prefs.set', { entries }))?.message
    expect(await said({ [good]: 1, '': 2 })).toBe('invalid users.prefs.set entry for : invalid-key')
    expect(await said({ [good]: 1, constructor: 2 })).toBe('invalid users.prefs.set entry for constructor: invalid-key')
    expect(await said({ [good]: 'x'.repeat(70_000) })).toContain('value-too-large')
    expect(await said(Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`${n}`, n])))).toContain('must not have more than 32 properties')
    expect(await said('x')).toContain('at /entries')
    expect(await page.call('users.prefs.get', { keys: [good] })).toEqual({ status: 'ok', entries: {} })
  })

  it('changes what the calling page shows, and no other', async () => {
    const [page, other, plain] = [await at.openPage({ caps: ['ui-commands'] }), await at.openPage({ caps: ['ui-commands'] }), await at.openPage()]
    const command = { kind: 'split', direction: 'right', sessionKey: 'agent:main:main' }
    expect(await page.call('ui.command', { command })).toEqual({ ok: true })
    expect(await page.event('ui.command')).toEqual({ command })
    await other.call('health')
    expect(other.events('ui.command')).toEqual([])
    expect(await refusal(plain, 'ui.command', { command })).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('no requesting Control UI') })
    expect((await refusal(page, 'ui.command', { command: { kind: 'split' } })).code).toBe('INVALID_REQUEST')
    expect((await refusal(page, 'ui.command', { command: { kind: 'format-disk' } })).code).toBe('INVALID_REQUEST')
  })

  it('tells the others which sessions a page has before it', async () => {
    const [page, other] = [await at.openPage(), await at.openPage()]
    const [one, two] = [freshKey(), freshKey()]
    expect(await page.call('sessions.viewers.set', { sessionKeys: [two.toUpperCase(), one, one] })).toEqual({ sessionKeys: [one, two].toSorted() })
    const watches = (key: string) => (payload: Data) => payload.presence.some((entry: Data) => entry.watchedSessions?.includes(key))
    await other.event('presence', watches(one))
    await page.call('sessions.viewers.set', { sessionKeys: [two] })
    const rows = await other.call('system-presence', {})
    expect(rows.filter((entry: Data) => entry.watchedSessions?.includes(one))).toEqual([])
    expect(rows.filter((entry: Data) => entry.watchedSessions?.includes(two))).toHaveLength(1)
    expect((await refusal(page, 'sessions.viewers.set')).message).toContain("must have required property 'sessionKeys'")
  })

  it('gives a page the models right behind its hello, when it asks for them', async () => {
    const page = await at.openPage({ caps: ['model-catalog-snapshot'], modelCatalog: { sessionKey: 'agent:fallback:x' } })
    const snapshot = await page.event('models.snapshot')
    expect(snapshot).toMatchObject({ target: { sessionKey: 'agent:fallback:x' }, scope: { sessionKey: 'agent:fallback:x' } })
    expect(snapshot.catalog.models).toEqual((await page.call('models.list', { sessionKey: 'agent:fallback:x' })).models)
    const hello = page.frames.findIndex(({ type }) => type === 'res')
    expect(page.frames.findIndex(({ event }) => event === 'models.snapshot')).toBeGreaterThan(hello)
    const other = await at.openPage({ caps: ['model-catalog-snapshot'] })
    await other.call('health')
    expect(other.events('models.snapshot')).toEqual([])
  })

  it('says what clients may rely on, before and in the hello', async () => {
    const { client, hello } = await at.join()
    expect(hello.features.capabilities).toEqual(['model-catalog-snapshot', 'published-model-catalog'])
    expect(await client.event('connect.challenge')).toMatchObject({ capabilities: ['model-catalog-snapshot'] })
    const other = await at.open()
    const error = await refusal(other, 'connect', { minProtocol: 4, maxProtocol: 4, client: { id: 'cli', version: '1', platform: 'x', mode: 'cli' }, auth: { token: get().token }, modelCatalog: { bogus: 1 } })
    expect(error.message).toContain("unexpected property 'bogus'")
  })

  it('lists models with what the command line shows of them', async () => {
    const { client } = await at.join({ unchecked: true }) // `local` is newer than the published schema
    const { models } = await client.call('models.list', { view: 'default', includeDetails: true })
    expect(models).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: 'plain', provider: 'mock', local: true, input: ['text'] }),
        expect.objectContaining({ id: 'operator', provider: 'builtin', local: true, input: ['text'] }),
      ]),
    )
    expect((await client.call('models.list', { view: 'configured' })).models.map(({ provider }: Data) => provider)).toEqual(expect.not.arrayContaining(['builtin']))
    expect((await refusal(client, 'models.list', { agentId: 'nobody' })).message).toBe('unknown agent id "nobody"')
    expect((await refusal(client, 'models.list', { view: 'bogus' })).code).toBe('INVALID_REQUEST')
  })

  it('tells pages when what a conversation can use has changed', async () => {
    const { client } = await at.join()
    const { hash } = await client.call('config.get', {})
    await client.call('config.patch', { baseHash: hash, raw: JSON.stringify({ models: { providers: { mock: { models: [{ id: 'plain', contextWindow: 8000, reasoning: true }, { id: 'added' }] } } } }) })
    expect(await client.event('chat.metadata.changed')).toEqual({})
    expect((await client.call('models.list', {})).models).toEqual(expect.arrayContaining([expect.objectContaining({ id: 'added' })]))
    const { hash: next } = await client.call('config.get', {})
    await client.call('config.patch', { baseHash: next, replacePaths: ['models.providers.mock.models'], raw: JSON.stringify({ models: { providers: { mock: { models: [{ id: 'plain', contextWindow: 8000, reasoning: true }] } } } }) })
  })

  // --- a browser ---

  it('forwards requests to the browser of a node, where one has it', async () => {
    const { client } = await at.join()
    const none = await refusal(client, 'browser.request', { method: 'GET', path: '/' })
    expect(none).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('no browser can be reached') })
    const node = await approvedNode(at, get, { commands: ['browser.proxy'] })
    const request = client.call('browser.request', { method: 'post', path: 'tabs', query: { profile: 'x' }, body: { url: 'https://a.example' } })
    const asked = await node.answer({ ok: true, payload: { result: { opened: 1 }, files: [] } })
    expect(asked.command).toBe('browser.proxy')
    expect(JSON.parse(asked.paramsJSON)).toMatchObject({ method: 'POST', path: '/tabs', query: { profile: 'x' }, body: { url: 'https://a.example' } })
    expect(await request).toEqual({ opened: 1 })
    node.client.close()
  })

  it('forwards nothing that is no request', async () => {
    const { client } = await at.join()
    expect((await refusal(client, 'browser.request')).message).toBe('method and path are required')
    expect((await refusal(client, 'browser.request', { method: 'BREW', path: '/' })).message).toBe('method must be GET, POST, or DELETE')
    expect((await refusal(client, 'browser.request', { method: 'GET', path: '/', bogus: 1 })).message).toContain("unexpected property 'bogus'")
    const { client: writer } = await at.join({ scopes: ['operator.write'] })
    expect((await refusal(writer, 'browser.request', { method: 'GET', path: '/' })).details).toMatchObject({ missingScope: 'operator.admin' })
  })

  // --- the audit ---

  it('records what runs and their tools did', async () => {
    const { client } = await at.join()
    const run = { sessionKey: freshKey(), message: script({ tool: { name: 'gateway_status', arguments: {} } }, { text: 'a secret word' }), idempotencyKey: crypto.randomUUID() }
    await client.call('chat.send', run)
    await client.ended(run.idempotencyKey)
    const { events } = await client.call('audit.list', { runId: run.idempotencyKey })
    expect(events.map(({ action, status }: Data) => `${action} ${status}`)).toEqual([
      'agent.run.finished succeeded',
      'tool.action.finished succeeded',
      'tool.action.started started',
      'agent.run.started started',
    ])
    expect(events[1]).toMatchObject({ toolName: 'gateway_status', agentId: 'main', sessionKey: run.sessionKey, redaction: 'metadata_only', actor: { type: 'agent', id: 'main' } })
    expect(JSON.stringify(events)).not.toContain('secret word')
    const filtered = await client.call('audit.list', { sessionKey: run.sessionKey, kind: 'tool_action', status: 'started' })
    expect(filtered.events).toHaveLength(1)
  })

  it('records how runs end that fail or are ended', async () => {
    const { client } = await at.join()
    for (const model of ['first-choice', 'second-choice']) get().upstream.on(model, (exchange) => exchange.fail(400))
    const [failing, hanging] = [crypto.randomUUID(), crypto.randomUUID()]
    await client.call('chat.send', { sessionKey: freshKey('fallback'), message: 'hi', idempotencyKey: failing })
    await client.ended(failing)
    const sessionKey = freshKey()
    await client.call('chat.send', { sessionKey, message: script({ hang: true }), idempotencyKey: hanging })
    await client.call('chat.abort', { sessionKey })
    const lastOf = async (runId: string) => (await client.call('audit.list', { runId })).events[0]
    expect(await lastOf(failing)).toMatchObject({ action: 'agent.run.finished', status: 'failed', errorCode: 'run_failed', agentId: 'fallback' })
    expect(await lastOf(hanging)).toMatchObject({ action: 'agent.run.finished', status: 'cancelled', errorCode: 'run_cancelled' })
  })

  it('pages through the audit, in both of its forms', async () => {
    const { client } = await at.join()
    const sessionKey = freshKey()
    for (const n of [1, 2]) {
      const idempotencyKey = crypto.randomUUID()
      await client.call('chat.send', { sessionKey, message: script({ text: `${n}` }), idempotencyKey })
      await client.ended(idempotencyKey)
    }
    const seen: number[] = []
    let cursor: string | undefined
    do {
      const page: Data = await client.call('audit.activity.list', { sessionKey, limit: 3, ...(cursor && { cursor }) })
      seen.push(...page.events.map(({ sequence }: Data) => sequence as number))
      cursor = page.nextCursor
    } while (cursor)
    expect(seen).toHaveLength(4)
    expect(seen).toEqual(seen.toSorted((a, b) => b - a))
    expect((await client.call('audit.activity.list', { kind: 'message' })).events).toEqual([])
    expect((await client.call('audit.list', { sessionKey, before: 1 })).events).toEqual([])
    expect((await refusal(client, 'audit.list', { cursor: 'x; DROP TABLE' })).message).toContain('invalid audit cursor')
    expect((await refusal(client, 'audit.list', { limit: 501 })).code).toBe('INVALID_REQUEST')
  })

  it('records who called what, also what was refused, and nothing that only reads', async () => {
    const { client } = await at.join({ scopes: ['operator.write'] })
    const { client: admin } = await at.join()
    const phase = crypto.randomUUID()
    await client.call('talk.mode', { enabled: true, phase })
    await client.call('tts.status', {})
    await refusal(client, 'config.set', { raw: '{}' })
    const { calls } = await admin.call('audit.calls.list', { limit: 20 })
    expect(calls.find(({ method }: Data) => method === 'talk.mode')).toMatchObject({ outcome: 'ok', role: 'operator', client: 'gateway-client/backend', occurredAt: expect.any(Number) })
    expect(calls.find(({ method }: Data) => method === 'config.set')).toMatchObject({ outcome: 'FORBIDDEN' })
    expect(calls.filter(({ method }: Data) => method === 'tts.status')).toEqual([])
    expect(JSON.stringify(calls)).not.toContain(phase)
    expect((await admin.call('audit.calls.list', { method: 'talk.mode', outcome: 'ok', limit: 1 })).calls).toHaveLength(1)
    expect((await refusal(client, 'audit.calls.list')).details).toMatchObject({ missingScope: 'operator.admin' })
  })

  it('tells what has happened lately, without contents', async () => {
    const { client } = await at.join()
    const report = await client.call('diagnostics.stability', { limit: 5 })
    expect(report).toMatchObject({ capacity: 1000, count: expect.any(Number), dropped: expect.any(Number), generatedAt: expect.any(String) })
    expect(report.summary.byType['connection.opened']).toBeGreaterThan(0)
    expect(report.events.length).toBeLessThanOrEqual(5)
    const opened = await client.call('diagnostics.stability', { type: 'connection.opened', sinceSeq: report.lastSeq - 1 })
    expect(opened.events.every(({ type, seq }: Data) => type === 'connection.opened' && seq >= report.lastSeq)).toBe(true)
    expect((await refusal(client, 'diagnostics.stability', { limit: 0 })).message).toContain('at /limit: must be >= 1')
  })

  it('tells how many runs wait and go on', async () => {
    const { client } = await at.join()
    const { lanes } = await client.call('diagnostics.lanes', {})
    expect(lanes).toEqual([expect.objectContaining({ lane: 'main', maxConcurrent: expect.any(Number), activeCount: expect.any(Number) })])
    const listener = await at.join({ scopes: ['operator.approvals'] })
    expect((await refusal(listener.client, 'diagnostics.lanes', {})).code).toBe('FORBIDDEN')
  })

  it('shows what is built in to those who look for plugins', async () => {
    const { client } = await at.join()
    const { items } = await client.call('plugins.catalog.browse', { query: 'OPERATOR' })
    expect(items).toEqual([expect.objectContaining({ catalog: expect.objectContaining({ name: 'Built-in operator' }), local: expect.objectContaining({ enabled: true }) })])
    expect(await client.call('plugins.catalog.browse', { category: 'security' })).toEqual({ items: [] })
    expect((await refusal(client, 'plugins.catalog.browse', { search: 'x' })).message).toContain("unexpected property 'search'")
  })

  // --- what is not here ---

  it.each([
    ['board.get', { sessionKey: 'main' }, { sessionKey: 'agent:main:main', revision: 0, tabs: [], widgets: [] }],
    ['question.list', {}, { questions: [] }],
    ['sessions.github.options', { sessionKey: 'main' }, { personal: null, shared: null, pendingPersonal: null, latestShared: null }],
    ['progressCard.get', { sessionKey: 'main' }, { card: null }],
    ['taskSuggestions.list', {}, { suggestions: [] }],
    ['session.discussion.info', { sessionKey: 'main' }, { state: 'none' }],
    ['sessions.companion.state', { sessionKey: 'main' }, { exchanges: [] }],
    ['sessions.catalog.list', {}, { catalogs: [] }],
    ['sessions.catalog.list', { allowPartialResults: true }, { catalogs: [] }],
    ['sessions.observer.visibility', { visible: true }, { ok: true }],
    ['themes.list', {}, expect.objectContaining({ current: { id: 'claw', mode: 'system', scope: 'gateway', overrides: {} } })],
    ['skills.library.list', { scope: 'mine' }, expect.objectContaining({ entries: [], defaultTarget: 'workspace' })],
  ])('%s: there is none, and that is the answer', async (method, params, answer) => {
    const { client, hello } = await at.join()
    expect(hello.features.methods).toContain(method)
    expect(await client.call(method, params)).toEqual(answer)
    expect((await refusal(client, method, { ...params, bogus: 1 })).message).toContain("unexpected property 'bogus'")
  })

  it('refuses names that mean nothing, also where there is nothing', async () => {
    const { client } = await at.join()
    expect((await refusal(client, 'sessions.catalog.list', { agentId: 'nobody' })).message).toBe('unknown agent id "nobody"')
    expect((await refusal(client, 'sessions.catalog.list', { catalogId: 'x' })).message).toBe('unknown session catalog: x')
    expect((await refusal(client, 'mentions.list')).code).toBe('FORBIDDEN')
    expect(await (await at.openPage()).call('mentions.list', {})).toMatchObject({ revision: 0, items: [] })
    expect((await refusal(client, 'controlUi.sessionPullRequests.subscribe', { sessionKeys: [] })).message).toContain('unknown method')
  })

  it('has no hooks', async () => {
    const { client } = await at.join()
    expect(await client.call('hooks.status', {})).toMatchObject({ hooks: [], workspaceDir: expect.any(String) })
    expect((await refusal(client, 'hooks.status', { agentId: 'nobody' })).message).toBe('unknown agent id "nobody"')
  })

  it('says whose a session is, and what there is to work on', async () => {
    const page = await at.openPage()
    const key = freshKey()
    expect((await refusal(page, 'session.members.listEvidence', { sessionKey: key })).message).toBe(`unknown session: ${key}`)
    await page.call('sessions.create', { key })
    expect(await page.call('session.members.listEvidence', { sessionKey: key })).toMatchObject({ sessionKey: key, members: [], identities: [{ id: 'gateway-owner' }], role: 'admin', allowedVisibilities: ['shared'] })
    const { projects } = await page.call('projects.list', { includeObserved: true })
    expect(projects.map(({ id }: Data) => id)).toEqual(['workspace:main', 'workspace:second', 'workspace:fallback'])
  })
}
