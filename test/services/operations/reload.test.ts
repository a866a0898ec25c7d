// The file changes by itself: what is taken, what waits, what is refused, and who hears of it.

import { describe, expect, it } from 'vitest'
import { createGateway } from '../../../src/index.ts'
import { REDACTED } from '../../../src/services/operations/config-parse.ts'
import { join } from '../../harness/peer.ts'
import { testPlatform, TOKEN } from '../../harness/platform.ts'
import { fakeFile, PATH, startConfiguration } from './configuration.ts'

const BY = { by: 'operator', how: 'config.reload' }

describe('watching', () => {
  it('begins once, and ends', async () => {
    const { reload, watching } = await startConfiguration()
    reload.begin()
    expect(watching).toHaveLength(1)
    expect(reload.active).toBe(true)
    reload.end()
    expect(watching).toHaveLength(0)
    expect(reload.active).toBe(false)
  })

  it('is left out where there is no file, and where the file cannot be watched', async () => {
    const variable = await startConfiguration({ variable: true })
    expect(variable.watching).toHaveLength(0)
    const given = await startConfiguration({ given: {} })
    expect(given.watching).toHaveLength(0)
    const host = { watch: () => { throw new Error('no inotify') } } // prettier-ignore
    const broken = await startConfiguration({ host })
    expect(broken.reload.active).toBe(false)
    expect(broken.logged.at(-1)).toMatchObject({ level: 'warn', message: `${PATH} cannot be watched: call config.reload after changing it`, fields: { error: 'no inotify' } })
  })

  it('reads when the writer has fallen silent, and no later than two seconds', async () => {
    const { config, configHistory, clock, file, reload, watching } = await startConfiguration()
    file.text = '{ session: { mainKey: "slow" } }'
    for (let n = 0; n < 12; n++) {
      watching[0]!()
      await clock.advance(150)
      expect(config.mainKey(), `after ${n * 150} ms`).toBe('main')
    }
    watching[0]!()
    await clock.advance(200)
    await reload.run(BY)
    expect(config.mainKey()).toBe('slow')
    expect(configHistory.list(1)).toMatchObject([{ by: 'file' }])
  })

  it('hears nothing after its end', async () => {
    const { config, clock, file, reload, watching } = await startConfiguration()
    const [onChange] = watching
    reload.end()
    file.text = '{ session: { mainKey: "late" } }'
    onChange!()
    await clock.advance(5000)
    expect(config.mainKey()).toBe('main')
    expect(clock.pending).toBe(0)
  })
})

describe('a change', () => {
  it('is told once, with its paths, to listeners and to everybody', async () => {
    const { config, heard, write } = await startConfiguration({ file: fakeFile('{ session: { mainKey: "a" }, logging: { level: "info" } }') })
    const changes: unknown[] = []
    config.onChange(({ sections, paths, before, after }) => void changes.push([[...sections], paths, before.session, after.session]))
    await write('{ session: { mainKey: "b" }, logging: { level: "info" }, cron: {} }')
    await write('{ session: { mainKey: "b" }, logging: { level: "info" }, cron: {} }')
    expect(changes).toEqual([[['session', 'cron'], ['session.mainKey', 'cron'], { mainKey: 'a' }, { mainKey: 'b' }]])
    expect(heard.filter(({ event }) => event === 'config.changed').map(({ payload }) => payload)).toEqual([{ path: PATH, hash: config.snapshot().hash, ts: expect.any(Number) }])
  })

  it('of nothing but comments is no change of the settings', async () => {
    const { config, configHistory, write } = await startConfiguration()
    const changes: unknown[] = []
    config.onChange((change) => void changes.push(change))
    const { appliedHash, hash } = config.snapshot()
    await write('{ /* mine */ }')
    expect(changes).toEqual([])
    expect(config.snapshot().hash).not.toBe(hash)
    expect(config.snapshot().appliedHash).toBe(appliedHash)
    expect(configHistory.list(1)).toMatchObject([{ how: 'file', by: 'file', paths: [] }])
  })

  it.each(['agents', 'models', 'session', 'logging', 'cron', 'hooks', 'channels', 'tts', 'talk', 'skills', 'nobody-knows'])('of the section %s is told as such', async (section) => {
    const { config, write } = await startConfiguration()
    const sections: string[] = []
    config.onChange((change) => sections.push(...change.sections))
    await write(JSON.stringify({ [section]: { something: 1 } }))
    expect(sections).toEqual([section])
  })

  it('reaches the others though one listener fails', async () => {
    const { config, errors, write } = await startConfiguration()
    const heard: string[] = []
    config.onChange(() => {
      throw new Error('mine is broken')
    })
    config.onChange(({ after }) => void heard.push(after.session!.mainKey!))
    await write('{ session: { mainKey: "x" } }')
    expect(heard).toEqual(['x'])
    expect(errors()).toEqual(['a change of the configuration had no effect in a place'])
  })
})

