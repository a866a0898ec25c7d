// Changes by calls: what they must name, what is refused, and that nothing of what is refused happens.

import { describe, expect, it } from 'vitest'
import { fakeFile, startConfiguration, type Configuration } from './configuration.ts'

const BY = { by: 'operator', how: 'config.patch' }
const patch = (on: Configuration, raw: string, more: object = {}) => on.configWriter.patch({ ...BY, raw, baseHash: on.hash(), ...more })

describe('a change', () => {
  it('is written before it is active, and told after both', async () => {
    const on = await startConfiguration()
    const order: string[] = []
    on.config.onChange(() => void order.push(`active, file ${on.file.text!.includes('x') ? 'written' : 'old'}`))
    const written = await patch(on, '{ session: { mainKey: "x" } }')
    expect(order).toEqual(['active, file written'])
    expect(written).toEqual({ hash: on.hash(), noop: false, changed: ['session'], changedPaths: ['session'], waiting: [], restart: null, confirmBefore: null })
    await on.commit.flush()
    expect(on.heard.map(({ event }) => event)).toEqual(['config.changed'])
  })

  it('is made on what stands in the file, also when nobody has seen it yet', async () => {
    const on = await startConfiguration()
    const stale = on.hash()
    on.file.text = '{ cron: { enabled: false } }'
    await expect(on.configWriter.patch({ ...BY, raw: '{ session: {} }', baseHash: stale })).rejects.toThrow('config changed since last load')
    await on.configWriter.change(BY, (source) => ({ ...source, session: { mainKey: 'x' } }))
    expect(JSON.parse(on.file.text)).toEqual({ cron: { enabled: false }, session: { mainKey: 'x' } })
    expect(on.config.current['cron']).toEqual({ enabled: false })
  })

  it('needs no hash where there is no file yet', async () => {
    const on = await startConfiguration({ file: fakeFile(null) })
    await on.configWriter.set({ ...BY, raw: '{ session: { mainKey: "first" } }' })
    expect(on.config.mainKey()).toBe('first')
    expect(on.config.snapshot().exists).toBe(true)
  })

  it('goes one after the other', async () => {
    const on = await startConfiguration()
    const changes = Array.from({ length: 20 }, (_, n) => on.configWriter.change(BY, (source) => ({ ...source, count: Number(source['count'] ?? 0) + 1, [`n${n}`]: n })))
    await Promise.all(changes)
    expect(JSON.parse(on.file.text!)).toMatchObject({ count: 20, n0: 0, n19: 19 })
  })

  it('to what stands there already writes nothing', async () => {
    const on = await startConfiguration({ file: fakeFile('{ session: { mainKey: "x" } } // as I like it') })
    expect(await patch(on, '{ session: { mainKey: "x" } }')).toMatchObject({ noop: true, changedPaths: [] })
    expect(await on.configWriter.set({ ...BY, raw: '{ session: { mainKey: "x" } }', baseHash: on.hash() })).toMatchObject({ noop: true })
    expect(on.file.written).toEqual([])
  })

  it('mends a bad file, by being given whole', async () => {
    const on = await startConfiguration()
    await on.write('{ gateway: { port: "x" } }')
    await expect(patch(on, '{ session: {} }')).rejects.toThrow('mend the file before patching')
    await expect(on.configWriter.change(BY, (source) => source)).rejects.toThrow('invalid config: gateway.port')
    await on.configWriter.set({ ...BY, raw: '{ session: { mainKey: "mended" } }', baseHash: on.hash() })
    expect(on.config.snapshot()).toMatchObject({ valid: true, issues: [] })
    expect(on.config.mainKey()).toBe('mended')
  })
})

describe('what is refused', () => {
  it.each([
    '{ gateway: { port: 0 } }',
    '{ gateway: { mode: "remote" } }',
    '{ gateway: { auth: { mode: "none" }, bind: "lan" } }',
    '{ models: { providers: { x: { apiKey: "${UNSET}" } } } }',
    '{ a: { "__proto__": 1 } }',
    '{ session: { mainKey: "__OPENCLAW_REDACTED__" } }',
    '{ list: [{ id: "x" }, { id: "x" }], agents: { list: 5 } }',
    'nonsense',
    `{ x: ${'['.repeat(70)}${']'.repeat(70)} }`,
    `{ x: "${'y'.repeat(4 * 1024 * 1024)}" }`,
  ])('has not happened: %.60s', async (raw) => {
    const on = await startConfiguration()
    const before = on.config.snapshot()
    await expect(patch(on, raw)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(on.config.snapshot()).toEqual(before)
    expect([on.file.written, on.heard, on.configHistory.list(5)]).toEqual([[], [], []])
  })

  it('has not happened either when the disk refuses', async () => {
    const on = await startConfiguration()
    on.file.refuses = new Error('EROFS: read-only file system')
    await expect(patch(on, '{ session: { mainKey: "x" } }', { confirmWithinMs: 5000 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'the configuration could not be written: EROFS: read-only file system',
    })
    expect(on.config.mainKey()).toBe('main')
    expect(on.configConfirm.pending).toBeNull()
    on.file.refuses = null
    await patch(on, '{ session: { mainKey: "x" } }')
    expect(on.config.mainKey()).toBe('x')
  })

  it('keeps nobody after it from what they want', async () => {
    const on = await startConfiguration()
    const refused = on.configWriter.change(BY, () => {
      throw new Error('no')
    })
    const taken = on.configWriter.change(BY, (source) => ({ ...source, session: { mainKey: 'x' } }))
    await expect(refused).rejects.toThrow('no')
    await taken
    expect(on.config.mainKey()).toBe('x')
  })
})

describe('where changes are switched off', () => {
  const off = '"gateway": { "reload": { "mode": "off" } }'

  it('a patch is kept and waits, and is applied when that is asked for', async () => {
    const on = await startConfiguration({ file: fakeFile(`{ ${off} }`) })
    const written = await patch(on, '{ session: { mainKey: "x" } }')
    expect(written).toMatchObject({ waiting: ['session'], restart: null })
    expect(on.config.mainKey()).toBe('main')
    const applied = await on.configWriter.set({ ...BY, raw: on.file.text!, baseHash: on.hash() }, { force: true })
    expect(applied).toMatchObject({ noop: true, changed: ['session'], waiting: [] })
    expect(on.config.mainKey()).toBe('x')
  })
})

it('keeps what was changed where nothing can be written, over a restart', async () => {
  const first = await startConfiguration({ variable: true, file: fakeFile('{ session: { scope: "global" } }') })
  await patch(first, '{ session: { mainKey: "kept" } }')
  await first.commit.flush()
  const second = await startConfiguration({ variable: true, file: first.file, sql: first.sql })
  expect(second.config.current.session).toEqual({ scope: 'global', mainKey: 'kept' })
  expect(second.hash()).toBe(first.hash())
  expect(first.file.text).toBe('{ session: { scope: "global" } }')
})
