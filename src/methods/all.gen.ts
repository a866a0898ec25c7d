// Written by `npm run gen`. Every method that this folder exports.

import * as agent from './agent.ts'
import * as agents from './agents.ts'
import * as chat from './chat.ts'
import * as config from './config.ts'
import * as devices from './devices.ts'
import * as logs from './logs.ts'
import * as models from './models.ts'
import * as sessions from './sessions.ts'
import * as system from './system.ts'
import type { AnyMethod, Api } from '../rpc/method.ts'

const ALL = [
  agent.agentRun,
  agent.agentWait,
  agents.agentsList,
  agents.agentIdentityGet,
  chat.chatSend,
  chat.chatAbort,
  chat.chatInject,
  chat.chatHistory,
  chat.chatStartup,
  chat.chatMetadata,
  config.configGet,
  devices.devicePairList,
  devices.devicePairApprove,
  devices.devicePairReject,
  logs.logsTail,
  models.modelsList,
  sessions.sessionsList,
  sessions.sessionsPreview,
  sessions.sessionsResolve,
  sessions.sessionsDescribe,
  sessions.sessionsGet,
  sessions.sessionsCreate,
  sessions.sessionsPatch,
  sessions.sessionsReset,
  sessions.sessionsDelete,
  sessions.sessionsSend,
  sessions.sessionsAbort,
  sessions.sessionsSubscribe,
  sessions.sessionsMessagesSubscribe,
  sessions.sessionsMessagesUnsubscribe,
  system.health,
  system.healthSubscribe,
  system.status,
  system.systemPresence,
  system.systemInfo,
  system.gatewayIdentityGet,
] as const

export const METHODS = ALL as unknown as readonly AnyMethod[]
export type GatewayApi = Api<(typeof ALL)[number]>
