// One message of a connection under `/v1/responses`: a response is made, told as it comes, and remembered where it is
// not stored. Loaded with the first message.

import { parseJson } from '../kit/json.ts'
import { invalid } from '../protocol/errors.ts'
import type { ResponseRequest } from '../protocol/responses.ts'
import type { HttpDeps } from './env.ts'
import { toHttpError } from './openai-chat.ts'
import { STATUS_WAIT_MS, toRequest } from './responses-door.ts'
import { findPrevious, startResponse, type Previous } from './responses-run.ts'
import type { ResponsesLink } from './responses-link.ts'

/** Resolves when the response has ended. Throws what cannot be answered with one. */
export async function answerOnSocket(link: ResponsesLink, text: string, deps: HttpDeps): Promise<void> {
  const request = read(text)
  const { previous_response_id: previousId } = request
  try {
    const ended = await respond(link, request, deps)
    if (ended === 'failed') forget(link, previousId)
  } catch (error) {
    forget(link, previousId)
    throw error
  }
}

/** What could not be continued is not there to be continued again. */
function forget(link: ResponsesLink, previousId: string | null | undefined): void {
  if (link.last?.id === previousId) link.last = null
}

function read(text: string): ResponseRequest {
  const parsed = parseJson(text)
  if (!parsed.ok || typeof parsed.value !== 'object' || parsed.value === null) throw invalid('a message must be a JSON object')
  const { type, stream: _, background: __, ...body } = parsed.value as Record<string, unknown>
  if (type !== 'response.create') throw invalid(`a message of the type "${String(type).slice(0, 100)}" is not known: send response.create`, { param: 'type' })
  return toRequest({ ...body, stream: true })
}

async function respond(link: ResponsesLink, request: ResponseRequest, deps: HttpDeps): Promise<'completed' | 'incomplete' | 'failed' | 'in_progress'> {
  const asker = { headers: link.headers, principal: link.principal }
  const { run, writer, done, continued } = await startResponse(request, asker, previousOf(link, request, deps), (event) => link.send(JSON.stringify(event)), deps)
  if (!link.open) run?.abort('disconnect')
  link.run = run
  const cancel = deps.clock.after(STATUS_WAIT_MS, () => writer.begin())
  const result = await done
  cancel()
  link.run = null
  if (result.state === 'error' && !writer.begun) throw toHttpError(result)
  writer.end(result)
  const response = writer.final(result)
  if (response.status !== 'failed') link.last = response.store ? null : continued(response)
  return response.status
}

function previousOf({ last, principal }: ResponsesLink, request: ResponseRequest, deps: HttpDeps): Previous | null {
  if (last !== null && last.id === request.previous_response_id) return { continued: last, stored: false }
  return findPrevious(request, principal.id, deps)
}

