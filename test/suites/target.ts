// What a suite is run against: a gateway that somebody has started, and how to reach it.

import { afterAll, afterEach, beforeEach, expect } from 'vitest'
import { handshake, type Client, type ConnectChoice, type Data, type Frame } from '../harness/client.ts'
import { connectDevice, createDevice } from '../harness/device.ts'
import { loadPublished } from '../harness/published.ts'
import type { Upstream } from '../harness/upstream.ts'

export interface Target {
  readonly token: string
  open(options?: { readonly headers?: Record<string, string>; readonly path?: string }): Promise<Client>
  fetch(path: string, init?: RequestInit): Promise<Response>
  readonly upstream: Upstream
  /** The gateway sees the connections of the tests as coming from its own machine. */
  readonly local: boolean
  /** The runtime can tell about its machine. */
  readonly machine: boolean
  /** The gateway reaches the network, and is reached by it, without a development server in between. */
  readonly direct: boolean
}

/** Where a page of another origin may come from. */
export const PAGE_ORIGIN = 'https://pages.example'

/** One provider for each wire beside OpenAI's chat completions. */
export const WIRE_APIS = ['anthropic-messages', 'google-generative-ai', 'openai-responses', 'azure-openai-responses', 'bedrock-converse-stream', 'mistral-conversations', 'xai-responses'] as const
const wireProviders = ({ baseUrl }: Upstream) => Object.fromEntries(WIRE_APIS.map((api) => [`by-${api}`, { api, baseUrl, apiKey: `sk-of-${api}`, ...(api.startsWith('bedrock') && { region: 'eu-north-1' }) }]))

export const HOOK_TOKEN = 'token-of-the-hooks'
export const HOOK_SECRET = 'secret-of-the-hooks'

const HOOKS = {
  enabled: true,
  token: HOOK_TOKEN,
  allowedAgentIds: ['main', 'second'],
  presets: ['github'],
  github: { secret: HOOK_SECRET },
  mappings: [
    { id: 'deploy', messageTemplate: '{{body.message}}', name: 'Deploy', sessionKey: 'hook:deploy:{{body.stage}}' },
    {
      id: 'batch',
      forEach: 'items',
      messageTemplate: '{{items[0].say}}',
      sessionKey: 'hook:batch:{{values.level}}',
      values: { level: { from: 'items[0].level', map: { p1: 'urgent' }, default: 'other' } },
    },
    { id: 'alarm', action: 'wake', wakeMode: 'next-heartbeat', textTemplate: 'alarm: {{body.what}}' },
    { id: 'signed', verify: { header: 'x-sig', secret: HOOK_SECRET, timestampHeader: 'x-time' }, messageTemplate: '{{body.message}}', deliveryHeader: 'x-delivery' },
  ],
}

/** What the gateway under test must be configured with. */
export const suiteConfig = (upstream: Upstream) => ({
  gateway: { maxPayloadBytes: 1024 * 1024, controlUi: { allowedOrigins: [PAGE_ORIGIN] } },
  agents: {
    defaults: { model: 'builtin/operator' },
    list: [
      { id: 'main', default: true },
      { id: 'second', name: 'Second', identity: { emoji: '🦀' } },
      { id: 'fallback', model: { primary: 'mock/first-choice', fallbacks: ['mock/second-choice'] } },
    ],
  },
  models: {
    providers: {
      mock: { baseUrl: upstream.baseUrl, apiKey: 'sk-of-the-mock', models: [{ id: 'plain', contextWindow: 8000, reasoning: true }] },
      ...wireProviders(upstream),
    },
  },
  tts: {
    providers: { mock: { model: 'speaks', voice: 'ann' } },
    personas: { calm: { label: 'Calm', description: 'Slowly.', provider: 'mock', providers: { mock: { voice: 'bea', instructions: 'Be calm.' } } } },
  },
  hooks: HOOKS,
  mcp: {
    servers: {
      'Test Tools': { url: upstream.baseUrl.replace('/v1', '/mcp'), headers: { authorization: 'Bearer of-the-tools' }, requestTimeoutMs: 2000, toolFilter: { exclude: ['hid*'] } },
      program: { command: process.execPath, args: [new URL('../harness/mcp.ts', import.meta.url).pathname, '--stdio', '--noise'], env: { GIVEN: 'this' } },
    },
  },
  talk: { providers: { mock: { apiKey: 'sk-of-the-talk' } }, speechLocale: 'de-DE' },
})

