// A browser that a program can steer. The gateway has none of its own: a node that has one is asked.

import * as z from 'zod'
import { uuid } from '../kit/ids.ts'
import { invalid, unavailable } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'
import { toGatewayError } from '../services/fleet/invoke-outcome.ts'

const COMMAND = 'browser.proxy'
const METHODS: readonly string[] = ['GET', 'POST', 'DELETE']
const DEFAULT_TIMEOUT_MS = 20_000

export const browserRequest = defineMethod({
  name: 'browser.request',
  // It ends in a command of a node that only an admin may ask for.
  scope: 'operator.admin',
  summary: 'Forwards a request to the browser of a node that has one.',
  params: z.strictObject({
    method: z.string().max(16).optional(),
    path: z.string().max(2048).optional(),
    query: z.record(z.string(), z.unknown()).optional(),
    body: z.unknown().optional(),
    timeoutMs: z.int().min(1).max(600_000).default(DEFAULT_TIMEOUT_MS),
  }),
  result: z.unknown(),
  uses: ['nodeInvokes', 'nodes'],
  async handler({ method: given = '', path = '', query, body, timeoutMs }, { nodeInvokes, nodes, caller }) {
    const method = given.trim().toUpperCase()
    if (method === '' || path.trim() === '') throw invalid('method and path are required')
    if (!METHODS.includes(method)) throw invalid('method must be GET, POST, or DELETE')
    const node = nodes.list().find(({ connected, commands }) => connected && commands.includes(COMMAND))
    if (!node) throw unavailable(`no browser can be reached: connect a node that has ${COMMAND}, and approve it`, { retryable: false })
    const { nodeId } = node.row
    const params = { method, path: path.startsWith('/') ? path : `/${path}`, timeoutMs, ...(query && { query }), ...(body !== undefined && { body }) }
    const outcome = await nodeInvokes.invoke({ nodeId, command: COMMAND, params, timeoutMs, key: uuid(), principal: caller })
    if (outcome.state !== 'ok') throw toGatewayError(outcome, { nodeId, command: COMMAND })
    const { payload } = outcome
    const hasResult = typeof payload === 'object' && payload !== null && 'result' in payload
    return hasResult ? payload.result : payload
  },
})
