// The contract of a gateway, whatever it runs on.

import { describe } from 'vitest'
import { agentCases } from './agent-cases.ts'
import { agentToolCases } from './agent-tool-cases.ts'
import { approvalCases } from './approval-cases.ts'
import { canvasCases } from './canvas-cases.ts'
import { channelCases } from './channel-cases.ts'
import { chatCases } from './chat-cases.ts'
import { configCases } from './config-cases.ts'
import { connectCases } from './connect-cases.ts'
import { cronCases } from './cron-cases.ts'
import { coverageCases } from './coverage-cases.ts'
import { deviceCases } from './device-cases.ts'
import { frameCases } from './frame-cases.ts'
import { heartbeatCases } from './heartbeat-cases.ts'
import { hookCases } from './hook-cases.ts'
import { pageCases } from './page-cases.ts'
import { httpCases } from './http-cases.ts'
import { keyCases } from './key-cases.ts'
import { methodCases } from './method-cases.ts'
import { mcpCases } from './mcp-cases.ts'
import { miscCases } from './misc-cases.ts'
import { modelCases } from './model-cases.ts'
import { nodeCases } from './node-cases.ts'
import { openaiCases } from './openai-cases.ts'
import { responsesCases } from './responses-cases.ts'
import { responsesSocketCases } from './responses-socket-cases.ts'
import { branchCases, compactionCases, groupCases } from './session-branch-cases.ts'
import { sessionCases } from './session-cases.ts'
import { searchCases } from './session-search-cases.ts'
import { steerCases } from './steer-cases.ts'
import { skillCases } from './skill-cases.ts'
import { toolCases } from './tool-cases.ts'
import { wireCases } from './wire-cases.ts'
import { observeCases } from './observe-cases.ts'
import { reach, type Target } from './target.ts'
import { voiceCases } from './voice-cases.ts'
import { taskCases, usageCases } from './usage-cases.ts'
import { wizardCases } from './wizard-cases.ts'

export function gatewaySuite(get: () => Target): void {
  const at = reach(get)
  describe('connecting', () => connectCases(at, get))
  describe('devices', () => deviceCases(at, get))
  describe('nodes', () => nodeCases(at, get))
  describe('frames', () => frameCases(at, get))
  describe('methods', () => methodCases(at, get))
  describe('chat', () => chatCases(at))
  describe('sessions', () => sessionCases(at))
  describe('branches', () => branchCases(at))
  describe('compaction', () => compactionCases(at, get))
  describe('groups', () => groupCases(at))
  describe('search', () => searchCases(at))
  describe('steering', () => steerCases(at, get))
  describe('usage', () => usageCases(at, get))
  describe('tasks', () => taskCases(at))
  describe('approvals', () => approvalCases(at, get))
  describe('tools', () => toolCases(at))
  describe('tools of agents', () => agentToolCases(at, get))
  describe('MCP', () => mcpCases(at, get))
  describe('jobs', () => cronCases(at, get))
  describe('heartbeats', () => heartbeatCases(at))
  describe('models', () => modelCases(at, get))
  describe('wires of models', () => wireCases(at, get))
  describe('configuration', () => configCases(at, get))
  describe('agents and their files', () => agentCases(at, get))
  describe('setup', () => wizardCases(at, get))
  describe('skills', () => skillCases(at, get))
  describe('channels', () => channelCases(at))
  describe('pages and plugins', () => miscCases(at, get))
  describe('voices', () => voiceCases(at, get))
  describe('canvas', () => canvasCases(at, get))
  describe('hooks', () => hookCases(at, get))
  describe('pages', () => pageCases(at, get))
  describe('http', () => httpCases(at, get))
  describe('openai wire', () => openaiCases(at, get))
  describe('keys', () => keyCases(at, get))
  describe('responses', () => responsesCases(at, get))
  describe('responses on a socket', () => responsesSocketCases(at, get))
  describe('observing', () => observeCases(at, get))
  describe('all of it', () => coverageCases(at, get))
}
