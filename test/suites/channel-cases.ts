// Channels, of which there are none yet, and messages that go without one.

import { expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { freshKey, textIn, type Reach } from './target.ts'

export function channelCases(at: Reach): void {
  const refusal = async (client: Client, method: string, params: unknown): Promise<Data> => (await client.request(method, params)).error
  const once = () => ({ idempotencyKey: crypto.randomUUID() })

  it('has no channels', async () => {
    const { client } = await at.join()
    expect(await client.call('channels.status', { probe: true, timeoutMs: 1000 })).toMatchObject({ channelOrder: [], channels: {}, channelAccounts: {}, channelDefaultAccountId: {}, channelMeta: [] })
    expect((await refusal(client, 'channels.status', { channel: 'telegram' })).message).toBe('unknown channel: telegram')
    expect((await refusal(client, 'channels.status', { bogus: 1 })).message).toContain("unexpected property 'bogus'")
  })

  it.each(['start', 'stop', 'logout'])('channels.%s knows none of them', async (what) => {
    const { client } = await at.join()
    expect((await refusal(client, `channels.${what}`, { channel: 'telegram' })).message).toBe(`invalid channels.${what} channel`)
    expect((await refusal(client, `channels.${what}`, {})).message).toContain("must have required property 'channel'")
    const { client: writer } = await at.join({ scopes: ['operator.write'] })
    expect((await refusal(writer, `channels.${what}`, { channel: 'telegram' })).details).toMatchObject({ missingScope: 'operator.admin' })
  })

  it('has nobody who waits to be let in', async () => {
    const { client } = await at.join({ scopes: ['operator.pairing'] })
    expect(await client.call('channels.pairing.list', {})).toMatchObject({ accounts: [], requests: [], commandOwnerConfigured: false })
    const request = { channel: 'telegram', accountId: 'default', requestId: 'x' }
    for (const [method, params] of [['list', { channel: 'telegram' }], ['approve', request], ['dismiss', request]] as const) {
      expect((await refusal(client, `channels.pairing.${method}`, params)).message, method).toBe('unknown pairing channel: telegram')
    }
    expect((await refusal(client, 'channels.pairing.approve', { ...request, bootstrapCommandOwner: true })).details).toMatchObject({ missingScope: 'operator.admin' })
  })

  it('has no channel with a code to scan', async () => {
    const { client } = await at.join()
    expect((await refusal(client, 'web.login.start', { force: true })).message).toBe('web login provider is not available')
    expect((await refusal(client, 'web.login.wait', {})).message).toBe('web login provider is not available')
    expect((await refusal(client, 'web.login.wait', { currentQrDataUrl: 'x' })).message).toContain('must match pattern')
  })

  // --- send ---

  it('sends without a channel into the session', async () => {
    const { client } = await at.join()
    const key = freshKey()
    await client.call('sessions.create', { key })
    await client.call('sessions.messages.subscribe', { key })
    const sent = await client.call('send', { to: 'me', sessionKey: key, message: 'news for you', ...once() })
    expect(sent).toMatchObject({ ok: true, channel: 'webchat', to: 'me', sessionKey: key })
    expect(await client.event('session.message', ({ messageId }) => messageId === sent.messageId)).toMatchObject({ sessionKey: key, message: { role: 'assistant' } })
    expect(await client.event('chat', (payload) => payload.sessionKey === key)).toMatchObject({ state: 'final' })
    expect((await client.call('chat.history', { sessionKey: key })).messages.map(textIn)).toEqual(['news for you'])
  })

  it('sends to a session that `to` names', async () => {
    const { client } = await at.join({ scopes: ['operator.write'] })
    const key = freshKey()
    await client.call('chat.send', { sessionKey: key, message: 'session status', ...once() })
    expect(await client.call('send', { to: key, message: 'x', ...once() })).toMatchObject({ sessionKey: key })
  })

  it('sends once for a key', async () => {
    const { client } = await at.join()
    const key = freshKey()
    await client.call('sessions.create', { key })
    const params = { to: 'me', sessionKey: key, message: 'once', ...once() }
    const [first, second] = await Promise.all([client.call('send', params), client.call('send', params)])
    expect(second).toEqual(first)
    expect(await client.call('send', params)).toEqual(first)
    expect((await client.call('chat.history', { sessionKey: key })).messages).toHaveLength(1)
    expect((await refusal(client, 'send', { ...params, message: 'another' })).details).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
  })

  it('does not send where there is nothing, or nothing that can take it', async () => {
    const { client } = await at.join()
    const said = async (params: object) => (await refusal(client, 'send', { to: 'nobody', message: 'm', ...once(), ...params })).message
    expect(await said({})).toContain('Channel is required (no configured channels detected)')
    expect(await said({ channel: 'telegram' })).toBe('unsupported channel: telegram')
    expect(await said({ channel: 'webchat' })).toContain('unsupported channel: webchat (internal-only)')
    expect(await said({ sessionKey: freshKey() })).toContain('No session found')
    expect(await said({ message: '' })).toBe('invalid send params: text or media is required')
    expect(await said({ bogus: 1 })).toContain("unexpected property 'bogus'")
    const key = freshKey()
    await client.call('sessions.create', { key })
    expect(await said({ sessionKey: key, mediaUrl: 'https://a.example/b.png' })).toContain('only text can be sent')
    const { client: reader } = await at.join({ scopes: ['operator.read'] })
    expect((await refusal(reader, 'send', { to: 'x', message: 'm', ...once() })).details).toMatchObject({ missingScope: 'operator.write' })
  })

  it('has nobody to ask, and no messages to act on', async () => {
    const { client } = await at.join()
    const poll = { to: 'x', question: 'q', options: ['a', 'b'], ...once() }
    expect((await refusal(client, 'poll', poll)).message).toContain('Channel is required')
    expect((await refusal(client, 'poll', { ...poll, channel: 'telegram' })).message).toBe('unsupported poll channel: telegram')
    expect((await refusal(client, 'poll', { ...poll, options: ['a'] })).code).toBe('INVALID_REQUEST')
    const action = { action: 'react', params: {}, ...once() }
    expect((await refusal(client, 'message.action', { ...action, channel: 'telegram' })).message).toBe('Channel telegram does not support action react.')
    expect((await refusal(client, 'message.action', { ...action, channel: 'webchat' })).message).toContain('internal-only')
    expect((await refusal(client, 'message.action', action)).message).toContain("must have required property 'channel'")
  })
}
