// Written by `npm run gen`. Every method that this folder exports; its file is loaded when it is first called.

import { list, type Api, type ListedMethod } from '../rpc/method.ts'

const agent = () => import('./agent.ts')
const agentsFiles = () => import('./agents-files.ts')
const agentsWorkspace = () => import('./agents-workspace.ts')
const agents = () => import('./agents.ts')
const approval = () => import('./approval.ts')
const chatHistory = () => import('./chat-history.ts')
const chatMessage = () => import('./chat-message.ts')
const chat = () => import('./chat.ts')
const commands = () => import('./commands.ts')
const configSchema = () => import('./config-schema.ts')
const configWrite = () => import('./config-write.ts')
const config = () => import('./config.ts')
const cron = () => import('./cron.ts')
const deviceSetup = () => import('./device-setup.ts')
const devices = () => import('./devices.ts')
const execApproval = () => import('./exec-approval.ts')
const execApprovals = () => import('./exec-approvals.ts')
const heartbeat = () => import('./heartbeat.ts')
const logs = () => import('./logs.ts')
const modelsAuth = () => import('./models-auth.ts')
const models = () => import('./models.ts')
const nodeInvoke = () => import('./node-invoke.ts')
const nodePending = () => import('./node-pending.ts')
const nodeSurface = () => import('./node-surface.ts')
const nodes = () => import('./nodes.ts')
const pluginApproval = () => import('./plugin-approval.ts')
const restart = () => import('./restart.ts')
const secrets = () => import('./secrets.ts')
const sessionsChange = () => import('./sessions-change.ts')
const sessionsFiles = () => import('./sessions-files.ts')
const sessionsRun = () => import('./sessions-run.ts')
const sessionsSubscribe = () => import('./sessions-subscribe.ts')
const sessions = () => import('./sessions.ts')
const system = () => import('./system.ts')
const tools = () => import('./tools.ts')
const update = () => import('./update.ts')
const wizard = () => import('./wizard.ts')

