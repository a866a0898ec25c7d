// One conversation with a server of tools, by the official library. Loaded when the first server is needed.

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { JSONRPCMessageSchema, type CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import type { jsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/types.js'
import { parseJson } from '../../kit/json.ts'
import { unavailable } from '../../protocol/errors.ts'
import type { Commands, Conversation } from '../../ports/command.ts'
import type { Fetch } from '../../ports/fetch.ts'
import { Shown } from '../conversation/tools.ts'
import type { McpServerConfig } from '../operations/config-schema.ts'
import { toWebFetch } from './mcp-fetch.ts'

export interface McpTool {
  readonly name: string
  readonly description: string
  /** JSON Schema. */
  readonly parameters: unknown
}

export interface McpSession {
  list(signal: AbortSignal, timeoutMs: number): Promise<readonly McpTool[]>
  call(name: string, args: Readonly<Record<string, unknown>>, io: { readonly signal: AbortSignal; readonly timeoutMs: number; readonly onProgress?: ((text: string) => void) | undefined }): Promise<Shown>
  close(): Promise<void>
}

export interface McpDoors {
  readonly fetch: Fetch
  readonly commands: Commands | undefined
  /** Of this gateway: what servers are told. */
  readonly version: string
  /** Where programs run that say nothing else. */
  readonly place: string
}

export interface McpEvents {
  /** The tools are not what they were. */
  onChanged(): void
  /** It is over; nothing more is heard. */
  onClosed(): void
}

const MAX_PAGES = 20
const MAX_TOOLS = 128
const MAX_DESCRIPTION_CHARS = 2000
const MAX_SCHEMA_CHARS = 64 * 1024

/** Results are taken as they are: what their schemas promise is between the server and the model. */
const unchecked = { getValidator: () => (input: unknown) => ({ valid: true, data: input, errorMessage: undefined }) } as unknown as jsonSchemaValidator

export async function openSession(server: McpServerConfig, doors: McpDoors, events: McpEvents, signal: AbortSignal, timeoutMs: number): Promise<McpSession> {
  const client = new Client({ name: 'edgeclaw', version: doors.version }, {
    jsonSchemaValidator: unchecked,
    listChanged: { tools: { autoRefresh: false, onChanged: events.onChanged } },
  })
  const ended = new AbortController()
  client.onclose = () => {
    ended.abort(new Error('the conversation is over'))
    events.onClosed()
  }
  try {
    await client.connect(transportOf(server, doors, ended.signal), { signal, timeout: timeoutMs })
  } catch (error) {
    await client.close().catch(() => {})
    throw error
  }
  return {
    async list(listSignal, timeout) {
      const found: McpTool[] = []
      let cursor: string | undefined
      for (let page = 0; page < MAX_PAGES && found.length < MAX_TOOLS; page++) {
        const answer = await client.listTools(cursor === undefined ? {} : { cursor }, { signal: listSignal, timeout })
        for (const { name, description = '', inputSchema } of answer.tools) {
          if (JSON.stringify(inputSchema).length > MAX_SCHEMA_CHARS) continue
          found.push({ name, description: description.slice(0, MAX_DESCRIPTION_CHARS), parameters: inputSchema })
        }
        cursor = answer.nextCursor
        if (cursor === undefined) break
      }
      return found.slice(0, MAX_TOOLS)
    },
    async call(name, args, { signal: callSignal, timeoutMs: timeout, onProgress }) {
      const onprogress = onProgress && ((progress: { message?: string | undefined }) => void (progress.message !== undefined && onProgress(progress.message)))
      const result = await client.callTool({ name, arguments: { ...args } }, undefined, { signal: callSignal, timeout, resetTimeoutOnProgress: true, ...(onprogress && { onprogress }) })
      return toShown(result as CallToolResult)
    },
    close: () => client.close(),
  }
}

function transportOf(server: McpServerConfig, doors: McpDoors, signal: AbortSignal): Transport {
  const { url, headers = {} } = server
  if (url === undefined) return new ProgramTransport(server, doors)
  const http = new StreamableHTTPClientTransport(new URL(url), { fetch: toWebFetch(doors.fetch, signal), requestInit: { headers } })
  return http as unknown as Transport // its members may be undefined where the interface has them absent
}

/** A program of this machine that reads and writes one message a line. */
class ProgramTransport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: Transport['onmessage']
  readonly #server: McpServerConfig
  readonly #doors: McpDoors
  #talk: Conversation | null = null
  #lastWords = 'it was not started'

  constructor(server: McpServerConfig, doors: McpDoors) {
    this.#server = server
    this.#doors = doors
  }

  async start(): Promise<void> {
    const { command = '', args = [], env, cwd } = this.#server
    const { commands, place } = this.#doors
    if (!commands) throw unavailable('programs cannot be started here: give the url of a server', { retryable: false })
    const program = commands.find(command)
    if (program === null) throw unavailable(`there is no program "${command}" here`, { retryable: false })
    const spec = { argv: [program, ...args], cwd: commands.resolve(place, cwd ?? '.'), ...(env && { env }) }
    this.#talk = commands.converse(spec, {
      onLine: (line) => this.#take(line),
      onEnd: (why) => {
        this.#lastWords = why
        this.#talk = null
        this.onclose?.()
      },
    })
  }

  async send(message: unknown): Promise<void> {
    if (!this.#talk) throw unavailable(`the program has ended: ${this.#lastWords}`)
    this.#talk.send(JSON.stringify(message))
  }

  async close(): Promise<void> {
    this.#talk?.end()
  }

  #take(line: string) {
    const parsed = parseJson(line)
    const message = parsed.ok ? JSONRPCMessageSchema.safeParse(parsed.value) : null
    if (message?.success) this.onmessage?.(message.data)
    else this.onerror?.(new Error('it wrote a line that is no message'))
  }
}

function toShown({ content = [], structuredContent, isError }: CallToolResult): Shown {
  const texts: string[] = []
  const images: { mimeType: string; base64: string }[] = []
  for (const part of content) {
    if (part.type === 'text') texts.push(part.text)
    else if (part.type === 'image') images.push({ mimeType: part.mimeType, base64: part.data })
    else if (part.type === 'resource') texts.push('text' in part.resource ? part.resource.text : `[the file ${part.resource.uri}]`)
    else if (part.type === 'resource_link') texts.push(`[${part.name}: ${part.uri}]`)
    else texts.push('[audio]')
  }
  if (texts.length === 0 && structuredContent !== undefined) texts.push(JSON.stringify(structuredContent))
  return new Shown(texts.join('\n'), { images, details: structuredContent ?? { content: content.filter((part) => part.type !== 'image') }, isError: isError ?? false })
}
