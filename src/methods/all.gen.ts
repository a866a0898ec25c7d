// Written by `npm run gen`. Every method that this folder exports.

import * as agent from './agent.ts'
import * as agents from './agents.ts'
import * as chatHistory from './chat-history.ts'
import * as chat from './chat.ts'
import * as config from './config.ts'
import * as devices from './devices.ts'
import * as logs from './logs.ts'
import * as models from './models.ts'
import * as sessionsChange from './sessions-change.ts'
import * as sessionsRun from './sessions-run.ts'
import * as sessionsSubscribe from './sessions-subscribe.ts'
import * as sessions from './sessions.ts'
import * as system from './system.ts'
import type { AnyMethod, Api } from '../rpc/method.ts'

const ALL = [
  agent.agentRun,
  agent.agentWait,
  agents.agentsList,
  agents.agentIdentityGet,
  chatHistory.chatHistory,
  chatHistory.chatStartup,
  chatHistory.chatMetadata,
  chat.chatSend,
  chat.chatAbort,
  chat.chatInject,
  config.configGet,
  devices.devicePairList,
  devices.devicePairApprove,
  devices.devicePairReject,
  logs.logsTail,
  models.modelsList,
  sessionsChange.sessionsCreate,
  sessionsChange.sessionsPatch,
  sessionsChange.sessionsReset,
  sessionsChange.sessionsDelete,
  sessionsRun.sessionsSend,
  sessionsRun.sessionsAbort,
  sessionsSubscribe.sessionsSubscribe,
  sessionsSubscribe.sessionsMessagesSubscribe,
  sessionsSubscribe.sessionsMessagesUnsubscribe,
  sessions.sessionsList,
  sessions.sessionsPreview,
  sessions.sessionsResolve,
  sessions.sessionsDescribe,
  sessions.sessionsGet,
  system.health,
  system.healthSubscribe,
  system.status,
  system.systemPresence,
  system.systemInfo,
  system.gatewayIdentityGet,
] as const

export const METHODS = ALL as unknown as readonly AnyMethod[]
export type GatewayApi = Api<(typeof ALL)[number]>
