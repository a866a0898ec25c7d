// What agents show.

import * as z from 'zod'
import { invalid } from '../protocol/errors.ts'
import { defineMethod } from '../rpc/method.ts'

const text = z.string().min(1)

export const canvasOpen = defineMethod({
  name: 'canvas.open',
  scope: 'operator.read',
  summary: 'An address below which the canvas of an agent can be seen for some minutes. canvas.changed says when to load it again.',
  params: z.strictObject({ agentId: text.max(128).optional() }),
  result: z.strictObject({ agentId: text, path: text, expiresAtMs: z.int() }),
  uses: ['agents', 'canvas'],
  async handler({ agentId = '' }, { agents, canvas }) {
    const id = agentId === '' ? agents.defaultId() : agentId
    if (!agents.find(id)) throw invalid(`unknown agent id "${id.slice(0, 100)}"`)
    return { agentId: id, ...(await canvas.open(id)) }
  },
})
