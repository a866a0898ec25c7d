// How heartbeats are set.

import { describe, expect, it } from 'vitest'
import { zoneHere } from '../../../src/kit/zone.ts'
import { createHeartbeatSettings } from '../../../src/services/automation/heartbeat-settings.ts'
import { createConversation, PLAYED } from '../conversation/conversation.ts'

const HALF_HOUR = 30 * 60_000

async function setUp(agents: object = {}, hibernates = false) {
  const c = await createConversation({ config: { ...PLAYED, agents: { ...PLAYED.agents, ...agents } } })
  return createHeartbeatSettings({ ...c, hibernates })
}

const beating = async (agents: object, hibernates = false) => (await setUp(agents, hibernates)).beating().map(({ agentId, everyMs }) => [agentId, everyMs])

describe('where nothing is said', () => {
  it('the default agent beats each half hour, with a model of its own', async () => {
    expect(await beating({ list: [{ id: 'one' }, { id: 'two', default: true }] })).toEqual([['two', HALF_HOUR]])
    const { of } = await setUp({})
    expect(of('main')).toMatchObject({ every: '30m', target: 'owner', ackMaxChars: 300, sessionKey: 'agent:main:main', activeHours: null, showOk: false, showAlerts: true })
    expect(of('main').prompt).toContain('HEARTBEAT_OK')
  })

  it('nobody beats without a model, or where that would end a sleep', async () => {
    expect(await beating({ defaults: { model: 'builtin/operator' } })).toEqual([])
    expect(await beating({}, true)).toEqual([])
    expect((await setUp({}, true)).of('main')).toMatchObject({ every: 'disabled', everyMs: null })
  })
})

describe('what is said', () => {
  it('holds, also on a gateway that sleeps', async () => {
    const heartbeat = { every: '5m', prompt: 'Anything?', target: 'none', ackMaxChars: 0, session: 'notes', model: 'played/two', timeoutSeconds: 9, visibility: { showOk: true, showAlerts: false } }
    const { of } = await setUp({ defaults: { ...PLAYED.agents.defaults, heartbeat } }, true)
    expect(of('main')).toMatchObject({ everyMs: 300_000, every: '5m', prompt: 'Anything?', target: 'none', ackMaxChars: 0, sessionKey: 'agent:main:notes', model: 'played/two', timeoutMs: 9000, showOk: true, showAlerts: false })
  })

  it('may be never', async () => {
    expect(await beating({ defaults: { ...PLAYED.agents.defaults, heartbeat: { every: '0m' } } })).toEqual([])
  })

  it('is not more often than each second', async () => {
    expect(await beating({ defaults: { ...PLAYED.agents.defaults, heartbeat: { every: '1ms' } } })).toEqual([['main', 1000]])
  })

  it('of agents holds for them alone, over that of the defaults', async () => {
    const defaults = { ...PLAYED.agents.defaults, heartbeat: { every: '1h', prompt: 'common' } }
    const agents = { defaults, list: [{ id: 'one' }, { id: 'two', heartbeat: { every: '2h' } }, { id: 'three', heartbeat: {} }] }
    expect(await beating(agents)).toEqual([['two', 7_200_000], ['three', 3_600_000]])
    const { of } = await setUp(agents)
    expect([of('two').prompt, of('one').everyMs]).toEqual(['common', null])
  })

  it('may name the one agent that beats', async () => {
    const named = (agentId: string) => beating({ defaults: { ...PLAYED.agents.defaults, heartbeat: { every: '1h', agentId } }, list: [{ id: 'one' }, { id: 'two' }] })
    expect([await named('two'), await named('gone')]).toEqual([[['two', 3_600_000]], [['one', 3_600_000]]])
  })

  it('has hours, in the zone of the machine unless another is named', async () => {
    const hours = async (activeHours: object) => (await setUp({ defaults: { ...PLAYED.agents.defaults, heartbeat: { activeHours } } })).of('main').activeHours
    expect(await hours({ start: '08:00', end: '22:00' })).toEqual({ start: '08:00', end: '22:00', timezone: zoneHere() })
    expect(await hours({ start: '08:00', end: '22:00', timezone: 'user' })).toMatchObject({ timezone: zoneHere() })
    expect(await hours({ start: '08:00', end: '24:00', timezone: 'Asia/Tokyo' })).toMatchObject({ timezone: 'Asia/Tokyo' })
    expect(await hours({ start: '08:00' })).toBeNull()
  })

  it.each([{ every: 'often' }, { activeHours: { start: '8' } }, { activeHours: { timezone: 'Mars/Base' } }, { ackMaxChars: -1 }])('is refused when it cannot be: %j', async (heartbeat) => {
    await expect(setUp({ defaults: { heartbeat } })).rejects.toThrow('agents.defaults.heartbeat')
  })
})