describe('what needs a restart', () => {
  it.each([
    ['gateway.port', '{ gateway: { port: 4000 } }'],
    ['gateway.bind', '{ gateway: { bind: "lan" } }'],
    ['gateway.maxPayloadBytes', '{ gateway: { maxPayloadBytes: 65536 } }'],
    ['gateway.auth', '{ gateway: { auth: { mode: "password", password: "p" } } }'],
  ])('%s waits for one, which comes by itself; the rest holds at once', async (path, text) => {
    const { clock, config, restarts, runtime, write } = await startConfiguration()
    const before = { ...runtime.settings }
    await write(text.replace(/\}$/, ', session: { mainKey: "at-once" } }'))
    expect(config.mainKey()).toBe('at-once')
    expect(runtime.settings).toEqual(before)
    expect(config.snapshot().waiting.every((each) => each === path || each.startsWith(`${path}.`) || path.startsWith(each))).toBe(true)
    expect(config.snapshot().appliedHash).not.toBe(config.snapshot().revisionHash)
    await clock.advance(1000)
    expect(restarts).toEqual([expect.stringContaining('config change: gateway')])
  })

  it('waits where the gateway cannot restart, or must not, and says so', async () => {
    const variable = await startConfiguration({ variable: true, file: fakeFile('{}') })
    await variable.configWriter.patch({ raw: '{ gateway: { maxPayloadBytes: 65536 } }', baseHash: variable.hash(), by: 'x', how: 'y' })
    expect(variable.config.snapshot().waiting).toEqual(['gateway'])
    expect(variable.logged.filter(({ level }) => level === 'warn')).toMatchObject([{ message: 'gateway can only change at a restart: until then the old settings hold' }])
    const hot = await startConfiguration({ file: fakeFile('{ gateway: { reload: { mode: "hot" } } }') })
    await hot.write('{ gateway: { port: 4000, reload: { mode: "hot" } } }')
    await hot.clock.advance(10_000)
    expect(hot.restarts).toEqual([])
    expect(hot.config.snapshot().waiting).toEqual(['gateway.port'])
  })

  it('is nothing where the environment decides', async () => {
    const { config, restarts, clock, write } = await startConfiguration({ env: { OPENCLAW_GATEWAY_PORT: '5000' } })
    await write('{ gateway: { port: 4000 } }')
    await clock.advance(10_000)
    expect(config.snapshot().waiting).toEqual([])
    expect(restarts).toEqual([])
  })

  it('is everything when changes are switched off, until they are asked for', async () => {
    const off = '"gateway": { "reload": { "mode": "off" } }'
    const { config, reload, write } = await startConfiguration({ file: fakeFile(`{ ${off} }`) })
    await write(`{ ${off}, "session": { "mainKey": "x" } }`)
    expect(config.mainKey()).toBe('main')
    expect(config.snapshot()).toMatchObject({ valid: true, waiting: ['session'] })
    expect((await reload.run(BY)).waiting).toEqual(['session'])
    expect((await reload.run(BY, { force: true })).changed).toEqual(['session'])
    expect(config.mainKey()).toBe('x')
    expect(config.snapshot().waiting).toEqual([])
    await write('{ "session": { "mainKey": "on-again" } }')
    expect(config.mainKey()).toBe('on-again')
  })
})

describe('a bad file', () => {
  it.each([
    ['{', 'the file is not JSON5'],
    ['{ gateway: { port: 0 } }', 'gateway.port must be >= 1'],
    ['{ gateway: { mode: "remote" } }', 'this file describes a client'],
    ['{ gateway: { auth: { mode: "none" }, bind: "lan" } }', 'lets everybody in'],
    ['{ gateway: { bind: "custom" } }', 'set gateway.customBindHost'],
    ['{ session: { mainKey: "${UNSET}" } }', 'needs the environment variable UNSET'],
    ['{ "__proto__": {} }', '__proto__ is not allowed as a key'],
    [`{ x: "${'y'.repeat(5_000_000)}" }`, 'is too large'],
    [`{ x: ${'['.repeat(100)}${']'.repeat(100)} }`, 'is nested too deeply'],
  ])('changes nothing, and is named: %.40s', async (text, says) => {
    const { config, errors, reload, heard, write } = await startConfiguration({ file: fakeFile('{ session: { mainKey: "good" } }') })
    const { appliedHash } = config.snapshot()
    await write(text)
    expect(config.mainKey()).toBe('good')
    expect(config.snapshot()).toMatchObject({ valid: false, appliedHash, revisionHash: null, active: { session: { mainKey: 'good' } } })
    expect(errors()).toEqual([expect.stringContaining(`${PATH} cannot be used, and what was active before stays so: `)])
    expect(errors()[0]).toContain(says)
    expect(reload.active).toBe(false)
    expect(heard).toEqual([])
    await write(text)
    expect(errors()).toHaveLength(1)
  })

  it('that is gone was not meant to take everything back', async () => {
    const { config, errors, write } = await startConfiguration({ file: fakeFile('{ session: { mainKey: "good" } }') })
    await write(null)
    expect(config.mainKey()).toBe('good')
    expect(errors()[0]).toContain('is not there any more')
    await write('{ session: { mainKey: "back" } }')
    expect(config.mainKey()).toBe('back')
    expect(config.snapshot().valid).toBe(true)
  })

  it('that cannot be read is no end either', async () => {
    const { config, file, reload, write } = await startConfiguration({ file: fakeFile('{ session: { mainKey: "good" } }') })
    file.unreadable = new Error('EACCES')
    await write('{}')
    expect(config.snapshot()).toMatchObject({ valid: false, issues: [{ path: '', message: 'cannot be read: EACCES' }] })
    expect(await reload.run(BY)).toMatchObject({ issues: [{ message: 'cannot be read: EACCES' }] })
    file.unreadable = null
    expect((await reload.run(BY)).changed).toEqual(['session'])
  })

  it('never becomes the good copy', async () => {
    const { file, write } = await startConfiguration({ file: fakeFile('{ session: { mainKey: "good" } }') })
    expect(file.backup).toBe('{ session: { mainKey: "good" } }')
    await write('{')
    expect(file.backup).toBe('{ session: { mainKey: "good" } }')
    await write('{ session: { mainKey: "better" } }')
    expect(file.backup).toBe('{ session: { mainKey: "better" } }')
    await write('{ gateway: { port: 4000 } }')
    expect(file.backup, 'not before it is active').toBe('{ session: { mainKey: "better" } }')
  })
})

