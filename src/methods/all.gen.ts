// Written by `npm run gen`. Every method that this folder exports.

import * as agent from './agent.ts'
import * as agentsFiles from './agents-files.ts'
import * as agentsWorkspace from './agents-workspace.ts'
import * as agents from './agents.ts'
import * as approval from './approval.ts'
import * as chatHistory from './chat-history.ts'
import * as chatMessage from './chat-message.ts'
import * as chat from './chat.ts'
import * as commands from './commands.ts'
import * as configSchema from './config-schema.ts'
import * as configWrite from './config-write.ts'
import * as config from './config.ts'
import * as cron from './cron.ts'
import * as deviceSetup from './device-setup.ts'
import * as devices from './devices.ts'
import * as execApproval from './exec-approval.ts'
import * as execApprovals from './exec-approvals.ts'
import * as heartbeat from './heartbeat.ts'
import * as logs from './logs.ts'
import * as modelsAuth from './models-auth.ts'
import * as models from './models.ts'
import * as nodeInvoke from './node-invoke.ts'
import * as nodePending from './node-pending.ts'
import * as nodeSurface from './node-surface.ts'
import * as nodes from './nodes.ts'
import * as pluginApproval from './plugin-approval.ts'
import * as restart from './restart.ts'
import * as secrets from './secrets.ts'
import * as sessionsChange from './sessions-change.ts'
import * as sessionsFiles from './sessions-files.ts'
import * as sessionsRun from './sessions-run.ts'
import * as sessionsSubscribe from './sessions-subscribe.ts'
import * as sessions from './sessions.ts'
import * as system from './system.ts'
import * as tools from './tools.ts'
import * as update from './update.ts'
import * as wizard from './wizard.ts'
import type { AnyMethod, Api } from '../rpc/method.ts'

const ALL = [
  agent.agentRun,
  agent.agentWait,
  agentsFiles.agentsFilesList,
  agentsFiles.agentsFilesGet,
  agentsFiles.agentsFilesSet,
  agentsWorkspace.agentsWorkspaceList,
  agentsWorkspace.agentsWorkspaceGet,
  agents.agentsList,
  agents.agentIdentityGet,
  agents.agentsCreate,
  agents.agentsUpdate,
  agents.agentsDelete,
  approval.approvalGet,
  approval.approvalResolve,
  approval.approvalHistory,
  chatHistory.chatHistory,
  chatHistory.chatStartup,
  chatHistory.chatMetadata,
  chatMessage.chatMessageGet,
  chatMessage.chatToolTitles,
  chat.chatSend,
  chat.chatAbort,
  chat.chatInject,
  commands.commandsList,
  configSchema.configSchema,
  configSchema.configSchemaLookup,
  configWrite.configSet,
  configWrite.configPatch,
  configWrite.configApply,
  configWrite.configConfirm,
  configWrite.configReload,
  configWrite.configOpenFile,
  config.configGet,
  config.configHistory,
  cron.cronAdd,
  cron.cronUpdate,
  cron.cronRemove,
  cron.cronRun,
  cron.cronGet,
  cron.cronList,
  cron.cronStatus,
  cron.cronRuns,
  deviceSetup.devicePairSetupCode,
  deviceSetup.devicePairSetupStatus,
  devices.devicePairList,
  devices.devicePairApprove,
  devices.devicePairReject,
  devices.devicePairRemove,
  devices.devicePairRename,
  devices.deviceTokenRotate,
  devices.deviceTokenRevoke,
  execApproval.execApprovalRequest,
  execApproval.execApprovalWaitDecision,
  execApproval.execApprovalResolve,
  execApproval.execApprovalList,
  execApproval.execApprovalGet,
  execApproval.execApprovalGrantsList,
  execApproval.execApprovalGrantsRevoke,
  execApprovals.execApprovalsGet,
  execApprovals.execApprovalsSet,
  execApprovals.execApprovalsNodeGet,
  execApprovals.execApprovalsNodeSet,
  heartbeat.wake,
  heartbeat.systemEvent,
  heartbeat.lastHeartbeat,
  heartbeat.setHeartbeats,
  logs.logsTail,
  modelsAuth.modelsAuthStatus,
  modelsAuth.modelsAuthLogout,
  modelsAuth.modelsProbe,
  models.modelsList,
  nodeInvoke.nodeInvoke,
  nodeInvoke.nodeInvokeProgress,
  nodeInvoke.nodeInvokeResult,
  nodePending.nodePendingEnqueue,
  nodePending.nodePendingDrain,
  nodePending.nodePendingPull,
  nodePending.nodePendingAck,
  nodeSurface.nodeEvent,
  nodeSurface.nodeSkillsUpdate,
  nodeSurface.nodePluginToolsUpdate,
  nodeSurface.nodeRunnerInventoryUpdate,
  nodeSurface.nodePluginSurfaceRefresh,
  nodeSurface.skillsBins,
  nodes.nodeList,
  nodes.nodeDescribe,
  nodes.nodeRename,
  nodes.nodePairList,
  nodes.nodePairApprove,
  nodes.nodePairReject,
  nodes.nodePairRemove,
  pluginApproval.pluginApprovalRequest,
  pluginApproval.pluginApprovalWaitDecision,
  pluginApproval.pluginApprovalResolve,
  pluginApproval.pluginApprovalList,
  pluginApproval.openclawApprovalList,
  restart.gatewayRestartPreflight,
  restart.gatewayRestartRequest,
  secrets.secretsReload,
  secrets.secretsResolve,
  sessionsChange.sessionsCreate,
  sessionsChange.sessionsPatch,
  sessionsChange.sessionsReset,
  sessionsChange.sessionsDelete,
  sessionsFiles.sessionsFilesList,
  sessionsFiles.sessionsFilesGet,
  sessionsFiles.sessionsFilesSet,
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
  tools.toolsCatalog,
  tools.toolsEffective,
  tools.toolsInvoke,
  update.updateStatus,
  update.updateRun,
  update.updateHold,
  wizard.wizardStart,
  wizard.wizardNext,
  wizard.wizardCancel,
  wizard.wizardStatus,
] as const

export const METHODS = ALL as unknown as readonly AnyMethod[]
export type GatewayApi = Api<(typeof ALL)[number]>
