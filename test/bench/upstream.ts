// A provider of models on loopback, in a process of its own: says what it is ordered to, each delta with its time.

import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { orderIn, stampedWord } from './stamps.ts'

const HEAD = { id: 'chatcmpl-bench', created: 1, model: 'x' }
const USAGE = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }

const chunk = (delta: unknown, finish: string | null = null) =>
  `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

function answer(body: string, response: ServerResponse): void {
  if (!/"stream":\s*true/.test(body)) {
    const message = { role: 'assistant', content: stampedWord() }
    response.setHeader('content-type', 'application/json')
    const choices = [{ index: 0, message, finish_reason: 'stop' }]
    return void response.end(JSON.stringify({ ...HEAD, object: 'chat.completion', choices, usage: USAGE }))
  }
  const { deltas, everyMs } = orderIn(body)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(chunk({ role: 'assistant', content: '' }))
  const begun = performance.now()
  let said = 0
  const say = () => {
    // A late timer says what is due by now: the pace is kept on the whole.
    while (said < deltas && performance.now() - begun >= said * everyMs) {
      response.write(chunk({ content: stampedWord() }))
      said++
    }
    if (said === deltas) return void response.end(`${chunk({}, 'stop')}data: [DONE]\n\n`)
    if (!response.destroyed) setTimeout(say, begun + said * everyMs - performance.now())
  }
  say()
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  let body = ''
  request.setEncoding('utf8')
  request.on('data', (piece: string) => (body += piece))
  request.on('end', () => answer(body, response))
})
server.listen(0, '127.0.0.1', () => {
  process.stderr.write(`upstream listens on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`)
})