/**
 * Reaches a target, and holds everything that was heard against the published schema. A client that a case has opened
 * ends with it: hundreds that all hear of each other would fill the memory.
 */
export function reach(get: () => Target) {
  const clients = new Set<Client>()
  let ofCase: Client[] | null = null
  const published = loadPublished()
  const wrong = new Set<string>()
  let checked = 0

  const methodOf = ({ asked }: Client, { id }: Frame) => (id === undefined ? undefined : asked.get(id))
  const goodAnswers = (client: Client) => client.frames.flatMap((frame) => (frame.ok && methodOf(client, frame)) || [])
  const answered = new Set<string>()

  function end(client: Client) {
    client.close()
    clients.delete(client)
    checked += 1
    for (const frame of client.frames) {
      const fault = published.check(frame, methodOf(client, frame))
      if (fault !== null) wrong.add(fault)
    }
    for (const method of goodAnswers(client)) answered.add(method)
  }

  beforeEach(() => {
    ofCase = []
  })
  afterEach(() => {
    for (const client of ofCase ?? []) end(client)
    ofCase = null
  })
  afterAll(() => {
    for (const client of clients) end(client)
    expect([...wrong]).toEqual([])
    expect(checked, 'some connection was checked').toBeGreaterThan(0)
  })

  /** `unchecked`: it speaks another dialect than the published one. */
  async function open(options: { headers?: Record<string, string>; unchecked?: boolean } = {}): Promise<Client> {
    const { unchecked = false, ...rest } = options
    const client = await get().open(rest)
    if (unchecked) return client
    clients.add(client)
    ofCase?.push(client)
    return client
  }

  async function join(choice: ConnectChoice & { unchecked?: boolean } = {}): Promise<{ client: Client; hello: Data }> {
    const client = await open({ unchecked: choice.unchecked ?? false })
    return { client, hello: await handshake(client, { token: get().token, ...choice }) }
  }

  return {
    open,
    /** Methods that have had a good answer so far. */
    answered: (): ReadonlySet<string> => new Set([...answered, ...[...clients].flatMap(goodAnswers)]),
    /** Connected with the gateway token. */
    join,
    /** Connected as a page that a person has open: one with a device, which somebody has approved where that is needed. */
    async openPage(more: Record<string, unknown> = {}): Promise<Client> {
      const device = await createDevice()
      const attempt = async () => {
        const client = await open({ headers: { origin: PAGE_ORIGIN } })
        const choice = { auth: { token: get().token }, scopes: ['operator.admin'], client: { id: 'openclaw-control-ui', mode: 'webchat', instanceId: crypto.randomUUID() }, more }
        return { client, answer: await connectDevice(client, device, choice) }
      }
      const first = await attempt()
      if (first.answer.ok) return first.client
      const { client: admin } = await join()
      await admin.call('device.pair.approve', { requestId: first.answer.error!.details.requestId })
      return (await attempt()).client
    },
    /** POSTs JSON, or GETs without a body, as the holder of the gateway token. */
    http(path: string, body?: unknown, init: RequestInit & { headers?: Record<string, string> } = {}): Promise<Response> {
      const json = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
      const headers = { authorization: `Bearer ${get().token}`, 'content-type': 'application/json', ...init.headers }
      return get().fetch(path, { ...json, ...init, headers })
    },
  }
}

export type Reach = ReturnType<typeof reach>

/** A session key that no other test uses. */
export const freshKey = (agentId = 'main'): string => `agent:${agentId}:${crypto.randomUUID()}`

/** The script model of the tests, as the message that it plays. */
export const script = (...steps: readonly unknown[]): string => `script:${JSON.stringify(steps)}`

export const textIn = (message: Data): string =>
  typeof message?.content === 'string'
    ? message.content
    : ((message?.content ?? []) as Data[]).map((part) => (part.type === 'text' ? part.text : '')).join('')
