// What every wire of models must do, whoever speaks it. Runs against a vendor on loopback.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFetch } from '../../runtimes/node/fetch.ts'
import { ModelError, type Model, type ModelEvent, type ModelProvider, type ModelRequest, type ModelSpec, type ModelToolCall } from '../../src/ports/model.ts'
import type { Clock } from '../../src/index.ts'
import { startVendor, TOLD, type Request, type Scene, type Vendor, type VendorWire } from '../harness/vendors/vendor.ts'

export interface ModelSubject {
  readonly name: string
  readonly provider: ModelProvider
  readonly vendor: VendorWire
  readonly model: string
  /** Of the vendor's origin. */
  toBaseUrl(origin: string): string
  readonly options?: Readonly<Record<string, unknown>>
  /** Where a completion is asked for. */
  readonly path: RegExp
  /** How the key travels; null: in a signature. */
  readonly credential: readonly [header: string, value: string] | null
  /** What this wire does not count. */
  readonly uncounted?: readonly (keyof typeof TOLD)[]
  /** It takes images by their address. */
  readonly takesAddresses: boolean
  /** Results of tools are text only. */
  readonly textResults?: true
  /** It gives signatures of its thoughts, and wants them back. */
  readonly signs: boolean
  /** Ids of tool calls are the vendor's own and come back as they were. */
  readonly keepsIds: boolean
  /** What a request says beside what all say. */
  check?(request: Request): void
}

const KEY = 'sk-secret-of-the-tests'
const CALL = { id: 'call12345', name: 'weather', arguments: '{"city":"Malmö"}' }
const TOOL = { name: 'weather', description: 'The weather of a city.', parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } }
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const ASK: ModelRequest = { messages: [{ role: 'system', text: 'Be brief.' }, { role: 'user', content: 'hi' }], tools: [], settings: {}, whole: false }

/** Time flies: pauses are over at once, and are told. */
function flyingClock(): Clock & { readonly pauses: readonly number[] } {
  const pauses: number[] = []
  return {
    pauses,
    now: Date.now,
    after(ms, work) {
      if (ms >= 60_000) return () => {} // the watch over silence
      let cancelled = false
      setImmediate(() => {
        if (cancelled) return
        pauses.push(ms)
        work()
      })
      return () => void (cancelled = true)
    },
    turn: (work) => void setImmediate(work),
  }
}

