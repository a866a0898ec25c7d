// The platform's transport in the shape of `fetch`, as the MCP library wants it.

import type { Fetch, FetchResponse } from '../../ports/fetch.ts'

type WebFetch = (url: string | URL, init?: RequestInit) => Promise<Response>

/** What is read of the head of an answer. */
const HEADERS: readonly string[] = ['content-type', 'content-length', 'mcp-session-id', 'location', 'retry-after', 'www-authenticate']
const BODILESS: readonly number[] = [204, 205, 304]

export const toWebFetch =
  (fetch: Fetch, signal: AbortSignal): WebFetch =>
  async (url, init = {}) => {
    const body = typeof init.body === 'string' ? init.body : undefined
    const response = await fetch(String(url), {
      method: init.method ?? 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(body !== undefined && { body }),
      signal: init.signal ?? signal,
      redirect: 'manual',
    })
    return toResponse(response)
  }

function toResponse({ status, headers: given, body }: FetchResponse): Response {
  const headers = new Headers()
  for (const name of HEADERS) {
    const value = given.get(name)
    if (value !== null) headers.set(name, value)
  }
  return new Response(body === null || BODILESS.includes(status) ? null : toStream(body), { status, headers })
}

function toStream(body: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}
