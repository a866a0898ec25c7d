// The paths of the HTTP door, for those who want to know. Evaluated for the documents alone: nothing that serves needs it.

import * as z from 'zod'
import { embeddingList, embeddingRequest, speechRequest, transcription, transcriptionFields, verboseTranscription } from '../protocol/openai-media.ts'
import { chatChunk, chatCompletion, chatRequest, openaiModel, openaiModelList } from '../protocol/openai.ts'
import { compactRequest, responseRequest } from '../protocol/responses.ts'
import { compactedResponse, deletedResponse, inputItemList, responseObject } from '../protocol/responses-object.ts'
import { responseEvent } from '../protocol/responses-events.ts'
import { toolRequest } from './tools.ts'
import { EVENT_STREAM, JSON_TYPE, type Answer, type Contents, type Parameter, type Route } from './route.ts'
import { PAGE_ROUTES } from './routes-pages.ts'

const json = (shape: z.ZodType): Contents => ({ [JSON_TYPE]: shape })
const ok = (says: string, content: Contents): Readonly<Record<number, Answer>> => ({ 200: { says, content } })

const live = z.strictObject({ ok: z.literal(true), status: z.literal('live') })
const ready = z.strictObject({ ready: z.boolean(), failing: z.array(z.string()), uptimeMs: z.int() })

const HEALTH: readonly Route[] = [
  ...['/health', '/healthz'].map(
    (path): Route => ({ verb: 'GET', path, tag: 'health', id: `live${path === '/health' ? '' : 'z'}`, entry: null, summary: 'Whether the process lives.', answers: ok('It does.', json(live)) }),
  ),
  ...['/ready', '/readyz'].map(
    (path): Route => ({
      verb: 'GET',
      path,
      tag: 'health',
      id: `ready${path === '/ready' ? '' : 'z'}`,
      entry: null,
      summary: 'Whether requests are served.',
      answers: { 200: { says: 'They are.', content: json(ready) }, 503: { says: 'They are not yet, or not any more.', content: json(ready) } },
    }),
  ),
]

/** Headers that name what an OpenAI request cannot say. */
const AGENT_HEADERS: Readonly<Record<string, Parameter>> = {
  'x-openclaw-agent-id': { in: 'header', says: 'The agent that answers, instead of the one in `model`.' },
  'x-openclaw-model': { in: 'header', says: 'The model that the agent asks: `provider/model`.' },
  'x-openclaw-session-key': { in: 'header', says: 'The session that is continued.' },
}

const OPENAI: readonly Route[] = [
  {
    verb: 'POST',
    path: '/v1/chat/completions',
    tag: 'openai',
    id: 'createChatCompletion',
    entry: 'operator.write',
    summary: 'An answer of an agent, in the shape of a chat completion.',
    text: '`model` names an agent (`openclaw`, `openclaw/<agent>`) or a configured model (`provider/model`). With `stream` the answer is a stream of chunks, which ends with `data: [DONE]`.',
    params: AGENT_HEADERS,
    body: json(chatRequest),
    answers: ok('The answer.', { [JSON_TYPE]: chatCompletion, [EVENT_STREAM]: chatChunk }),
  },
  {
    verb: 'GET',
    path: '/v1/models',
    tag: 'openai',
    id: 'listModels',
    entry: 'operator.read',
    summary: 'Agents, and the models that are configured.',
    answers: ok('All of them.', json(openaiModelList)),
  },
  {
    verb: 'GET',
    path: '/v1/models/*',
    tag: 'openai',
    id: 'readModel',
    entry: 'operator.read',
    summary: 'One of them.',
    params: { model: { in: 'path', says: 'As `GET /v1/models` names it; a `/` in it may stand as it is.', required: true } },
    answers: ok('The model.', json(openaiModel)),
  },
  {
    verb: 'POST',
    path: '/v1/embeddings',
    tag: 'openai',
    id: 'createEmbedding',
    entry: 'operator.write',
    summary: 'What texts mean, as vectors.',
    text: '`model` names a model of a configured provider (`provider/model`), or an agent for the one of `models.embeddings`.',
    body: json(embeddingRequest),
    answers: ok('A vector for each text.', json(embeddingList)),
  },
  {
    verb: 'POST',
    path: '/v1/audio/speech',
    tag: 'openai',
    id: 'createSpeech',
    entry: 'operator.write',
    summary: 'A text, spoken.',
    body: json(speechRequest),
    answers: ok('The audio.', { 'audio/mpeg': null, 'audio/ogg': null, 'audio/aac': null, 'audio/flac': null, 'audio/wav': null, 'audio/pcm': null }),
  },
  {
    verb: 'POST',
    path: '/v1/audio/transcriptions',
    tag: 'openai',
    id: 'createTranscription',
    entry: 'operator.write',
    summary: 'What is said in a recording.',
    text: 'A form with the recording as `file`. `model` names a model of a configured provider, or an agent for the one of `models.transcription`.',
    body: { 'multipart/form-data': transcriptionFields },
    answers: ok('The words.', { [JSON_TYPE]: z.union([transcription, verboseTranscription]), 'text/plain': null, [EVENT_STREAM]: null }),
  },
]

const RESPONSE_ID: Readonly<Record<string, Parameter>> = { id: { in: 'path', says: 'The id of a stored response.', required: true } }

