import { describe, expect, it } from 'vitest'
import type { Principal } from '../../../src/protocol/scopes.ts'
import { createConversation, KEY, OPERATOR } from './conversation.ts'

const WRITER: Principal = { id: 'writer', role: 'operator', scopes: new Set(['operator.read', 'operator.write']) }

describe('what a message is', () => {
  it.each([
    ['/help', 'help', ''],
    ['  /HELP  ', 'help', ''],
    ['/id', 'whoami', ''],
    ['/model', 'model', ''],
    ['/model a/b', 'model', 'a/b'],
    ['/model: a/b', 'model', 'a/b'],
    ['/new tell me\nmore', 'new', 'tell me\nmore'],
    ['/approve x deny', 'approve', 'x deny'],
  ])('%j is /%s with %j', async (message, name, args) => {
    const { commands } = await createConversation()
    expect(commands.find(message)).toMatchObject({ command: { name }, args })
  })

  it.each(['help', '/', '/ help', '//help', '/helpme', '/help me', '/nope', 'say /help', '/tmp/file', '/status.txt', ''])('%j is none', async (message) => {
    const { commands } = await createConversation()
    expect(commands.find(message)).toBeNull()
  })
})

describe('answers', () => {
  async function answer(message: string, principal = OPERATOR) {
    const c = await createConversation()
    c.sessions.ensure(KEY, 'operator')
    return { ...c, text: await c.commands.answer(c.commands.find(message)!, { sessionKey: KEY, principal }) }
  }

  it('/model shows, sets and clears the model of the session', async () => {
    expect((await answer('/model')).text).toContain('Current: builtin/operator')
    const set = await answer('/model builtin/operator')
    expect(set.text).toBe('Model set to builtin/operator for this session only; configured default unchanged.')
    expect(set.sessions.get(KEY)!.settings.model).toBe('builtin/operator')
    const cleared = await set.commands.answer(set.commands.find('/model default')!, { sessionKey: KEY, principal: OPERATOR })
    expect(cleared).toBe('Session model reset to configured default (builtin/operator).')
    expect(set.sessions.get(KEY)!.settings.model).toBeUndefined()
    expect((await answer('/model nobody/x')).text).toContain('nobody')
  })

  it('/name, /status, /whoami', async () => {
    const named = await answer('/name Notes')
    expect(named.sessions.get(KEY)!.settings.displayName).toBe('Notes')
    expect((await answer('/name')).text).toContain(KEY)
    expect((await answer('/status')).text).toContain(`Session: ${KEY}, 0 messages`)
    expect((await answer('/whoami', WRITER)).text).toBe('You are writer, with the scopes operator.read, operator.write.')
  })

  it('refuses what the sender may not do', async () => {
    const { commands, text } = await answer('/reset', WRITER)
    expect(text).toBe('⚠️ You are not authorized to use /reset: it needs operator.admin.')
    const place = { sessionKey: KEY, principal: WRITER }
    expect(commands.resets(commands.find('/new x')!, place)).toBe(false)
    expect(commands.resets(commands.find('/new x')!, { ...place, principal: OPERATOR })).toBe(true)
    expect(commands.resets(commands.find('/help')!, { ...place, principal: OPERATOR })).toBe(false)
    expect((await answer('/approve a deny', WRITER)).text).toContain('operator.approvals')
  })

  it('/approve decides once, and only what may be decided', async () => {
    const c = await createConversation()
    const say = (message: string) => c.commands.answer(c.commands.find(message)!, { sessionKey: KEY, principal: OPERATOR })
    const { id } = await c.approvals.ask({ kind: 'exec', command: 'ls', ask: 'always' }, {})
    expect(await say('/approve')).toContain('Write it as')
    expect(await say(`/approve ${id} yes`)).toContain('Write it as')
    expect(await say(`/approve ${id} allow-always`)).toBe('allow-always is unavailable for this approval.')
    expect(await say(`/approve ${id} allow-once`)).toBe('Decided: allow-once.')
    expect(await say(`/approve ${id} deny`)).toContain('No approval waits')
    expect(c.approvals.get(id)).toMatchObject({ decision: 'allow-once', resolver: { kind: 'runtime', id: 'operator' } })
  })
})