export function modelSuite(subject: ModelSubject): void {
  describe(subject.name, () => {
    let vendor: Vendor
    beforeAll(async () => void (vendor = await startVendor(subject.vendor)))
    afterAll(() => vendor.close())

    const upstream = createFetch()

    function make(more: Partial<ModelSpec> = {}): { model: Model; clock: ReturnType<typeof flyingClock> } {
      const clock = flyingClock()
      const baseUrl = subject.toBaseUrl(vendor.origin)
      const spec = { provider: 'mock', model: subject.model, baseUrl, apiKey: KEY, headers: { 'x-team': 'crabs' }, timeoutMs: 60_000, ...(subject.options && { options: subject.options }), ...more }
      return { model: subject.provider.model(spec, { fetch: upstream, clock }), clock }
    }

    async function ask(scenes: readonly Scene[], request: Partial<ModelRequest> = {}, more: Partial<ModelSpec> = {}) {
      vendor.play(...scenes)
      const { model, clock } = make(more)
      const events: ModelEvent[] = []
      let failure: unknown = null
      try {
        for await (const batch of model.stream({ ...ASK, ...request }, { signal: new AbortController().signal })) events.push(...batch)
      } catch (error) {
        failure = error
      }
      const said = (type: 'text' | 'reasoning') => events.flatMap((event) => (event.type === type ? [event.text] : []))
      const calls = events.flatMap((event) => (event.type === 'tool-call' ? [event.call] : []))
      return { events, texts: said('text'), text: said('text').join(''), reasoning: said('reasoning').join(''), calls, end: events.at(-1), failure, clock, sent: vendor.requests[0]!, count: vendor.requests.length }
    }

    const bodyOf = (request: Request) => JSON.stringify(request.body)

    it('says what is said, in the pieces in which it comes', async () => {
      const { texts, end, failure, sent } = await ask([{ text: ['Hello', ', ', 'wörld 🦀'] }])
      expect(failure).toBeNull()
      expect(texts).toEqual(['Hello', ', ', 'wörld 🦀'])
      expect(end).toMatchObject({ type: 'stop', reason: 'stop' })
      expect(sent.path).toMatch(subject.path)
      expect(sent.headers['x-team']).toBe('crabs')
      if (subject.credential) expect(sent.headers[subject.credential[0]]).toBe(subject.credential[1].replace('KEY', KEY))
      expect(bodyOf(sent)).toContain('Be brief.')
      expect(bodyOf(sent)).toContain('"hi"')
      subject.check?.(sent)
    })

    it('takes a new conversation where another left off', async () => {
      const messages = [...ASK.messages, { role: 'assistant' as const, text: 'hello', toolCalls: [] }, { role: 'user' as const, content: 'and then?' }]
      const { text, sent } = await ask([{ text: ['more'] }], { messages })
      expect(text).toBe('more')
      expect(bodyOf(sent)).toContain('"hello"')
      expect(bodyOf(sent)).toContain('"and then?"')
    })

    it('thinks before it speaks', async () => {
      const { reasoning, text } = await ask([{ reasoning: 'let me see', text: ['seen'] }])
      expect(reasoning).toBe('let me see')
      expect(text).toBe('seen')
    })

    it('calls tools, and goes on with their results', async () => {
      const first = await ask([{ reasoning: 'look it up', calls: [CALL] }], { tools: [TOOL], settings: { toolChoice: { type: 'function', function: { name: 'weather' } }, parallelToolCalls: false } })
      expect(first.failure).toBeNull()
      expect(first.end).toMatchObject({ type: 'stop', reason: 'tool_calls' })
      const call = first.calls[0]!
      expect(first.calls).toHaveLength(1)
      expect(call).toMatchObject({ name: 'weather' })
      expect(JSON.parse(call.arguments)).toEqual({ city: 'Malmö' })
      if (subject.keepsIds) expect(call.id).toBe(CALL.id)
      expect(bodyOf(first.sent)).toContain('The weather of a city.')

      const messages = [...ASK.messages, { role: 'assistant' as const, text: '', toolCalls: [call] }, { role: 'tool' as const, toolCallId: call.id, name: 'weather', text: '21 degrees' }]
      const second = await ask([{ text: ['warm'] }], { tools: [TOOL], messages })
      expect(second.failure).toBeNull()
      expect(second.text).toBe('warm')
      expect(bodyOf(second.sent)).toContain('21 degrees')
      expect(bodyOf(second.sent)).toContain('Malmö')
      if (subject.signs) expect(bodyOf(second.sent)).toContain('signed')
    })

    it('goes on with calls of another model', async () => {
      const calls: ModelToolCall[] = [{ id: 'call_of|another.model+1', name: 'weather', arguments: '{"city":"Lund"}', context: '{"api":"another","reasoning":[{"type":"reasoning","text":"a foreign thought"}]}' }]
      const messages = [...ASK.messages, { role: 'assistant' as const, text: 'wait', toolCalls: calls }, { role: 'tool' as const, toolCallId: calls[0]!.id, name: 'weather', text: '3 degrees' }]
      const { text, failure, sent } = await ask([{ text: ['cold'] }], { tools: [TOOL], messages })
      expect(failure).toBeNull()
      expect(text).toBe('cold')
      expect(bodyOf(sent)).toContain('3 degrees')
      expect(bodyOf(sent)).not.toContain('a foreign thought')
    })

    it('calls several tools at once', async () => {
      const other = { id: 'call67890', name: 'weather', arguments: '{"city":"Lund"}' }
      const { calls } = await ask([{ text: ['wait'], calls: [CALL, other] }], { tools: [TOOL] })
      expect(calls.map((call) => JSON.parse(call.arguments) as unknown)).toEqual([{ city: 'Malmö' }, { city: 'Lund' }])
      expect(new Set(calls.map(({ id }) => id)).size).toBe(2)
    })

    it('shows images', async () => {
      const content = [{ type: 'text' as const, text: 'what is this?' }, { type: 'image' as const, mimeType: 'image/png', base64: PNG }]
      const { text, sent, failure } = await ask([{ text: ['a dot'] }], { messages: [{ role: 'user', content }] })
      expect(failure).toBeNull()
      expect(text).toBe('a dot')
      expect(bodyOf(sent)).toContain(PNG)
    })

    it('shows what tools show', async () => {
      const parts = [{ type: 'image' as const, mimeType: 'image/png', base64: PNG }]
      const messages = [...ASK.messages, { role: 'assistant' as const, text: '', toolCalls: [CALL] }, { role: 'tool' as const, toolCallId: CALL.id, name: 'weather', text: 'a map', parts }]
      const { text, sent, failure } = await ask([{ text: ['clouds'] }], { messages, tools: [TOOL] })
      expect(failure).toBeNull()
      expect(text).toBe('clouds')
      expect(bodyOf(sent)).toContain('a map')
      expect(bodyOf(sent)).toContain(subject.textResults ? 'it cannot be shown to this model' : PNG)
    })

    it('passes addresses of images on, or says that it cannot', async () => {
      const url = 'https://images.example/dot.png'
      const { sent, failure } = await ask([{ text: ['a dot'] }], { messages: [{ role: 'user', content: [{ type: 'image-url', url }] }] })
      if (subject.takesAddresses) expect(bodyOf(sent)).toContain(url)
      else expect(failure).toMatchObject({ kind: 'invalid', message: expect.stringContaining('send the image itself') as string })
    })

    it('takes an image in a data URL', async () => {
      const { sent, failure } = await ask([{ text: ['a dot'] }], { messages: [{ role: 'user', content: [{ type: 'image-url', url: `data:image/png;base64,${PNG}` }] }] })
      expect(failure).toBeNull()
      expect(bodyOf(sent)).toContain(PNG)
    })

    it('counts', async () => {
      const { events } = await ask([{ text: ['hello'] }])
      const usage = events.find((event) => event.type === 'usage')?.usage
      const { input, cacheRead, cacheWrite, output, reasoning } = { ...TOLD, ...Object.fromEntries((subject.uncounted ?? []).map((name) => [name, 0])) }
      expect(usage).toEqual({ input, cacheRead, cacheWrite, output, reasoning, totalTokens: input + cacheRead + cacheWrite + output })
    })

    it('says when there was no room for more', async () => {
      const { end, text } = await ask([{ text: ['cut sho'], finish: 'length' }], { settings: { maxTokens: 4 } })
      expect(text).toBe('cut sho')
      expect(end).toMatchObject({ type: 'stop', reason: 'length' })
    })

    it('asks for what the settings say', async () => {
      const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'], additionalProperties: false }
      const settings = { maxTokens: 1234, responseFormat: { type: 'json_schema', json_schema: { name: 'verdict', schema, strict: true } } }
      const { sent, failure } = await ask([{ text: ['{"ok":true}'] }], { settings })
      expect(failure).toBeNull()
      expect(bodyOf(sent)).toContain('1234')
      expect(bodyOf(sent)).toContain('"ok"')
    })

    it('closes the connection when it is aborted', async () => {
      vendor.play({ text: ['so far'], ends: 'hang' })
      const { model } = make()
      const aborter = new AbortController()
      const reason = new Error('that is enough')
      const heard: string[] = []
      const read = async () => {
        for await (const batch of model.stream(ASK, { signal: aborter.signal })) {
          for (const event of batch) if (event.type === 'text') heard.push(event.text)
          if (heard.length > 0) aborter.abort(reason)
        }
      }
      await expect(read()).rejects.toBe(reason)
      await vendor.gone()
      expect(heard).toEqual(['so far'])
    })

    it('closes the connection when nobody reads on', async () => {
      vendor.play({ text: ['so far'], ends: 'hang' })
      for await (const batch of make().model.stream(ASK, { signal: new AbortController().signal })) if (batch.some((event) => event.type === 'text')) break
      await vendor.gone()
      expect(vendor.requests).toHaveLength(1)
    })

    it('waits as long as it is told to, and asks again', async () => {
      const busy = { status: 429, message: 'slow down', headers: { 'retry-after': '7' } }
      const { text, clock, count } = await ask([busy, { text: ['at last'] }])
      expect(text).toBe('at last')
      expect(clock.pauses).toEqual([7000])
      expect(count).toBe(2)
    })

    it('does not wait long where another model would answer', async () => {
      vendor.play({ status: 429, headers: { 'retry-after': '7' } })
      const { model, clock } = make()
      const read = async () => {
        for await (const batch of model.stream(ASK, { signal: new AbortController().signal, others: true })) expect(batch).toBeUndefined()
      }
      await expect(read()).rejects.toMatchObject({ kind: 'rate_limit', retryAfterMs: 7000 })
      expect(clock.pauses).toEqual([])
      expect(vendor.requests).toHaveLength(1)
    })

    it('gives up on a limit that stays, and says how long it lasts', async () => {
      const { failure, count } = await ask([{ status: 429, message: 'slow down', headers: { 'retry-after': '20' } }])
      expect(failure).toBeInstanceOf(ModelError)
      expect(failure).toMatchObject({ kind: 'rate_limit', status: 429, retryAfterMs: 20_000, message: expect.stringContaining('mock answered 429') as string })
      expect((failure as Error).message).toContain('slow down')
      expect(count).toBe(3)
    })

    it('asks again when the vendor fails, but not for ever', async () => {
      const { failure, count, clock } = await ask([{ status: 500, message: 'broken' }])
      expect(failure).toMatchObject({ kind: 'server', status: 500 })
      expect(count).toBe(3)
      expect(clock.pauses).toEqual([500, 2000])
      expect((await ask([{ status: 503 }, { text: ['well again'] }])).text).toBe('well again')
    })

    it('does not ask again with a key that is refused, and never repeats it', async () => {
      const { failure, count } = await ask([{ status: 401, message: `the key ${KEY} is wrong` }])
      expect(failure).toMatchObject({ kind: 'auth', status: 401 })
      expect((failure as Error).message).toContain('the key [key] is wrong')
      expect(count).toBe(1)
    })

    it('tells a request that is too long from one that is wrong', async () => {
      const { failure } = await ask([{ status: 400, message: 'prompt is too long: 300000 tokens > 200000 maximum' }])
      expect(failure).toMatchObject({ kind: 'context_length', status: 400 })
      expect((await ask([{ status: 400, message: 'temperature must be a number' }])).failure).toMatchObject({ kind: 'invalid' })
    })

    it('says when the connection was cut, and does not begin anew', async () => {
      const { failure, text, count } = await ask([{ text: ['so far'], ends: 'cut' }])
      expect(text).toBe('so far')
      expect(failure).toMatchObject({ kind: 'network', message: expect.stringContaining('mock broke off in the middle of the answer') as string })
      expect(count).toBe(1)
    })

    it('does not take half an answer for a whole one', async () => {
      const { failure, text } = await ask([{ text: ['so far'], ends: 'early' }])
      expect(text).toBe('so far')
      expect(failure).toBeInstanceOf(ModelError)
      expect((failure as ModelError).transient).toBe(true)
    })

    it('says when the answer is nonsense', async () => {
      const { failure, text } = await ask([{ text: ['so far'], ends: 'nonsense' }])
      expect(text).toBe('so far')
      expect(failure).toBeInstanceOf(ModelError)
      expect(['server', 'network']).toContain((failure as ModelError).kind)
    })

    it('says that nobody is there', async () => {
      const { failure, clock } = await ask([{}], {}, { baseUrl: subject.toBaseUrl('http://127.0.0.1:9') })
      expect(failure).toMatchObject({ kind: 'network', message: expect.stringContaining('mock cannot be reached') as string })
      expect(clock.pauses).toEqual([500, 2000])
    })

    it('is not begun when it is over already', async () => {
      vendor.play({ text: ['never'] })
      const read = async () => {
        for await (const batch of make().model.stream(ASK, { signal: AbortSignal.abort(new Error('too late')) })) expect(batch).toBeUndefined()
      }
      await expect(read()).rejects.toThrow('too late')
      expect(vendor.requests).toHaveLength(0)
    })
  })
}