describe('on a whole gateway', () => {
  async function startGateway(text: string, env: Record<string, string> = {}) {
    const file = { text }
    let onChange = () => {}
    const base = testPlatform({ env })
    const platform = {
      ...base,
      config: { path: PATH, read: async () => file.text, write: async (next: string) => void (file.text = next) },
      host: { ...base.host, watch: (_: string, listener: () => void) => ((onChange = listener), () => {}) },
    }
    const gateway = createGateway(platform, {})
    await gateway.start()
    const admin = (await join(gateway, { token: env['OPENCLAW_GATEWAY_TOKEN'] === '' ? 'old' : TOKEN })).client
    const write = async (next: unknown) => {
      file.text = JSON.stringify(next)
      onChange()
      await platform.clock.advance(200)
      await admin.call('config.reload') // its turn comes after what the watcher has begun
    }
    return { gateway, platform, write }
  }

  it('R8 takes effect where it is looked at, and closes no socket', async () => {
    const { gateway, platform, write } = await startGateway('{}')
    const { client } = await join(gateway)
    await write({
      agents: { list: [{ id: 'main' }, { id: 'added' }], defaults: { model: 'far/away' } },
      models: { providers: { far: { baseUrl: 'https://far.example/v1', apiKey: 'sk-far', models: [{ id: 'away' }] } } },
      session: { mainKey: 'home', scope: 'global' },
      logging: { level: 'error' },
    })
    expect((await client.call('agents.list', {})).agents.map(({ id }: { id: string }) => id)).toEqual(['main', 'added'])
    expect(await client.call('agents.list', {})).toMatchObject({ mainKey: 'home', scope: 'global' })
    expect((await client.call('models.list', {})).models[0]).toMatchObject({ provider: 'far', id: 'away', tags: ['default'] })
    expect((await client.call('config.get')).config.models.providers.far.apiKey).toBe(REDACTED)
    const lines = platform.logged.length
    await write({ logging: { level: 'error' } })
    expect(platform.logged.slice(lines)).toEqual([])
    await write({ logging: { level: 'debug' } })
    expect(platform.logged.length).toBeGreaterThan(lines)
    expect(client.isOpen).toBe(true)
  })

  it('shows in the health whether changes of the file are seen and good', async () => {
    const { gateway, platform, write } = await startGateway('{}')
    const { client } = await join(gateway)
    const status = async () => {
      await platform.clock.advance(1000)
      return (await client.call('health')).configReload.hotReloadStatus
    }
    expect(await status()).toBe('active')
    await write('no configuration')
    expect(await status()).toBe('disabled')
    await write({})
    expect(await status()).toBe('active')
  })

  it('lets nobody go on with the old secret', async () => {
    const { gateway, platform, write } = await startGateway('{ gateway: { auth: { token: "old" } } }', { OPENCLAW_GATEWAY_TOKEN: '' })
    const [one, two] = [(await join(gateway, { token: 'old' })).client, (await join(gateway, { token: 'old' })).client]
    await write({ gateway: { auth: { token: 'new' } } })
    await platform.clock.advance(250)
    for (const client of [one, two]) expect(await client.closed).toEqual({ code: 4001, reason: 'the shared secret has changed' })
    await expect(join(gateway, { token: 'old' })).rejects.toThrow('unauthorized')
    expect((await join(gateway, { token: 'new' })).client.isOpen).toBe(true)
    const bearer = (token: string) => gateway.fetch(new Request('http://127.0.0.1:18789/v1/models', { headers: { authorization: `Bearer ${token}` } }), { remoteAddress: '127.0.0.1' })
    expect([(await bearer('old')).status, (await bearer('new')).status]).toEqual([401, 200])
  })
})
