// The group of conversation services, made as a gateway makes it: what it takes from the platform and the settings.

import { describe, expect, it } from 'vitest'
import type { Fetch } from '../../../src/index.ts'
import { createConversationServices } from '../../../src/services/conversation/services.ts'
import type { Ground } from '../../../src/services/ground.ts'
import { createSettings } from '../../../src/services/operations/settings-services.ts'
import { createLogs } from '../../../src/services/operations/logs.ts'
import { createAudit } from '../../../src/services/operations/audit.ts'
import { createUpkeep } from '../../../src/services/operations/upkeep.ts'
import { createWakeups } from '../../../src/services/operations/wakeups.ts'
import { createBuiltinModel } from '../../../src/models/builtin.ts'
import { settled } from '../../harness/clock.ts'
import { foundation } from '../../harness/foundation.ts'
import { createTracing } from '../../../src/services/operations/tracing.ts'
import { testPlatform } from '../../harness/platform.ts'
import { script } from '../../suites/target.ts'
import { requestOf } from './conversation.ts'

const DAY = 24 * 60 * 60 * 1000

type Changes = NonNullable<Parameters<typeof testPlatform>[0]>

async function make({ hibernates = false, given = {}, ...changes }: Changes & { given?: unknown } = {}) {
  const { sql, clock, commit, gate, bus, log } = foundation()
  const platform = testPlatform({ sql, clock, ...changes })
  const wakeups = createWakeups({ alarm: platform.alarm, clock, log })
  const upkeep = createUpkeep()
  const ground = { platform, host: platform.host ?? {}, log, commit, gate, bus, wakeups, upkeep, audit: createAudit({ ...platform, commit, log }), tracing: createTracing('test'), place: 'here', hibernates } as unknown as Ground
  const settings = createSettings(ground, createLogs(() => {}), given)
  await settings.config.load()
  return { platform, clock, upkeep, commit, services: createConversationServices(ground, settings, { providers: [], builtin: createBuiltinModel(clock) }) }
}

describe('runs', () => {
  it('are forgotten a week after their end', async () => {
    const { services, clock, upkeep, commit } = await make()
    await services.runs.start(requestOf(script({ text: 'x' }), { runId: 'r' })).run!.done
    const forget = () => commit.tx(() => upkeep.run(clock.now()))
    await clock.advance(7 * DAY)
    forget()
    expect(services.runs.find('r')).not.toBeNull()
    await clock.advance(1)
    forget()
    expect(services.runs.find('r')).toBeNull()
  })

  it('are limited as the configuration says', async () => {
    const { services, clock } = await make({ given: { agents: { defaults: { timeoutSeconds: 2, maxConcurrent: 1 } } } })
    for (const id of ['one', 'two']) services.runs.start(requestOf(script({ hang: true }), { runId: id, sessionKey: `agent:main:${id}` }))
    await settled()
    expect(services.runs.find('two')!.state).toBe('queued')
    await clock.advance(2000)
    expect(services.runs.find('one')!.result).toMatchObject({ stopReason: 'timeout' })
  })

  it('keep an alarm set where the gateway hibernates, and nowhere else', async () => {
    for (const hibernates of [true, false]) {
      const { services, platform, clock } = await make({ hibernates })
      const { run } = services.runs.start(requestOf(script({ delayMs: 1 })))
      await settled()
      expect(platform.alarmAt()).toBe(hibernates ? clock.now() + 30_000 : null)
      await clock.advance(1)
      await run!.done
      expect(platform.alarmAt()).toBeNull()
    }
  })
})

describe('models', () => {
  const asking = () => {
    const asked: string[] = []
    const fetch: Fetch = (url) => {
      asked.push(url)
      return Promise.reject(new Error('nobody there'))
    }
    return { asked, fetch }
  }

  it('are looked for on this machine where it can be reached', async () => {
    for (const loopback of [true, false]) {
      const { asked, fetch } = asking()
      const { services } = await make({ fetch, host: { loopback } })
      services.models.begin()
      await settled()
      expect(asked.length > 0).toBe(loopback)
    }
  })

  it('are taken from the environment of the platform', async () => {
    const { services } = await make({ env: { GROQ_API_KEY: 'k' } })
    expect(services.models.choiceFor('main').provider).toBe('groq')
  })
})

it('keeps images among the files of the platform', async () => {
  const { services, platform } = await make()
  const [image] = await services.media.keep([{ mimeType: 'image/png', content: 'AAAA' }])
  expect(await platform.files.getKeys()).toEqual([`media:${image!.mediaId}`])
})