const RESPONSES: readonly Route[] = [
  {
    verb: 'POST',
    path: '/v1/responses',
    tag: 'responses',
    id: 'createResponse',
    entry: 'operator.write',
    summary: 'An answer of an agent, as a response (OpenResponses).',
    text: 'With `stream` it is a stream of events whose `sequence_number` grows. The same path takes WebSocket connections, on which each request is a message `response.create`.',
    params: AGENT_HEADERS,
    body: json(responseRequest),
    answers: ok('The response.', { [JSON_TYPE]: responseObject, [EVENT_STREAM]: responseEvent }),
  },
  {
    verb: 'POST',
    path: '/v1/responses/compact',
    tag: 'responses',
    id: 'compactResponse',
    entry: 'operator.write',
    summary: 'A conversation as one item that is shorter than it.',
    body: json(compactRequest),
    answers: ok('The shorter conversation.', json(compactedResponse)),
  },
  { verb: 'GET', path: '/v1/responses/:id', tag: 'responses', id: 'readResponse', entry: 'operator.read', summary: 'A response that was stored.', params: RESPONSE_ID, answers: ok('The response.', json(responseObject)) },
  { verb: 'DELETE', path: '/v1/responses/:id', tag: 'responses', id: 'deleteResponse', entry: 'operator.write', summary: 'Forgets a response.', params: RESPONSE_ID, answers: ok('It is forgotten.', json(deletedResponse)) },
  {
    verb: 'GET',
    path: '/v1/responses/:id/input_items',
    tag: 'responses',
    id: 'listInputItems',
    entry: 'operator.read',
    summary: 'What a stored response was an answer to.',
    params: {
      ...RESPONSE_ID,
      limit: { in: 'query', says: 'How many, 1 to 100; 20 if it is not said.' },
      after: { in: 'query', says: 'The id of the item behind which they begin.' },
      order: { in: 'query', says: '`desc` if it is not said.', values: ['asc', 'desc'] },
    },
    answers: ok('A page of them.', json(inputItemList)),
  },
]

const anySchema = z.looseObject({}).describe('A JSON Schema (2020-12).')
const document = (path: string, id: string, summary: string): Route => ({
  verb: 'GET',
  path,
  tag: 'documents',
  id,
  entry: null,
  summary,
  answers: { ...ok('The document.', json(z.looseObject({}))), 304: { says: 'It is the one of `if-none-match`.' } },
})

const DOCUMENTS: readonly Route[] = [
  document('/openapi.json', 'openapi', 'This document: the paths of the HTTP door.'),
  document('/asyncapi.json', 'asyncapi', 'The methods and events of the WebSocket.'),
  document('/schemas', 'listSchemas', 'The addresses of all schemas.'),
  {
    verb: 'GET',
    path: '/schemas/*',
    tag: 'documents',
    id: 'readSchema',
    entry: null,
    summary: 'The shapes of a method or an event: `<method>.json` has `params` and `result` in its `$defs`, `events/<event>.json` has `payload`.',
    params: { name: { in: 'path', says: 'As `GET /schemas` names it.', required: true } },
    answers: { ...ok('The schema.', { 'application/schema+json': anySchema }), 304: { says: 'It is the one of `if-none-match`.' } },
  },
]

const anyJson = z.looseObject({})
const toolFailure = z.strictObject({
  ok: z.literal(false),
  error: z.strictObject({ type: z.string(), message: z.string(), requiresApproval: z.boolean().optional(), approvalId: z.string().optional() }),
})
const toolSuccess = z.strictObject({ ok: z.literal(true), result: z.strictObject({ content: z.array(z.looseObject({ type: z.string() })), details: z.unknown() }) })

const TOOLS: readonly Route[] = [
  {
    verb: 'POST',
    path: '/tools/invoke',
    tag: 'tools',
    id: 'invokeTool',
    entry: 'operator.write',
    summary: 'Calls one tool without a run.',
    text: 'The policy of tools holds here as for agents; tools that act on the machine or the gateway are closed until `gateway.tools.allow` opens them. With `accept: text/event-stream` the answer is a stream of `progress` and one `result` or `error`.',
    params: { 'idempotency-key': { in: 'header', says: 'The same key and body is carried out once; with another body it is refused.' } },
    body: json(toolRequest),
    answers: {
      200: { says: 'What it returned.', content: { [JSON_TYPE]: toolSuccess, [EVENT_STREAM]: anyJson } },
      403: { says: 'A person must allow it first, or has not.', content: json(toolFailure) },
      404: { says: 'There is no such tool, or it may not be used here.', content: json(toolFailure) },
      409: { says: 'The key was used for something else, or its call did not end.', content: json(toolFailure) },
    },
  },
  {
    verb: 'POST',
    path: '/mcp',
    tag: 'tools',
    id: 'mcp',
    entry: 'operator.write',
    summary: 'The tools of this gateway as an MCP server (streamable HTTP, stateless).',
    params: {
      'x-openclaw-session-key': { in: 'header', says: 'The session in which tools are called.' },
      'x-openclaw-agent-id': { in: 'header', says: 'The agent whose tools they are.' },
    },
    body: json(anyJson),
    answers: ok('The answer, a JSON-RPC message.', json(anyJson)),
  },
]

const METRICS: readonly Route[] = [
  {
    verb: 'GET',
    path: '/metrics',
    tag: 'operations',
    id: 'metrics',
    entry: 'operator.read',
    summary: 'Figures of this gateway in the text format of Prometheus.',
    text: 'Off until `gateway.http.endpoints.metrics.enabled` is set.',
    answers: ok('The figures.', { 'text/plain': null }),
  },
]

export const ROUTES: readonly Route[] = [...HEALTH, ...OPENAI, ...RESPONSES, ...TOOLS, ...PAGE_ROUTES, ...DOCUMENTS, ...METRICS]
