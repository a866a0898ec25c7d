// The gateway's tools as an MCP server, at /mcp: stateless, behind the same guard, policy and approvals as POST
// /tools/invoke. The library behind it is loaded when the first request comes.

import { Hono } from 'hono'
import type { HttpDeps, HttpEnv } from './env.ts'
import { methodNotAllowed } from './errors.ts'
import { guard } from './guard.ts'
import { respond } from './respond.ts'
import { agentFor } from './tools.ts'

export function mcp(deps: HttpDeps): Hono<HttpEnv> {
  const { agents } = deps
  const app = new Hono<HttpEnv>()
  app.post('/mcp', guard(deps, 'operator.write'), async (c) => {
    const { answerMcp } = await import('./mcp-server.ts')
    const named = c.req.header('x-openclaw-session-key')
    const sessionKey = named === undefined ? agents.mainSessionKey(c.req.header('x-openclaw-agent-id') ?? agentFor(c.var.principal, agents)) : agents.sessionKey(named)
    agents.ofSession(sessionKey)
    const answer = await answerMcp(c.req.raw, { sessionKey, principal: c.var.principal, toolCalls: deps.toolCalls, version: deps.system.version })
    return respond(c, answer.body, Object.fromEntries(answer.headers), answer.status)
  })
  app.all('/mcp', methodNotAllowed('POST'))
  return app
}
