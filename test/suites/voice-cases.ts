// Speech, wake words and talking.

import { expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { connectNode } from '../harness/node.ts'
import type { Reach, Target } from './target.ts'

const USUAL = ['openclaw', 'claude', 'computer']
const AUDIO = new Uint8Array([0xff, 0xf3, 0x00, 0x0a, 0x0d, 0x80, 0x7f])
const toBytes = (base64: string): number[] => [...Buffer.from(base64, 'base64')]

export function voiceCases(at: Reach, get: () => Target): void {
  const refusal = async (client: Client, method: string, params: unknown): Promise<Data> => {
    const { ok, error } = await client.request(method, params)
    expect(ok, `${method} ${JSON.stringify(params)}`).toBe(false)
    return error
  }

  /** A provider that speaks; returns what it was asked. */
  function speaks(model = 'speaks', answer: Uint8Array = AUDIO): Data[] {
    const asked: Data[] = []
    get().upstream.on(model, (exchange) => {
      asked.push({ ...exchange.body, authorization: exchange.headers.authorization })
      exchange.send('audio/mpeg', answer)
    })
    return asked
  }

  async function withProvider(): Promise<Client> {
    const { client } = await at.join()
    await client.call('tts.setProvider', { provider: 'mock' })
    await client.call('tts.setPersona', { persona: 'off' })
    return client
  }

  // --- settings ---

  it('tells who can speak', async () => {
    const client = await withProvider()
    const status = await client.call('tts.status', {})
    expect(status).toMatchObject({ provider: 'mock', persona: null, personas: [{ id: 'calm', label: 'Calm' }] })
    expect(status.providerStates.map(({ id }: Data) => id)).toEqual(['mock', 'openai', 'espeak'])
    expect(status.providerStates[1]).toMatchObject({ configured: false, missing: expect.stringContaining('OPENAI_API_KEY') })
    const { providers, active } = await client.call('tts.providers', {})
    expect(active).toBe('mock')
    expect(providers[0]).toEqual({ id: 'mock', name: 'mock', configured: true, models: ['speaks'], voices: ['ann'] })
    expect(providers[1].voices).toContain('alloy')
  })

  it('switches speech on and off, and keeps that', async () => {
    const { client } = await at.join()
    expect(await client.call('tts.enable', {})).toEqual({ enabled: true })
    expect(await client.call('tts.status', {})).toMatchObject({ enabled: true, auto: 'always' })
    expect(await client.call('tts.disable', {})).toEqual({ enabled: false })
    expect(await client.call('tts.status', {})).toMatchObject({ enabled: false, auto: 'off' })
  })

  it('knows only providers and personas that there are', async () => {
    const client = await withProvider()
    expect((await refusal(client, 'tts.setProvider', { provider: 'nobody' })).message).toBe('Invalid provider. Use a registered TTS provider id.')
    expect((await refusal(client, 'tts.setProvider', {})).message).toContain("must have required property 'provider'")
    expect((await refusal(client, 'tts.setPersona', { persona: 'nobody' })).message).toBe('Invalid persona. Use a configured TTS persona id.')
    expect(await client.call('tts.setPersona', { persona: 'calm' })).toEqual({ persona: 'calm' })
    expect(await client.call('tts.personas', {})).toEqual({ active: 'calm', personas: [{ id: 'calm', label: 'Calm', description: 'Slowly.', provider: 'mock' }] })
    expect(await client.call('tts.setPersona', {})).toEqual({ persona: null })
  })

  it('needs the right to write for what changes or costs something', async () => {
    const { client } = await at.join({ scopes: ['operator.read'] })
    for (const [method, params] of [['tts.enable', {}], ['tts.convert', { text: 'x' }], ['tts.speak', { text: 'x' }], ['voicewake.set', { triggers: [] }]] as const) {
      expect((await refusal(client, method, params)).details, method).toMatchObject({ missingScope: 'operator.write' })
    }
    expect(await client.call('tts.status', {})).toHaveProperty('provider')
  })

  // --- speaking ---

  it('speaks with a configured provider', async () => {
    const client = await withProvider()
    const asked = speaks()
    const spoken = await client.call('tts.convert', { text: ' Good morning ' })
    expect(spoken).toMatchObject({ provider: 'mock', outputFormat: 'mp3', mimeType: 'audio/mpeg', fileExtension: '.mp3', voiceCompatible: false })
    expect(toBytes(spoken.audioBase64)).toEqual([...AUDIO])
    expect(asked).toEqual([{ model: 'speaks', voice: 'ann', input: 'Good morning', response_format: 'mp3', authorization: 'Bearer sk-of-the-mock' }])
  })

  it('speaks with another voice and model when asked', async () => {
    const client = await withProvider()
    const asked = speaks('other')
    await client.call('tts.convert', { text: 'x', provider: 'mock', modelId: 'other', voiceId: 'cleo', channel: 'any' })
    expect(asked).toMatchObject([{ model: 'other', voice: 'cleo' }])
  })

  it('speaks as its persona does', async () => {
    const client = await withProvider()
    const asked = speaks()
    await client.call('tts.setPersona', { persona: 'calm' })
    await client.call('tts.speak', { text: 'x' })
    await client.call('tts.setPersona', { persona: 'off' })
    expect(asked).toMatchObject([{ voice: 'bea', instructions: 'Be calm.' }])
  })

  it('says what went wrong at every provider, and no key', async () => {
    const client = await withProvider()
    get().upstream.on('speaks', (exchange) => exchange.fail(401, { message: 'bad key sk-of-the-mock' }))
    const error = await refusal(client, 'tts.convert', { text: 'x', provider: 'mock' })
    expect(error).toMatchObject({ code: 'UNAVAILABLE', message: 'TTS conversion failed: mock: 401 bad key …' })
    expect((await refusal(client, 'tts.convert', { text: 'x', provider: 'openai' })).message).toContain('openai: set tts.providers.openai.apiKey')
    expect((await refusal(client, 'tts.convert', { text: 'x', provider: 'nobody' })).code).toBe('INVALID_REQUEST')
  })

  it('takes no audio that is none', async () => {
    const client = await withProvider()
    speaks('speaks', new Uint8Array())
    expect((await refusal(client, 'tts.convert', { text: 'x', provider: 'mock' })).message).toContain('no audio')
  })

  it('speaks texts only, and not too long ones', async () => {
    const client = await withProvider()
    expect((await refusal(client, 'tts.convert', {})).message).toContain("must have required property 'text'")
    expect((await refusal(client, 'tts.convert', { text: '  ' })).message).toContain('nothing to say')
    expect((await refusal(client, 'tts.speak', { text: '' })).code).toBe('INVALID_REQUEST')
    expect((await refusal(client, 'tts.speak', { text: 'x'.repeat(4097) })).message).toContain('4096 characters are the most')
    expect((await refusal(client, 'tts.speak', { text: 'x', bogus: 1 })).message).toContain("unexpected property 'bogus'")
  })

  it('speaks with the machine, where it has a program for that', async () => {
    const client = await withProvider()
    const { providerStates } = await client.call('tts.status', {})
    const local = providerStates.find(({ id }: Data) => id === 'espeak')
    if (!local.configured) {
      expect((await refusal(client, 'tts.convert', { text: 'x', provider: 'espeak' })).message).toContain('install espeak-ng')
      return
    }
    const spoken = await client.call('tts.convert', { text: '$(touch /tmp/x); -q "good" morning', provider: 'espeak', voiceId: 'en-us' })
    expect(spoken).toMatchObject({ provider: 'espeak', outputFormat: 'wav', mimeType: 'audio/wav' })
    const bytes = Buffer.from(spoken.audioBase64, 'base64')
    expect(bytes.subarray(0, 4).toString()).toBe('RIFF')
    expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8)
    expect((await refusal(client, 'tts.convert', { text: 'x', provider: 'espeak', voiceId: '-q' })).message).toContain('no voice of that name')
  })

  it('speaks with the next that can when the chosen one fails, if nobody named one', async () => {
    const client = await withProvider()
    get().upstream.on('speaks', (exchange) => exchange.fail(500))
    const { fallbackProvider } = await client.call('tts.status', {})
    const { ok, payload, error } = await client.request('tts.speak', { text: 'x' })
    if (fallbackProvider === null) expect(error!.message).toContain('mock: 500')
    else expect(payload).toMatchObject({ provider: fallbackProvider })
    expect(ok).toBe(fallbackProvider !== null)
  })

  // --- wake words ---

  it('has the usual wake words, and others when they are set', async () => {
    const [{ client }, { client: other }] = [await at.join(), await at.join()]
    expect(await client.call('voicewake.set', { triggers: ['  Hey  ', '', 'you', 'Hey'] })).toEqual({ triggers: ['Hey', 'you'] })
    expect(await client.call('voicewake.get', {})).toEqual({ triggers: ['Hey', 'you'] })
    expect(await other.event('voicewake.changed')).toEqual({ triggers: ['Hey', 'you'] })
    expect(await client.call('voicewake.set', { triggers: [] })).toEqual({ triggers: USUAL })
    expect(await client.call('voicewake.get', {})).toEqual({ triggers: USUAL })
  })

  it('takes words only', async () => {
    const { client } = await at.join()
    expect((await refusal(client, 'voicewake.set', {})).code).toBe('INVALID_REQUEST')
    expect((await refusal(client, 'voicewake.set', { triggers: 'hey' })).code).toBe('INVALID_REQUEST')
    expect((await refusal(client, 'voicewake.get', { bogus: 1 })).code).toBe('INVALID_REQUEST')
    const { triggers } = await client.call('voicewake.set', { triggers: Array.from({ length: 50 }, (_, n) => `${n}${'x'.repeat(100)}`) })
    expect(triggers).toHaveLength(32)
    expect(triggers[0]).toHaveLength(64)
    await client.call('voicewake.set', { triggers: [] })
  })

  it('tells where what is said goes', async () => {
    const { client } = await at.join()
    expect(await client.call('voicewake.routing.get', {})).toEqual({ config: { version: 1, defaultTarget: { mode: 'current' }, routes: [], updatedAtMs: 0 } })
    expect((await refusal(client, 'voicewake.routing.set', {})).message).toBe('unknown method: voicewake.routing.set')
  })

  it('tells nodes the words when they join, and when they change', async () => {
    const { client } = await at.join()
    const node = await connectNode(at, get)
    expect(await node.client.event('voicewake.changed')).toEqual({ triggers: USUAL })
    expect(await node.client.event('voicewake.routing.changed')).toHaveProperty('config.version', 1)
    await client.call('voicewake.set', { triggers: ['psst'] })
    expect(await node.client.event('voicewake.changed', ({ triggers }) => triggers[0] === 'psst')).toEqual({ triggers: ['psst'] })
    await client.call('voicewake.set', { triggers: [] })
  })

  // --- talking ---

  it('tells that somebody talks to those who may hear it', async () => {
    const [{ client }, { client: hears }, { client: deaf }] = [await at.join(), await at.join({ scopes: ['operator.talk'] }), await at.join({ scopes: ['operator.read'] })]
    const mode = await client.call('talk.mode', { enabled: true, phase: 'listening' })
    expect(mode).toMatchObject({ enabled: true, phase: 'listening', ts: expect.any(Number) })
    expect(await hears.event('talk.mode')).toEqual(mode)
    expect(await client.call('talk.mode', { enabled: false })).toMatchObject({ enabled: false, phase: null })
    await deaf.call('tts.status', {})
    expect(deaf.events('talk.mode')).toEqual([])
    expect((await refusal(client, 'talk.mode', {})).message).toContain("must have required property 'enabled'")
    expect((await refusal(deaf, 'talk.mode', { enabled: true })).details).toMatchObject({ missingScope: 'operator.talk' })
  })

  it('shows how talking is set up, and its secrets to those who may have them', async () => {
    const { client } = await at.join()
    expect(await client.call('talk.config', {})).toMatchObject({ config: { talk: { speechLocale: 'de-DE', providers: { mock: { apiKey: '__OPENCLAW_REDACTED__' } } } } })
    expect(await client.call('talk.config', { includeSecrets: true })).toMatchObject({ config: { talk: { providers: { mock: { apiKey: 'sk-of-the-talk' } } } } })
    const { client: reader } = await at.join({ scopes: ['operator.read'] })
    expect(await reader.call('talk.config', {})).toHaveProperty('config.talk')
    expect((await refusal(reader, 'talk.config', { includeSecrets: true })).details).toMatchObject({ missingScope: 'operator.talk.secrets' })
  })

  it('lists who can take part in a conversation', async () => {
    const client = await withProvider()
    const catalog = await client.call('talk.catalog', {})
    expect(catalog).toMatchObject({ modes: ['stt-tts'], transports: [], speech: { ready: true, activeProvider: 'mock' }, realtime: { ready: false, providers: [] } })
    expect(catalog.speech.providers[0]).toMatchObject({ id: 'mock', configured: true, modes: ['stt-tts'] })
  })

  it('speaks in conversations', async () => {
    const client = await withProvider()
    const asked = speaks()
    const spoken = await client.call('talk.speak', { text: 'Hello', voiceId: 'dora', outputFormat: 'opus_48000', rateWpm: 350 })
    expect(spoken).toMatchObject({ provider: 'mock', outputFormat: 'opus', voiceCompatible: true, mimeType: 'audio/ogg' })
    expect(asked).toMatchObject([{ voice: 'dora', response_format: 'opus', speed: 2 }])
    expect((await refusal(client, 'talk.speak', { text: 'x', outputFormat: 'wax' })).message).toContain('format "wax" is not known')
    expect((await refusal(client, 'talk.speak', {})).code).toBe('INVALID_REQUEST')
  })

  it('has no voice sessions, says so, and does not advertise them', async () => {
    const { client, hello } = await at.join()
    expect(hello.features.methods.filter((name: string) => /^talk\.(client|session)\./.test(name))).toEqual([])
    expect(hello.features.methods).toEqual(expect.arrayContaining(['talk.config', 'talk.catalog', 'talk.mode', 'talk.speak']))
    expect(await refusal(client, 'talk.client.create', {})).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('none is built into this gateway') })
    expect(await refusal(client, 'talk.session.create', { sessionKey: 'main' })).toMatchObject({ code: 'UNAVAILABLE', details: { talkIssue: { code: 'realtime_unavailable' } } })
    const session = { sessionId: 'x' }
    const voice = { sessionKey: 'main', voiceSessionId: 'x' }
    for (const [method, params, code, said] of [
      ['talk.session.appendAudio', { ...session, audioBase64: 'AA==' }, 'UNAVAILABLE', 'Unknown Talk session'],
      ['talk.session.cancelOutput', session, 'UNAVAILABLE', 'Unknown Talk session'],
      ['talk.session.acknowledgeMark', { ...session, markName: 'm' }, 'UNAVAILABLE', 'Unknown Talk session'],
      ['talk.session.submitToolResult', { ...session, callId: 'c', result: 1 }, 'UNAVAILABLE', 'Unknown Talk session'],
      ['talk.session.steer', { ...session, text: 't' }, 'UNAVAILABLE', 'Unknown Talk session'],
      ['talk.session.close', session, 'UNAVAILABLE', 'Unknown Talk session'],
      ['talk.client.transcript', { ...voice, entryId: 'e', role: 'user', text: 't' }, 'INVALID_REQUEST', 'voice session not found'],
      ['talk.client.close', voice, 'INVALID_REQUEST', 'voice session not found'],
      ['talk.client.toolCall', { sessionKey: 'main', callId: 'c', name: 'n' }, 'INVALID_REQUEST', 'unsupported realtime Talk tool: n'],
      ['talk.client.steer', { sessionKey: 'main', text: 't' }, 'INVALID_REQUEST', 'talk.client.steer requires an active browser-owned Talk run'],
    ] as const) {
      expect(await refusal(client, method, params), method).toMatchObject({ code, message: said })
      expect((await refusal(client, method, { ...params, bogus: 1 })).message, method).toContain("unexpected property 'bogus'")
    }
  })
}