export const METHODS: readonly ListedMethod[] = [
  list('agent', 'operator.write', async () => (await agent()).agentRun),
  list('agent.wait', 'operator.write', async () => (await agent()).agentWait),
  list('agents.files.list', 'operator.read', async () => (await agentsFiles()).agentsFilesList),
  list('agents.files.get', 'operator.read', async () => (await agentsFiles()).agentsFilesGet),
  list('agents.files.set', 'operator.admin', async () => (await agentsFiles()).agentsFilesSet),
  list('agents.workspace.list', 'operator.read', async () => (await agentsWorkspace()).agentsWorkspaceList),
  list('agents.workspace.get', 'operator.read', async () => (await agentsWorkspace()).agentsWorkspaceGet),
  list('agents.list', 'operator.read', async () => (await agents()).agentsList),
  list('agent.identity.get', 'operator.read', async () => (await agents()).agentIdentityGet),
  list('agents.create', 'operator.admin', async () => (await agents()).agentsCreate),
  list('agents.update', 'operator.admin', async () => (await agents()).agentsUpdate),
  list('agents.delete', 'operator.admin', async () => (await agents()).agentsDelete),
  list('approval.get', 'operator.approvals', async () => (await approval()).approvalGet),
  list('approval.resolve', 'operator.approvals', async () => (await approval()).approvalResolve),
  list('approval.history', 'operator.approvals', async () => (await approval()).approvalHistory),
  list('chat.history', 'operator.read', async () => (await chatHistory()).chatHistory),
  list('chat.startup', 'operator.read', async () => (await chatHistory()).chatStartup),
  list('chat.metadata', 'operator.read', async () => (await chatHistory()).chatMetadata),
  list('chat.message.get', 'operator.read', async () => (await chatMessage()).chatMessageGet),
  list('chat.toolTitles', 'operator.write', async () => (await chatMessage()).chatToolTitles),
  list('chat.send', 'operator.write', async () => (await chat()).chatSend),
  list('chat.abort', 'operator.write', async () => (await chat()).chatAbort),
  list('chat.inject', 'operator.admin', async () => (await chat()).chatInject, { hidden: true }),
  list('commands.list', 'operator.read', async () => (await commands()).commandsList),
  list('config.schema', 'operator.read', async () => (await configSchema()).configSchema),
  list('config.schema.lookup', 'operator.read', async () => (await configSchema()).configSchemaLookup),
  list('config.set', 'operator.admin', async () => (await configWrite()).configSet),
  list('config.patch', 'operator.admin', async () => (await configWrite()).configPatch),
  list('config.apply', 'operator.admin', async () => (await configWrite()).configApply),
  list('config.confirm', 'operator.admin', async () => (await configWrite()).configConfirm),
  list('config.reload', 'operator.admin', async () => (await configWrite()).configReload),
  list('config.openFile', 'operator.admin', async () => (await configWrite()).configOpenFile, { needs: ['openFile'], hidden: true }),
  list('config.get', 'operator.read', async () => (await config()).configGet),
  list('config.history', 'operator.read', async () => (await config()).configHistory),
  list('cron.add', 'operator.admin', async () => (await cron()).cronAdd),
  list('cron.update', 'operator.admin', async () => (await cron()).cronUpdate),
  list('cron.remove', 'operator.admin', async () => (await cron()).cronRemove),
  list('cron.run', 'operator.admin', async () => (await cron()).cronRun),
  list('cron.get', 'operator.read', async () => (await cron()).cronGet),
  list('cron.list', 'operator.read', async () => (await cron()).cronList),
  list('cron.status', 'operator.read', async () => (await cron()).cronStatus),
  list('cron.runs', 'operator.read', async () => (await cron()).cronRuns),
  list('device.pair.setupCode', 'operator.admin', async () => (await deviceSetup()).devicePairSetupCode, { hidden: true }),
  list('device.pair.setupStatus', 'operator.admin', async () => (await deviceSetup()).devicePairSetupStatus, { hidden: true }),
  list('device.pair.list', 'operator.pairing', async () => (await devices()).devicePairList),
  list('device.pair.approve', 'operator.pairing', async () => (await devices()).devicePairApprove),
  list('device.pair.reject', 'operator.pairing', async () => (await devices()).devicePairReject),
  list('device.pair.remove', 'operator.pairing', async () => (await devices()).devicePairRemove),
  list('device.pair.rename', 'operator.pairing', async () => (await devices()).devicePairRename),
  list('device.token.rotate', 'operator.pairing', async () => (await devices()).deviceTokenRotate),
  list('device.token.revoke', 'operator.pairing', async () => (await devices()).deviceTokenRevoke),
  list('exec.approval.request', 'operator.approvals', async () => (await execApproval()).execApprovalRequest),
  list('exec.approval.waitDecision', 'operator.approvals', async () => (await execApproval()).execApprovalWaitDecision),
  list('exec.approval.resolve', 'operator.approvals', async () => (await execApproval()).execApprovalResolve),
  list('exec.approval.list', 'operator.approvals', async () => (await execApproval()).execApprovalList),
  list('exec.approval.get', 'operator.approvals', async () => (await execApproval()).execApprovalGet),
  list('exec.approval.grants.list', 'operator.approvals', async () => (await execApproval()).execApprovalGrantsList),
  list('exec.approval.grants.revoke', 'operator.approvals', async () => (await execApproval()).execApprovalGrantsRevoke),
  list('exec.approvals.get', 'operator.admin', async () => (await execApprovals()).execApprovalsGet),
  list('exec.approvals.set', 'operator.admin', async () => (await execApprovals()).execApprovalsSet),
  list('exec.approvals.node.get', 'operator.admin', async () => (await execApprovals()).execApprovalsNodeGet),
  list('exec.approvals.node.set', 'operator.admin', async () => (await execApprovals()).execApprovalsNodeSet),
  list('wake', 'operator.write', async () => (await heartbeat()).wake),
  list('system-event', 'operator.admin', async () => (await heartbeat()).systemEvent),
  list('last-heartbeat', 'operator.read', async () => (await heartbeat()).lastHeartbeat),
  list('set-heartbeats', 'operator.admin', async () => (await heartbeat()).setHeartbeats),
  list('logs.tail', 'operator.read', async () => (await logs()).logsTail),
  list('models.authStatus', 'operator.read', async () => (await modelsAuth()).modelsAuthStatus),
  list('models.authLogout', 'operator.admin', async () => (await modelsAuth()).modelsAuthLogout),
  list('models.probe', 'operator.admin', async () => (await modelsAuth()).modelsProbe),
  list('models.list', 'operator.read', async () => (await models()).modelsList),
  list('node.invoke', 'operator.write', async () => (await nodeInvoke()).nodeInvoke),
  list('node.invoke.progress', null, async () => (await nodeInvoke()).nodeInvokeProgress, { role: 'node' }),
  list('node.invoke.result', null, async () => (await nodeInvoke()).nodeInvokeResult, { role: 'node' }),
  list('node.pending.enqueue', 'operator.write', async () => (await nodePending()).nodePendingEnqueue),
  list('node.pending.drain', null, async () => (await nodePending()).nodePendingDrain, { role: 'node' }),
  list('node.pending.pull', null, async () => (await nodePending()).nodePendingPull, { role: 'node' }),
  list('node.pending.ack', null, async () => (await nodePending()).nodePendingAck, { role: 'node' }),
  list('node.event', null, async () => (await nodeSurface()).nodeEvent, { role: 'node' }),
  list('node.skills.update', null, async () => (await nodeSurface()).nodeSkillsUpdate, { role: 'node' }),
  list('node.pluginTools.update', null, async () => (await nodeSurface()).nodePluginToolsUpdate, { role: 'node' }),
  list('node.runnerInventory.update', null, async () => (await nodeSurface()).nodeRunnerInventoryUpdate, { role: 'node', hidden: true }),
  list('node.pluginSurface.refresh', null, async () => (await nodeSurface()).nodePluginSurfaceRefresh, { role: 'node' }),
  list('skills.bins', null, async () => (await nodeSurface()).skillsBins, { role: 'node' }),
  list('node.list', 'operator.read', async () => (await nodes()).nodeList),
  list('node.describe', 'operator.read', async () => (await nodes()).nodeDescribe),
  list('node.rename', 'operator.pairing', async () => (await nodes()).nodeRename),
  list('node.pair.list', 'operator.pairing', async () => (await nodes()).nodePairList),
  list('node.pair.approve', 'operator.pairing', async () => (await nodes()).nodePairApprove),
  list('node.pair.reject', 'operator.pairing', async () => (await nodes()).nodePairReject),
  list('node.pair.remove', 'operator.pairing', async () => (await nodes()).nodePairRemove),
  list('plugin.approval.request', 'operator.approvals', async () => (await pluginApproval()).pluginApprovalRequest),
  list('plugin.approval.waitDecision', 'operator.approvals', async () => (await pluginApproval()).pluginApprovalWaitDecision),
  list('plugin.approval.resolve', 'operator.approvals', async () => (await pluginApproval()).pluginApprovalResolve),
  list('plugin.approval.list', 'operator.approvals', async () => (await pluginApproval()).pluginApprovalList),
  list('openclaw.approval.list', 'operator.approvals', async () => (await pluginApproval()).openclawApprovalList),
  list('gateway.restart.preflight', 'operator.read', async () => (await restart()).gatewayRestartPreflight),
  list('gateway.restart.request', 'operator.admin', async () => (await restart()).gatewayRestartRequest, { needs: ['restart'] }),
  list('secrets.reload', 'operator.admin', async () => (await secrets()).secretsReload),
  list('secrets.resolve', 'operator.admin', async () => (await secrets()).secretsResolve),
  list('sessions.create', 'operator.write', async () => (await sessionsChange()).sessionsCreate),
  list('sessions.patch', 'operator.write', async () => (await sessionsChange()).sessionsPatch),
  list('sessions.reset', 'operator.admin', async () => (await sessionsChange()).sessionsReset),
  list('sessions.delete', 'operator.admin', async () => (await sessionsChange()).sessionsDelete),
  list('sessions.files.list', 'operator.read', async () => (await sessionsFiles()).sessionsFilesList),
  list('sessions.files.get', 'operator.read', async () => (await sessionsFiles()).sessionsFilesGet),
  list('sessions.files.set', 'operator.admin', async () => (await sessionsFiles()).sessionsFilesSet),
  list('sessions.send', 'operator.write', async () => (await sessionsRun()).sessionsSend),
  list('sessions.abort', 'operator.write', async () => (await sessionsRun()).sessionsAbort),
  list('sessions.subscribe', 'operator.read', async () => (await sessionsSubscribe()).sessionsSubscribe),
  list('sessions.messages.subscribe', 'operator.read', async () => (await sessionsSubscribe()).sessionsMessagesSubscribe),
  list('sessions.messages.unsubscribe', 'operator.read', async () => (await sessionsSubscribe()).sessionsMessagesUnsubscribe),
  list('sessions.list', 'operator.read', async () => (await sessions()).sessionsList),
  list('sessions.preview', 'operator.read', async () => (await sessions()).sessionsPreview),
  list('sessions.resolve', 'operator.read', async () => (await sessions()).sessionsResolve, { hidden: true }),
  list('sessions.describe', 'operator.read', async () => (await sessions()).sessionsDescribe),
  list('sessions.get', 'operator.read', async () => (await sessions()).sessionsGet, { hidden: true }),
  list('health', 'operator.read', async () => (await system()).health, { role: 'any' }),
  list('health.subscribe', 'operator.read', async () => (await system()).healthSubscribe),
  list('status', 'operator.read', async () => (await system()).status),
  list('system-presence', 'operator.read', async () => (await system()).systemPresence),
  list('system.info', 'operator.read', async () => (await system()).systemInfo, { needs: ['system'] }),
  list('gateway.identity.get', 'operator.read', async () => (await system()).gatewayIdentityGet),
  list('tools.catalog', 'operator.read', async () => (await tools()).toolsCatalog),
  list('tools.effective', 'operator.read', async () => (await tools()).toolsEffective),
  list('tools.invoke', 'operator.write', async () => (await tools()).toolsInvoke),
  list('update.status', 'operator.admin', async () => (await update()).updateStatus),
  list('update.run', 'operator.admin', async () => (await update()).updateRun, { needs: ['update'] }),
  list('update.hold', 'operator.admin', async () => (await update()).updateHold),
  list('wizard.start', 'operator.admin', async () => (await wizard()).wizardStart),
  list('wizard.next', 'operator.admin', async () => (await wizard()).wizardNext),
  list('wizard.cancel', 'operator.admin', async () => (await wizard()).wizardCancel),
  list('wizard.status', 'operator.admin', async () => (await wizard()).wizardStatus),
]

