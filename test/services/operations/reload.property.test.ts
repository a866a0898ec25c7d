// A thousand broken files, each put under a gateway that runs: it lives on, with the configuration that was good, and
// with every socket that it had.

import { describe, expect, it } from 'vitest'
import JSON5 from 'json5'
import { createGateway } from '../../../src/index.ts'
import type { Data } from '../../harness/client.ts'
import { join } from '../../harness/peer.ts'
import { testPlatform } from '../../harness/platform.ts'

const FILES = 1000

const GOOD = {
  gateway: { port: 18789, auth: { token: 'of-the-file' }, controlUi: { allowedOrigins: ['https://a.example'] } },
  agents: { defaults: { model: { primary: 'mock/one', fallbacks: ['mock/two'] } }, list: [{ id: 'main', default: true }, { id: 'second', name: 'Second' }] },
  models: { providers: { mock: { baseUrl: 'http://127.0.0.1:9/v1', apiKey: 'sk-secret-of-the-file', models: [{ id: 'one', contextWindow: 8000 }] } } },
  session: { mainKey: 'main', scope: 'per-sender' },
  logging: { level: 'info' },
  cron: { enabled: true },
  hooks: { enabled: false },
  channels: {},
}

/** The same numbers in each run. */
function createRandom(seed: number) {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
type Random = ReturnType<typeof createRandom>

/** Every object and list in a value. */
function containersIn(value: unknown): (Record<string, unknown> | unknown[])[] {
  if (typeof value !== 'object' || value === null) return []
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(containersIn)]
}

const WRONG: readonly unknown[] = [null, true, -1, 1e308, '', 'text', '${NOT_SET_ANYWHERE}', [], [[]], {}, { $include: 'x' }, { source: 'exec', id: 'rm' }, { source: 'env', id: 'NOT_SET' }]
const DANGEROUS = ['__proto__', 'constructor', 'prototype'] as const
const BYTES = ['\u0000', '\ufffd', '"', "'", '{', '}', '[', ']', ',', ':', '\\', '/', '\n', '9', '-', '🦊', '\ud800'] as const

const mutations: Readonly<Record<string, (text: string, random: Random) => string>> = {
  truncated: (text, random) => text.slice(0, random(text.length)),
  'without its beginning': (text, random) => text.slice(1 + random(text.length - 1)),
  'with other bytes': (text, random) => {
    const letters = [...text]
    for (let n = 0; n <= random(20); n++) letters[random(letters.length)] = BYTES[random(BYTES.length)]!
    return letters.join('')
  },
  'without a piece': (text, random) => {
    const at = random(text.length)
    return text.slice(0, at) + text.slice(at + 1 + random(40))
  },
  'with a wrong value': (text, random) => {
    const value = JSON.parse(text) as unknown
    const containers = containersIn(value)
    const chosen = containers[random(containers.length)]! as Record<string, unknown>
    const keys = Object.keys(chosen)
    chosen[keys[random(keys.length)] ?? 'added'] = WRONG[random(WRONG.length)]
    return JSON.stringify(value)
  },
  'with a dangerous key': (text, random) => {
    const key = DANGEROUS[random(DANGEROUS.length)]!
    const at = [...text.matchAll(/\{/g)]
    const { index } = at[random(at.length)]!
    const shown = random(2) === 0 ? key : key.replace('o', '\\u006f')
    return `${text.slice(0, index + 1)}"${shown}":{"polluted":true},${text.slice(index + 1)}`
  },
  'nested without end': (text, random) => text.replace('"channels":{}', `"channels":${'['.repeat(70 + random(5000))}`),
  'repeated': (text, random) => text.repeat(2 + random(3)),
  'something else': (_, random) => ['', 'null', '[]', '"text"', '<html>', '\ufeff', 'undefined', '{'.repeat(500)][random(8)]!,
}

describe('R8 a thousand broken files', () => {
  it('end nothing, change nothing, close nothing', { timeout: 30_000 }, async () => {
    const random = createRandom(20_260_727)
    const kinds = Object.keys(mutations)
    const good = JSON.stringify(GOOD)
    const file = { text: good }
    let onChange = () => {}
    const base = testPlatform()
    const source = { path: '/test/openclaw.json', read: async () => file.text, write: async (text: string) => void (file.text = text) }
    const host = { ...base.host, watch: (_: string, listener: () => void) => ((onChange = listener), () => {}) }
    const platform = { ...base, config: source, host }
    const gateway = createGateway(platform, {})
    await gateway.start()
    const [admin, reader] = [(await join(gateway)).client, (await join(gateway, { scopes: ['operator.read'] })).client]
    const before = await admin.call('config.get')
    const refused = new Map<string, number>()

    for (let n = 0; n < FILES; n++) {
      const kind = kinds[n % kinds.length]!
      const text = mutations[kind]!(good, random)
      file.text = text
      onChange()
      await platform.clock.advance(200)
      const answer: Data = await admin.call('config.reload') // waits its turn behind what the watcher has begun
      if (answer.ok) {
        // What was left is a configuration all the same: it is the one that is active then.
        expect(() => JSON5.parse(text), `${kind}: ${text}`).not.toThrow()
        file.text = good
        await admin.call('config.reload')
        continue
      }
      refused.set(kind, (refused.get(kind) ?? 0) + 1)
      expect(answer.issues.length, `${kind}: ${text}`).toBeGreaterThan(0)
      if (n % 10 !== 0) continue
      const now: Data = await reader.call('config.get')
      expect(now, kind).toMatchObject({ valid: false, issues: answer.issues, appliedConfigHash: before.appliedConfigHash })
      expect(now.config, kind).toEqual(before.config)
      expect((await reader.call('agents.list', {})).agents).toMatchObject([{ id: 'main' }, { id: 'second' }])
      expect(JSON.stringify(now)).not.toMatch(/of-the-file|sk-secret/)
    }

    expect([...refused.keys()].toSorted()).toEqual(kinds.toSorted())
    expect([...refused.values()].reduce((sum, count) => sum + count)).toBeGreaterThan(FILES * 0.7)
    const watched = platform.logged.filter(({ message }) => message.includes('cannot be used, and what was active before stays so'))
    expect(watched.length, 'it was the watcher that refused them').toBeGreaterThan(FILES * 0.7)
    expect([admin.isOpen, reader.isOpen, await gateway.ready()]).toEqual([true, true, true])
    expect(({} as Data).polluted).toBeUndefined()
    expect(platform.logged.filter(({ message }) => message.includes('sk-secret'))).toEqual([])

    file.text = JSON.stringify({ ...GOOD, session: { mainKey: 'mended' } })
    onChange()
    await platform.clock.advance(200)
    await admin.call('config.reload')
    expect((await reader.call('agents.list', {})).mainKey).toBe('mended')
    await gateway.close()
  })
})
