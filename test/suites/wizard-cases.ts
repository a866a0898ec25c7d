// The setup: its questions, what it accepts, what it writes at its end. What it wrote is taken back.

import { expect, it } from 'vitest'
import type { Client, Data } from '../harness/client.ts'
import { hashOf, read, untouched } from './config-scenes.ts'
import type { Reach, Target } from './target.ts'

export function wizardCases(at: Reach, get: () => Target): void {
  const join = async () => (await at.join()).client

  const answer = (client: Client, sessionId: string, stepId: string, value?: unknown): Promise<Data> =>
    client.call('wizard.next', { sessionId, answer: { stepId, ...(value !== undefined && { value }) } })

  /** Answers question after question; returns what came of the last one. */
  async function walk(client: Client, sessionId: string, answers: readonly (readonly [stepId: string, value?: unknown])[]): Promise<Data> {
    let last: Data = null
    for (const [stepId, value] of answers) last = await answer(client, sessionId, stepId, value)
    return last
  }

  const custom = (model: string, key = '') => [['welcome'], ['provider', 'custom'], ['baseUrl', get().upstream.baseUrl], ['model', model], ['apiKey', key]] as const

  it('begins with a note, and asks which provider shall answer', async () => {
    const client = await join()
    const started = await client.call('wizard.start', { mode: 'local', installDaemon: false })
    expect(started).toMatchObject({ done: false, status: 'running', step: { id: 'welcome', type: 'note', executor: 'client' } })
    const { step } = await answer(client, started.sessionId, 'welcome')
    expect(step).toMatchObject({ id: 'provider', type: 'select' })
    expect(step.options.map(({ value }: Data) => value)).toEqual(expect.arrayContaining(['openai', 'openrouter', 'custom', 'skip']))
    expect(await client.call('wizard.next', { sessionId: started.sessionId })).toMatchObject({ done: false, step: { id: 'provider' } })
    expect(await client.call('wizard.status', { sessionId: started.sessionId })).toEqual({ status: 'running' })
    expect(await client.call('wizard.cancel', { sessionId: started.sessionId })).toEqual({ status: 'cancelled', error: 'cancelled' })
  })

  it('sets up a provider: asks it, writes it, and makes its model the one that answers', async () => {
    const client = await join()
    get().upstream.on('wizard-good', (exchange) => exchange.answer(exchange.headers.authorization === 'Bearer sk-wizard' ? 'OK' : 'no key'))
    await untouched(client, async () => {
      const { sessionId } = await client.call('wizard.start', {})
      const asked = await walk(client, sessionId, custom('wizard-good', 'sk-wizard'))
      expect(asked).toMatchObject({ done: false, step: { id: 'finish', type: 'confirm', initialValue: true, message: expect.stringContaining('custom/wizard-good has answered in') } })
      expect((await read(client)).parsed.models.providers.custom).toBeUndefined()
      const ended = await answer(client, sessionId, 'finish', true)
      expect(ended).toEqual({ done: true, status: 'done', modelActivation: { modelRef: 'custom/wizard-good' } })
      const { parsed } = await read(client)
      expect(parsed.models.providers.custom).toEqual({ baseUrl: get().upstream.baseUrl, models: [{ id: 'wizard-good' }], apiKey: '__OPENCLAW_REDACTED__' })
      expect(parsed.agents.defaults.model).toBe('custom/wizard-good')
      const { models } = await client.call('models.list', {})
      expect(models.find(({ tags }: Data) => tags.includes('default'))).toMatchObject({ provider: 'custom', id: 'wizard-good' })
      expect((await client.call('config.history', { limit: 1 })).revisions[0]).toMatchObject({ how: 'wizard' })
      expect(await client.call('wizard.status', { sessionId })).toEqual({ status: 'done' })
      const stored = JSON.stringify([asked, ended, client.frames])
      expect(stored).not.toContain('sk-wizard')
    })
  })

  it('says why a provider does not answer, and takes another key', async () => {
    const client = await join()
    get().upstream.on('wizard-picky', (exchange) => (exchange.headers.authorization === 'Bearer sk-right' ? exchange.answer('OK') : exchange.fail(401, { message: `bad key ${exchange.headers.authorization}` })))
    const { sessionId } = await client.call('wizard.start', {})
    const failed = await walk(client, sessionId, custom('wizard-picky', 'sk-wrong-one'))
    expect(failed.step).toMatchObject({ id: 'failed', type: 'select', message: expect.stringContaining('auth') })
    expect(JSON.stringify(failed)).not.toContain('sk-wrong-one')
    expect((await answer(client, sessionId, 'failed', 'key')).step).toMatchObject({ id: 'apiKey', type: 'text', sensitive: true })
    expect((await answer(client, sessionId, 'apiKey', 'sk-right')).step).toMatchObject({ id: 'finish' })
    await client.call('wizard.cancel', { sessionId })
  })

  it('keeps a provider that does not answer, if one insists', async () => {
    const client = await join()
    get().upstream.on('wizard-down', (exchange) => exchange.fail(400))
    await untouched(client, async () => {
      const { sessionId } = await client.call('wizard.start', {})
      await walk(client, sessionId, custom('wizard-down'))
      expect((await answer(client, sessionId, 'failed', 'keep')).step).toMatchObject({ id: 'finish', message: expect.stringContaining('has not answered yet') })
      expect(await answer(client, sessionId, 'finish', false)).toEqual({ done: true, status: 'done' })
      const { parsed } = await read(client)
      expect(parsed.models.providers.custom.baseUrl).toBe(get().upstream.baseUrl)
      expect(parsed.agents.defaults.model).toBe('builtin/operator')
    })
  })

  it('changes nothing when it is told to leave things as they are', async () => {
    const client = await join()
    const before = await hashOf(client)
    const { sessionId } = await client.call('wizard.start', {})
    expect(await walk(client, sessionId, [['welcome'], ['provider', 'skip']])).toEqual({ done: true, status: 'done' })
    expect(await hashOf(client)).toBe(before)
  })

  it.each([
    ['provider', [['welcome']], 'nobody', 'choose one of the options'],
    ['provider', [['welcome']], 5, 'choose one of the options'],
    ['baseUrl', [['welcome'], ['provider', 'custom']], 'file:///etc/passwd', 'this is no address'],
    ['baseUrl', [['welcome'], ['provider', 'custom']], '', 'this must not be empty'],
    ['apiKey', [['welcome'], ['provider', 'openai']], '', 'this must not be empty'],
    ['apiKey', [['welcome'], ['provider', 'openai']], 'x'.repeat(3000), 'answer with a text of at most'],
  ] as const)('asks again when the answer to %s is none', async (stepId, before, value, says) => {
    const client = await join()
    const { sessionId } = await client.call('wizard.start', {})
    await walk(client, sessionId, before)
    expect(await answer(client, sessionId, stepId, value)).toMatchObject({ done: false, status: 'running', step: { id: stepId }, error: expect.stringContaining(says) })
    await client.call('wizard.cancel', { sessionId })
  })

  it('takes answers to the question that is asked, and to no other', async () => {
    const client = await join()
    const { sessionId } = await client.call('wizard.start', {})
    expect((await client.request('wizard.next', { sessionId, answer: { stepId: 'finish', value: true } })).error!.message).toBe('wizard: no pending step')
    await client.call('wizard.cancel', { sessionId })
    expect(await client.call('wizard.next', { sessionId, answer: { stepId: 'welcome' } })).toMatchObject({ done: true, status: 'cancelled' })
  })

  it.each(['wizard.next', 'wizard.cancel', 'wizard.status'])('%s knows only what was begun', async (method) => {
    const client = await join()
    expect((await client.request(method, { sessionId: 'nothing' })).error).toMatchObject({ code: 'INVALID_REQUEST', message: 'wizard not found', details: { code: 'WIZARD_NOT_FOUND' } })
    expect((await client.request(method, {})).error!.message).toContain("must have required property 'sessionId'")
  })

  it('is no setup of clients, nor of channels', async () => {
    const client = await join()
    expect((await client.request('wizard.start', { mode: 'remote' })).error!.message).toContain('sets up a client of another gateway')
    expect((await client.request('wizard.start', { flow: 'channels', channel: 'telegram' })).error).toMatchObject({ code: 'UNAVAILABLE' })
    expect((await client.request('wizard.start', { mode: 'both' })).error!.message).toContain('invalid wizard.start params')
  })

  it('does not go on without end', async () => {
    const client = await join()
    const begun: string[] = []
    for (let n = 0; n < 9; n++) {
      const { ok, payload, error } = await client.request('wizard.start', {})
      if (ok) begun.push(payload.sessionId)
      else expect(error).toMatchObject({ code: 'UNAVAILABLE', details: { code: 'SETUP_ADMISSION_BUSY' } })
    }
    expect(begun.length).toBeLessThanOrEqual(8)
    for (const sessionId of begun) await client.call('wizard.cancel', { sessionId })
  })
}