type Loaded<F extends () => Promise<unknown>> = Awaited<ReturnType<F>>

export type GatewayApi = Api<
  | Loaded<typeof agent>['agentRun']
  | Loaded<typeof agent>['agentWait']
  | Loaded<typeof agentsFiles>['agentsFilesList']
  | Loaded<typeof agentsFiles>['agentsFilesGet']
  | Loaded<typeof agentsFiles>['agentsFilesSet']
  | Loaded<typeof agentsWorkspace>['agentsWorkspaceList']
  | Loaded<typeof agentsWorkspace>['agentsWorkspaceGet']
  | Loaded<typeof agents>['agentsList']
  | Loaded<typeof agents>['agentIdentityGet']
  | Loaded<typeof agents>['agentsCreate']
  | Loaded<typeof agents>['agentsUpdate']
  | Loaded<typeof agents>['agentsDelete']
  | Loaded<typeof approval>['approvalGet']
  | Loaded<typeof approval>['approvalResolve']
  | Loaded<typeof approval>['approvalHistory']
  | Loaded<typeof chatHistory>['chatHistory']
  | Loaded<typeof chatHistory>['chatStartup']
  | Loaded<typeof chatHistory>['chatMetadata']
  | Loaded<typeof chatMessage>['chatMessageGet']
  | Loaded<typeof chatMessage>['chatToolTitles']
  | Loaded<typeof chat>['chatSend']
  | Loaded<typeof chat>['chatAbort']
  | Loaded<typeof chat>['chatInject']
  | Loaded<typeof commands>['commandsList']
  | Loaded<typeof configSchema>['configSchema']
  | Loaded<typeof configSchema>['configSchemaLookup']
  | Loaded<typeof configWrite>['configSet']
  | Loaded<typeof configWrite>['configPatch']
  | Loaded<typeof configWrite>['configApply']
  | Loaded<typeof configWrite>['configConfirm']
  | Loaded<typeof configWrite>['configReload']
  | Loaded<typeof configWrite>['configOpenFile']
  | Loaded<typeof config>['configGet']
  | Loaded<typeof config>['configHistory']
  | Loaded<typeof cron>['cronAdd']
  | Loaded<typeof cron>['cronUpdate']
  | Loaded<typeof cron>['cronRemove']
  | Loaded<typeof cron>['cronRun']
  | Loaded<typeof cron>['cronGet']
  | Loaded<typeof cron>['cronList']
  | Loaded<typeof cron>['cronStatus']
  | Loaded<typeof cron>['cronRuns']
  | Loaded<typeof deviceSetup>['devicePairSetupCode']
  | Loaded<typeof deviceSetup>['devicePairSetupStatus']
  | Loaded<typeof devices>['devicePairList']
  | Loaded<typeof devices>['devicePairApprove']
  | Loaded<typeof devices>['devicePairReject']
  | Loaded<typeof devices>['devicePairRemove']
  | Loaded<typeof devices>['devicePairRename']
  | Loaded<typeof devices>['deviceTokenRotate']
  | Loaded<typeof devices>['deviceTokenRevoke']
  | Loaded<typeof execApproval>['execApprovalRequest']
  | Loaded<typeof execApproval>['execApprovalWaitDecision']
  | Loaded<typeof execApproval>['execApprovalResolve']
  | Loaded<typeof execApproval>['execApprovalList']
  | Loaded<typeof execApproval>['execApprovalGet']
  | Loaded<typeof execApproval>['execApprovalGrantsList']
  | Loaded<typeof execApproval>['execApprovalGrantsRevoke']
  | Loaded<typeof execApprovals>['execApprovalsGet']
  | Loaded<typeof execApprovals>['execApprovalsSet']
  | Loaded<typeof execApprovals>['execApprovalsNodeGet']
  | Loaded<typeof execApprovals>['execApprovalsNodeSet']
  | Loaded<typeof heartbeat>['wake']
  | Loaded<typeof heartbeat>['systemEvent']
  | Loaded<typeof heartbeat>['lastHeartbeat']
  | Loaded<typeof heartbeat>['setHeartbeats']
  | Loaded<typeof logs>['logsTail']
  | Loaded<typeof modelsAuth>['modelsAuthStatus']
  | Loaded<typeof modelsAuth>['modelsAuthLogout']
  | Loaded<typeof modelsAuth>['modelsProbe']
  | Loaded<typeof models>['modelsList']
  | Loaded<typeof nodeInvoke>['nodeInvoke']
  | Loaded<typeof nodeInvoke>['nodeInvokeProgress']
  | Loaded<typeof nodeInvoke>['nodeInvokeResult']
  | Loaded<typeof nodePending>['nodePendingEnqueue']
  | Loaded<typeof nodePending>['nodePendingDrain']
  | Loaded<typeof nodePending>['nodePendingPull']
  | Loaded<typeof nodePending>['nodePendingAck']
  | Loaded<typeof nodeSurface>['nodeEvent']
  | Loaded<typeof nodeSurface>['nodeSkillsUpdate']
  | Loaded<typeof nodeSurface>['nodePluginToolsUpdate']
  | Loaded<typeof nodeSurface>['nodeRunnerInventoryUpdate']
  | Loaded<typeof nodeSurface>['nodePluginSurfaceRefresh']
  | Loaded<typeof nodeSurface>['skillsBins']
  | Loaded<typeof nodes>['nodeList']
  | Loaded<typeof nodes>['nodeDescribe']
  | Loaded<typeof nodes>['nodeRename']
  | Loaded<typeof nodes>['nodePairList']
  | Loaded<typeof nodes>['nodePairApprove']
  | Loaded<typeof nodes>['nodePairReject']
  | Loaded<typeof nodes>['nodePairRemove']
  | Loaded<typeof pluginApproval>['pluginApprovalRequest']
  | Loaded<typeof pluginApproval>['pluginApprovalWaitDecision']
  | Loaded<typeof pluginApproval>['pluginApprovalResolve']
  | Loaded<typeof pluginApproval>['pluginApprovalList']
  | Loaded<typeof pluginApproval>['openclawApprovalList']
  | Loaded<typeof restart>['gatewayRestartPreflight']
  | Loaded<typeof restart>['gatewayRestartRequest']
  | Loaded<typeof secrets>['secretsReload']
  | Loaded<typeof secrets>['secretsResolve']
  | Loaded<typeof sessionsChange>['sessionsCreate']
  | Loaded<typeof sessionsChange>['sessionsPatch']
  | Loaded<typeof sessionsChange>['sessionsReset']
  | Loaded<typeof sessionsChange>['sessionsDelete']
  | Loaded<typeof sessionsFiles>['sessionsFilesList']
  | Loaded<typeof sessionsFiles>['sessionsFilesGet']
  | Loaded<typeof sessionsFiles>['sessionsFilesSet']
  | Loaded<typeof sessionsRun>['sessionsSend']
  | Loaded<typeof sessionsRun>['sessionsAbort']
  | Loaded<typeof sessionsSubscribe>['sessionsSubscribe']
  | Loaded<typeof sessionsSubscribe>['sessionsMessagesSubscribe']
  | Loaded<typeof sessionsSubscribe>['sessionsMessagesUnsubscribe']
  | Loaded<typeof sessions>['sessionsList']
  | Loaded<typeof sessions>['sessionsPreview']
  | Loaded<typeof sessions>['sessionsResolve']
  | Loaded<typeof sessions>['sessionsDescribe']
  | Loaded<typeof sessions>['sessionsGet']
  | Loaded<typeof system>['health']
  | Loaded<typeof system>['healthSubscribe']
  | Loaded<typeof system>['status']
  | Loaded<typeof system>['systemPresence']
  | Loaded<typeof system>['systemInfo']
  | Loaded<typeof system>['gatewayIdentityGet']
  | Loaded<typeof tools>['toolsCatalog']
  | Loaded<typeof tools>['toolsEffective']
  | Loaded<typeof tools>['toolsInvoke']
  | Loaded<typeof update>['updateStatus']
  | Loaded<typeof update>['updateRun']
  | Loaded<typeof update>['updateHold']
  | Loaded<typeof wizard>['wizardStart']
  | Loaded<typeof wizard>['wizardNext']
  | Loaded<typeof wizard>['wizardCancel']
  | Loaded<typeof wizard>['wizardStatus']
>
