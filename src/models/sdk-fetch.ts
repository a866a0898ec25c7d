// The platform's transport in the shape of `fetch`, for libraries that know no other. `heard` is told of every piece.

import { messageOf } from '../kit/log.ts'
import type { Fetch, FetchResponse } from '../ports/platform.ts'

/** What is read of an answer's head by the libraries, and by us. */
const HEADERS: readonly string[] = ['content-type', 'date', 'retry-after', 'retry-after-ms', 'request-id', 'x-request-id', 'x-amzn-requestid', 'x-amzn-errortype']

/** What the transport threw: libraries wrap it, and it is found again as a cause. */
export class TransportError extends Error {}

export function toSdkFetch(fetch: Fetch, signal: AbortSignal, heard: () => unknown = () => {}): typeof globalThis.fetch {
  return async (input, init = {}) => {
    const { body, headers } = await toParts(init)
    const response = await fetch(input instanceof Request ? input.url : String(input), {
      method: init.method ?? 'GET',
      headers,
      ...(body !== undefined && { body }),
      signal: init.signal ?? signal,
      redirect: 'manual', // another address must not see the key
    })
    heard()
    return toResponse(response, heard)
  }
}

async function toParts(init: RequestInit): Promise<{ body?: string | Uint8Array<ArrayBuffer>; headers: Record<string, string> }> {
  const headers = Object.fromEntries(new Headers(init.headers))
  for (const [name, value] of Object.entries(headers)) if (isEmpty(value)) delete headers[name]
  const { body } = init
  if (body === undefined || body === null) return { headers }
  if (typeof body === 'string') return { body, headers }
  const form = new Response(body) // encodes a form, and says of which type it is then
  const type = form.headers.get('content-type')
  return { body: new Uint8Array(await form.arrayBuffer()), headers: { ...headers, ...(type !== null && { 'content-type': type }) } }
}

/** Of a credential that there is not. */
const isEmpty = (value: string): boolean => value.trim() === '' || value.trim() === 'Bearer'

function toResponse(response: FetchResponse, heard: () => unknown): Response {
  const headers = new Headers()
  for (const name of HEADERS) {
    const value = response.headers.get(name)
    if (value !== null) headers.set(name, value)
  }
  const bodiless = response.body === null || [204, 205, 304].includes(response.status)
  return new Response(bodiless ? null : toStream(response.body!, heard), { status: response.status, headers })
}

function toStream(body: AsyncIterable<Uint8Array>, heard: () => unknown): ReadableStream<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next().catch((error: unknown) => {
        throw new TransportError(messageOf(error), { cause: error })
      })
      heard()
      if (done) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await iterator.return?.()
    },
  })
}
