// Written by `npm run gen`. Every method that this folder exports; its file is loaded when it is first called.

import { list, type Api, type ListedMethod } from '../rpc/method.ts'

const agent = () => import('./agent.ts')
const agentsFiles = () => import('./agents-files.ts')
const agentsWorkspace = () => import('./agents-workspace.ts')
const agents = () => import('./agents.ts')
const approval = () => import('./approval.ts')
const artifacts = () => import('./artifacts.ts')
const audit = () => import('./audit.ts')
const browser = () => import('./browser.ts')
const canvas = () => import('./canvas.ts')
const channels = () => import('./channels.ts')
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
const diagnostics = () => import('./diagnostics.ts')
const execApproval = () => import('./exec-approval.ts')
const execApprovals = () => import('./exec-approvals.ts')
const heartbeat = () => import('./heartbeat.ts')
const hooks = () => import('./hooks.ts')
const keys = () => import('./keys.ts')
const logs = () => import('./logs.ts')
const messages = () => import('./messages.ts')
const modelsAuth = () => import('./models-auth.ts')
const models = () => import('./models.ts')
const nodeInvoke = () => import('./node-invoke.ts')
const nodePending = () => import('./node-pending.ts')
const nodeSurface = () => import('./node-surface.ts')
const nodes = () => import('./nodes.ts')
const notHere = () => import('./not-here.ts')
const pages = () => import('./pages.ts')
const pluginApproval = () => import('./plugin-approval.ts')
const plugins = () => import('./plugins.ts')
const pushWeb = () => import('./push-web.ts')
const restart = () => import('./restart.ts')
const secrets = () => import('./secrets.ts')
const sessionPeople = () => import('./session-people.ts')
const sessionsBranches = () => import('./sessions-branches.ts')
const sessionsChange = () => import('./sessions-change.ts')
const sessionsCompaction = () => import('./sessions-compaction.ts')
const sessionsFiles = () => import('./sessions-files.ts')
const sessionsGroups = () => import('./sessions-groups.ts')
const sessionsMany = () => import('./sessions-many.ts')
const sessionsRun = () => import('./sessions-run.ts')
const sessionsSearch = () => import('./sessions-search.ts')
const sessionsSteer = () => import('./sessions-steer.ts')
const sessionsSubscribe = () => import('./sessions-subscribe.ts')
const sessionsUsage = () => import('./sessions-usage.ts')
const sessions = () => import('./sessions.ts')
const skills = () => import('./skills.ts')
const system = () => import('./system.ts')
const talkRealtime = () => import('./talk-realtime.ts')
const talk = () => import('./talk.ts')
const tasks = () => import('./tasks.ts')
const tools = () => import('./tools.ts')
const tts = () => import('./tts.ts')
const update = () => import('./update.ts')
const usage = () => import('./usage.ts')
const users = () => import('./users.ts')
const voicewake = () => import('./voicewake.ts')
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
  list('artifacts.list', 'operator.read', async () => (await artifacts()).artifactsList),
  list('artifacts.get', 'operator.read', async () => (await artifacts()).artifactsGet),
  list('artifacts.download', 'operator.read', async () => (await artifacts()).artifactsDownload),
  list('audit.list', 'operator.read', async () => (await audit()).auditList),
  list('audit.activity.list', 'operator.read', async () => (await audit()).auditActivityList),
  list('audit.calls.list', 'operator.admin', async () => (await audit()).auditCallsList),
  list('browser.request', 'operator.admin', async () => (await browser()).browserRequest),
  list('canvas.open', 'operator.read', async () => (await canvas()).canvasOpen),
  list('channels.status', 'operator.read', async () => (await channels()).channelsStatus),
  list('channels.start', 'operator.admin', async () => (await channels()).channelsStart, { hidden: true }),
  list('channels.stop', 'operator.admin', async () => (await channels()).channelsStop, { hidden: true }),
  list('channels.logout', 'operator.admin', async () => (await channels()).channelsLogout, { hidden: true }),
  list('channels.pairing.list', 'operator.pairing', async () => (await channels()).channelsPairingList),
  list('channels.pairing.approve', 'operator.pairing', async () => (await channels()).channelsPairingApprove, { hidden: true }),
  list('channels.pairing.dismiss', 'operator.pairing', async () => (await channels()).channelsPairingDismiss, { hidden: true }),
  list('web.login.start', 'operator.admin', async () => (await channels()).webLoginStart, { hidden: true }),
  list('web.login.wait', 'operator.admin', async () => (await channels()).webLoginWait, { hidden: true }),
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
  list('diagnostics.stability', 'operator.read', async () => (await diagnostics()).diagnosticsStability),
  list('diagnostics.lanes', 'operator.read', async () => (await diagnostics()).diagnosticsLanes),
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
  list('hooks.requests.list', 'operator.admin', async () => (await hooks()).hooksRequestsList),
  list('keys.create', 'operator.admin', async () => (await keys()).keysCreate),
  list('keys.list', 'operator.admin', async () => (await keys()).keysList),
  list('keys.revoke', 'operator.admin', async () => (await keys()).keysRevoke),
  list('logs.tail', 'operator.read', async () => (await logs()).logsTail),
  list('send', 'operator.write', async () => (await messages()).send),
  list('poll', 'operator.write', async () => (await messages()).poll, { hidden: true }),
  list('message.action', 'operator.write', async () => (await messages()).messageAction, { hidden: true }),
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
  list('plugins.controlUi.list', 'operator.read', async () => (await notHere()).pluginsControlUiList),
  list('board.get', 'operator.read', async () => (await notHere()).boardGet),
  list('question.list', 'operator.questions', async () => (await notHere()).questionList),
  list('sessions.github.options', 'operator.read', async () => (await notHere()).sessionsGithubOptions),
  list('progressCard.get', 'operator.read', async () => (await notHere()).progressCardGet),
  list('taskSuggestions.list', 'operator.read', async () => (await notHere()).taskSuggestionsList),
  list('session.discussion.info', 'operator.read', async () => (await notHere()).sessionDiscussionInfo),
  list('sessions.companion.state', 'operator.read', async () => (await notHere()).sessionsCompanionState),
  list('mentions.list', 'operator.read', async () => (await notHere()).mentionsList),
  list('sessions.catalog.list', 'operator.read', async () => (await notHere()).sessionsCatalogList),
  list('hooks.status', 'operator.read', async () => (await notHere()).hooksStatus),
  list('themes.list', 'operator.read', async () => (await notHere()).themesList),
  list('skills.library.list', 'operator.read', async () => (await notHere()).skillsLibraryList),
  list('ui.command', 'operator.write', async () => (await pages()).uiCommand),
  list('sessions.viewers.set', 'operator.read', async () => (await pages()).sessionsViewersSet),
  list('sessions.observer.visibility', 'operator.read', async () => (await pages()).sessionsObserverVisibility),
  list('plugin.approval.request', 'operator.approvals', async () => (await pluginApproval()).pluginApprovalRequest),
  list('plugin.approval.waitDecision', 'operator.approvals', async () => (await pluginApproval()).pluginApprovalWaitDecision),
  list('plugin.approval.resolve', 'operator.approvals', async () => (await pluginApproval()).pluginApprovalResolve),
  list('plugin.approval.list', 'operator.approvals', async () => (await pluginApproval()).pluginApprovalList),
  list('openclaw.approval.list', 'operator.approvals', async () => (await pluginApproval()).openclawApprovalList),
  list('plugins.list', 'operator.read', async () => (await plugins()).pluginsList),
  list('plugins.inspect', 'operator.read', async () => (await plugins()).pluginsInspect),
  list('plugins.catalog.browse', 'operator.read', async () => (await plugins()).pluginsCatalogBrowse),
  list('plugins.install', 'operator.admin', async () => (await plugins()).pluginsInstall, { hidden: true }),
  list('plugins.setEnabled', 'operator.admin', async () => (await plugins()).pluginsSetEnabled),
  list('plugins.uninstall', 'operator.admin', async () => (await plugins()).pluginsUninstall, { hidden: true }),
  list('plugins.refresh', 'operator.admin', async () => (await plugins()).pluginsRefresh),
  list('push.web.vapidPublicKey', 'operator.write', async () => (await pushWeb()).pushWebVapidPublicKey),
  list('push.web.subscribe', 'operator.write', async () => (await pushWeb()).pushWebSubscribe),
  list('push.web.unsubscribe', 'operator.write', async () => (await pushWeb()).pushWebUnsubscribe),
  list('push.web.test', 'operator.write', async () => (await pushWeb()).pushWebTest),
  list('gateway.restart.preflight', 'operator.read', async () => (await restart()).gatewayRestartPreflight),
  list('gateway.restart.request', 'operator.admin', async () => (await restart()).gatewayRestartRequest, { needs: ['restart'] }),
  list('secrets.reload', 'operator.admin', async () => (await secrets()).secretsReload),
  list('secrets.resolve', 'operator.admin', async () => (await secrets()).secretsResolve),
  list('session.members.listEvidence', 'operator.read', async () => (await sessionPeople()).sessionMembersListEvidence),
  list('projects.list', 'operator.read', async () => (await sessionPeople()).projectsList),
  list('sessions.fork', 'operator.write', async () => (await sessionsBranches()).sessionsFork),
  list('sessions.rewind', 'operator.admin', async () => (await sessionsBranches()).sessionsRewind),
  list('sessions.branches.list', 'operator.read', async () => (await sessionsBranches()).sessionsBranchesList),
  list('sessions.branches.switch', 'operator.admin', async () => (await sessionsBranches()).sessionsBranchesSwitch),
  list('sessions.create', 'operator.write', async () => (await sessionsChange()).sessionsCreate),
  list('sessions.patch', 'operator.write', async () => (await sessionsChange()).sessionsPatch),
  list('sessions.reset', 'operator.admin', async () => (await sessionsChange()).sessionsReset),
  list('sessions.delete', 'operator.admin', async () => (await sessionsChange()).sessionsDelete),
  list('sessions.compact', 'operator.admin', async () => (await sessionsCompaction()).sessionsCompact),
  list('sessions.compaction.list', 'operator.read', async () => (await sessionsCompaction()).sessionsCompactionList),
  list('sessions.compaction.branch', 'operator.write', async () => (await sessionsCompaction()).sessionsCompactionBranch),
  list('sessions.compaction.restore', 'operator.admin', async () => (await sessionsCompaction()).sessionsCompactionRestore),
  list('sessions.files.list', 'operator.read', async () => (await sessionsFiles()).sessionsFilesList),
  list('sessions.files.get', 'operator.read', async () => (await sessionsFiles()).sessionsFilesGet),
  list('sessions.files.set', 'operator.admin', async () => (await sessionsFiles()).sessionsFilesSet),
  list('sessions.groups.list', 'operator.read', async () => (await sessionsGroups()).sessionsGroupsList),
  list('sessions.groups.defaults', 'operator.write', async () => (await sessionsGroups()).sessionsGroupsDefaults),
  list('sessions.groups.put', 'operator.write', async () => (await sessionsGroups()).sessionsGroupsPut),
  list('sessions.groups.rename', 'operator.write', async () => (await sessionsGroups()).sessionsGroupsRename),
  list('sessions.groups.delete', 'operator.write', async () => (await sessionsGroups()).sessionsGroupsDelete),
  list('sessions.patchMany', 'operator.write', async () => (await sessionsMany()).sessionsPatchMany),
  list('sessions.cleanup', 'operator.admin', async () => (await sessionsMany()).sessionsCleanup),
  list('sessions.send', 'operator.write', async () => (await sessionsRun()).sessionsSend),
  list('sessions.abort', 'operator.write', async () => (await sessionsRun()).sessionsAbort),
  list('sessions.search', 'operator.read', async () => (await sessionsSearch()).sessionsSearch),
  list('memory.search', 'operator.read', async () => (await sessionsSearch()).memorySearch),
  list('sessions.steer', 'operator.write', async () => (await sessionsSteer()).sessionsSteer, { hidden: true }),
  list('sessions.subscribe', 'operator.read', async () => (await sessionsSubscribe()).sessionsSubscribe),
  list('sessions.messages.subscribe', 'operator.read', async () => (await sessionsSubscribe()).sessionsMessagesSubscribe),
  list('sessions.messages.unsubscribe', 'operator.read', async () => (await sessionsSubscribe()).sessionsMessagesUnsubscribe),
  list('sessions.usage', 'operator.read', async () => (await sessionsUsage()).sessionsUsage, { hidden: true }),
  list('sessions.usage.timeseries', 'operator.read', async () => (await sessionsUsage()).sessionsUsageTimeseries, { hidden: true }),
  list('sessions.usage.logs', 'operator.read', async () => (await sessionsUsage()).sessionsUsageLogs, { hidden: true }),
  list('sessions.list', 'operator.read', async () => (await sessions()).sessionsList),
  list('sessions.preview', 'operator.read', async () => (await sessions()).sessionsPreview),
  list('sessions.resolve', 'operator.read', async () => (await sessions()).sessionsResolve, { hidden: true }),
  list('sessions.describe', 'operator.read', async () => (await sessions()).sessionsDescribe),
  list('sessions.get', 'operator.read', async () => (await sessions()).sessionsGet, { hidden: true }),
  list('skills.status', 'operator.read', async () => (await skills()).skillsStatus),
  list('skills.search', 'operator.read', async () => (await skills()).skillsSearch),
  list('skills.detail', 'operator.read', async () => (await skills()).skillsDetail),
  list('skills.install', 'operator.admin', async () => (await skills()).skillsInstall, { hidden: true }),
  list('skills.update', 'operator.admin', async () => (await skills()).skillsUpdate),
  list('health', 'operator.read', async () => (await system()).health, { role: 'any' }),
  list('health.subscribe', 'operator.read', async () => (await system()).healthSubscribe),
  list('status', 'operator.read', async () => (await system()).status),
  list('system-presence', 'operator.read', async () => (await system()).systemPresence),
  list('system.info', 'operator.read', async () => (await system()).systemInfo, { needs: ['system'] }),
  list('gateway.identity.get', 'operator.read', async () => (await system()).gatewayIdentityGet),
  list('talk.client.create', 'operator.talk', async () => (await talkRealtime()).talkClientCreate, { hidden: true }),
  list('talk.client.transcript', 'operator.talk', async () => (await talkRealtime()).talkClientTranscript, { hidden: true }),
  list('talk.client.close', 'operator.talk', async () => (await talkRealtime()).talkClientClose, { hidden: true }),
  list('talk.client.toolCall', 'operator.talk', async () => (await talkRealtime()).talkClientToolCall, { hidden: true }),
  list('talk.client.steer', 'operator.talk', async () => (await talkRealtime()).talkClientSteer, { hidden: true }),
  list('talk.session.create', 'operator.talk', async () => (await talkRealtime()).talkSessionCreate, { hidden: true }),
  list('talk.session.appendAudio', 'operator.talk', async () => (await talkRealtime()).talkSessionAppendAudio, { hidden: true }),
  list('talk.session.cancelOutput', 'operator.talk', async () => (await talkRealtime()).talkSessionCancelOutput, { hidden: true }),
  list('talk.session.acknowledgeMark', 'operator.talk', async () => (await talkRealtime()).talkSessionAcknowledgeMark, { hidden: true }),
  list('talk.session.submitToolResult', 'operator.talk', async () => (await talkRealtime()).talkSessionSubmitToolResult, { hidden: true }),
  list('talk.session.steer', 'operator.talk', async () => (await talkRealtime()).talkSessionSteer, { hidden: true }),
  list('talk.session.close', 'operator.talk', async () => (await talkRealtime()).talkSessionClose, { hidden: true }),
  list('talk.config', 'operator.read', async () => (await talk()).talkConfig),
  list('talk.catalog', 'operator.read', async () => (await talk()).talkCatalog),
  list('talk.speak', 'operator.talk', async () => (await talk()).talkSpeak),
  list('talk.mode', 'operator.talk', async () => (await talk()).talkMode),
  list('tasks.list', 'operator.read', async () => (await tasks()).tasksList),
  list('tasks.get', 'operator.read', async () => (await tasks()).tasksGet),
  list('tasks.cancel', 'operator.write', async () => (await tasks()).tasksCancel),
  list('tools.catalog', 'operator.read', async () => (await tools()).toolsCatalog),
  list('tools.effective', 'operator.read', async () => (await tools()).toolsEffective),
  list('tools.invoke', 'operator.write', async () => (await tools()).toolsInvoke),
  list('tts.status', 'operator.read', async () => (await tts()).ttsStatus),
  list('tts.providers', 'operator.read', async () => (await tts()).ttsProviders),
  list('tts.personas', 'operator.read', async () => (await tts()).ttsPersonas),
  list('tts.enable', 'operator.write', async () => (await tts()).ttsEnable),
  list('tts.disable', 'operator.write', async () => (await tts()).ttsDisable),
  list('tts.setProvider', 'operator.write', async () => (await tts()).ttsSetProvider),
  list('tts.setPersona', 'operator.write', async () => (await tts()).ttsSetPersona),
  list('tts.convert', 'operator.write', async () => (await tts()).ttsConvert),
  list('tts.speak', 'operator.write', async () => (await tts()).ttsSpeak),
  list('update.status', 'operator.admin', async () => (await update()).updateStatus),
  list('update.run', 'operator.admin', async () => (await update()).updateRun, { needs: ['update'] }),
  list('update.hold', 'operator.admin', async () => (await update()).updateHold),
  list('usage.status', 'operator.read', async () => (await usage()).usageStatus),
  list('usage.cost', 'operator.read', async () => (await usage()).usageCost),
  list('users.self', 'operator.write', async () => (await users()).usersSelf),
  list('users.prefs.get', 'operator.read', async () => (await users()).usersPrefsGet),
  list('users.prefs.set', 'operator.write', async () => (await users()).usersPrefsSet),
  list('voicewake.get', 'operator.read', async () => (await voicewake()).voicewakeGet),
  list('voicewake.set', 'operator.write', async () => (await voicewake()).voicewakeSet),
  list('voicewake.routing.get', 'operator.read', async () => (await voicewake()).voicewakeRoutingGet),
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
  | Loaded<typeof artifacts>['artifactsList']
  | Loaded<typeof artifacts>['artifactsGet']
  | Loaded<typeof artifacts>['artifactsDownload']
  | Loaded<typeof audit>['auditList']
  | Loaded<typeof audit>['auditActivityList']
  | Loaded<typeof audit>['auditCallsList']
  | Loaded<typeof browser>['browserRequest']
  | Loaded<typeof canvas>['canvasOpen']
  | Loaded<typeof channels>['channelsStatus']
  | Loaded<typeof channels>['channelsStart']
  | Loaded<typeof channels>['channelsStop']
  | Loaded<typeof channels>['channelsLogout']
  | Loaded<typeof channels>['channelsPairingList']
  | Loaded<typeof channels>['channelsPairingApprove']
  | Loaded<typeof channels>['channelsPairingDismiss']
  | Loaded<typeof channels>['webLoginStart']
  | Loaded<typeof channels>['webLoginWait']
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
  | Loaded<typeof diagnostics>['diagnosticsStability']
  | Loaded<typeof diagnostics>['diagnosticsLanes']
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
  | Loaded<typeof hooks>['hooksRequestsList']
  | Loaded<typeof keys>['keysCreate']
  | Loaded<typeof keys>['keysList']
  | Loaded<typeof keys>['keysRevoke']
  | Loaded<typeof logs>['logsTail']
  | Loaded<typeof messages>['send']
  | Loaded<typeof messages>['poll']
  | Loaded<typeof messages>['messageAction']
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
  | Loaded<typeof notHere>['pluginsControlUiList']
  | Loaded<typeof notHere>['boardGet']
  | Loaded<typeof notHere>['questionList']
  | Loaded<typeof notHere>['sessionsGithubOptions']
  | Loaded<typeof notHere>['progressCardGet']
  | Loaded<typeof notHere>['taskSuggestionsList']
  | Loaded<typeof notHere>['sessionDiscussionInfo']
  | Loaded<typeof notHere>['sessionsCompanionState']
  | Loaded<typeof notHere>['mentionsList']
  | Loaded<typeof notHere>['sessionsCatalogList']
  | Loaded<typeof notHere>['hooksStatus']
  | Loaded<typeof notHere>['themesList']
  | Loaded<typeof notHere>['skillsLibraryList']
  | Loaded<typeof pages>['uiCommand']
  | Loaded<typeof pages>['sessionsViewersSet']
  | Loaded<typeof pages>['sessionsObserverVisibility']
  | Loaded<typeof pluginApproval>['pluginApprovalRequest']
  | Loaded<typeof pluginApproval>['pluginApprovalWaitDecision']
  | Loaded<typeof pluginApproval>['pluginApprovalResolve']
  | Loaded<typeof pluginApproval>['pluginApprovalList']
  | Loaded<typeof pluginApproval>['openclawApprovalList']
  | Loaded<typeof plugins>['pluginsList']
  | Loaded<typeof plugins>['pluginsInspect']
  | Loaded<typeof plugins>['pluginsCatalogBrowse']
  | Loaded<typeof plugins>['pluginsInstall']
  | Loaded<typeof plugins>['pluginsSetEnabled']
  | Loaded<typeof plugins>['pluginsUninstall']
  | Loaded<typeof plugins>['pluginsRefresh']
  | Loaded<typeof pushWeb>['pushWebVapidPublicKey']
  | Loaded<typeof pushWeb>['pushWebSubscribe']
  | Loaded<typeof pushWeb>['pushWebUnsubscribe']
  | Loaded<typeof pushWeb>['pushWebTest']
  | Loaded<typeof restart>['gatewayRestartPreflight']
  | Loaded<typeof restart>['gatewayRestartRequest']
  | Loaded<typeof secrets>['secretsReload']
  | Loaded<typeof secrets>['secretsResolve']
  | Loaded<typeof sessionPeople>['sessionMembersListEvidence']
  | Loaded<typeof sessionPeople>['projectsList']
  | Loaded<typeof sessionsBranches>['sessionsFork']
  | Loaded<typeof sessionsBranches>['sessionsRewind']
  | Loaded<typeof sessionsBranches>['sessionsBranchesList']
  | Loaded<typeof sessionsBranches>['sessionsBranchesSwitch']
  | Loaded<typeof sessionsChange>['sessionsCreate']
  | Loaded<typeof sessionsChange>['sessionsPatch']
  | Loaded<typeof sessionsChange>['sessionsReset']
  | Loaded<typeof sessionsChange>['sessionsDelete']
  | Loaded<typeof sessionsCompaction>['sessionsCompact']
  | Loaded<typeof sessionsCompaction>['sessionsCompactionList']
  | Loaded<typeof sessionsCompaction>['sessionsCompactionBranch']
  | Loaded<typeof sessionsCompaction>['sessionsCompactionRestore']
  | Loaded<typeof sessionsFiles>['sessionsFilesList']
  | Loaded<typeof sessionsFiles>['sessionsFilesGet']
  | Loaded<typeof sessionsFiles>['sessionsFilesSet']
  | Loaded<typeof sessionsGroups>['sessionsGroupsList']
  | Loaded<typeof sessionsGroups>['sessionsGroupsDefaults']
  | Loaded<typeof sessionsGroups>['sessionsGroupsPut']
  | Loaded<typeof sessionsGroups>['sessionsGroupsRename']
  | Loaded<typeof sessionsGroups>['sessionsGroupsDelete']
  | Loaded<typeof sessionsMany>['sessionsPatchMany']
  | Loaded<typeof sessionsMany>['sessionsCleanup']
  | Loaded<typeof sessionsRun>['sessionsSend']
  | Loaded<typeof sessionsRun>['sessionsAbort']
  | Loaded<typeof sessionsSearch>['sessionsSearch']
  | Loaded<typeof sessionsSearch>['memorySearch']
  | Loaded<typeof sessionsSteer>['sessionsSteer']
  | Loaded<typeof sessionsSubscribe>['sessionsSubscribe']
  | Loaded<typeof sessionsSubscribe>['sessionsMessagesSubscribe']
  | Loaded<typeof sessionsSubscribe>['sessionsMessagesUnsubscribe']
  | Loaded<typeof sessionsUsage>['sessionsUsage']
  | Loaded<typeof sessionsUsage>['sessionsUsageTimeseries']
  | Loaded<typeof sessionsUsage>['sessionsUsageLogs']
  | Loaded<typeof sessions>['sessionsList']
  | Loaded<typeof sessions>['sessionsPreview']
  | Loaded<typeof sessions>['sessionsResolve']
  | Loaded<typeof sessions>['sessionsDescribe']
  | Loaded<typeof sessions>['sessionsGet']
  | Loaded<typeof skills>['skillsStatus']
  | Loaded<typeof skills>['skillsSearch']
  | Loaded<typeof skills>['skillsDetail']
  | Loaded<typeof skills>['skillsInstall']
  | Loaded<typeof skills>['skillsUpdate']
  | Loaded<typeof system>['health']
  | Loaded<typeof system>['healthSubscribe']
  | Loaded<typeof system>['status']
  | Loaded<typeof system>['systemPresence']
  | Loaded<typeof system>['systemInfo']
  | Loaded<typeof system>['gatewayIdentityGet']
  | Loaded<typeof talkRealtime>['talkClientCreate']
  | Loaded<typeof talkRealtime>['talkClientTranscript']
  | Loaded<typeof talkRealtime>['talkClientClose']
  | Loaded<typeof talkRealtime>['talkClientToolCall']
  | Loaded<typeof talkRealtime>['talkClientSteer']
  | Loaded<typeof talkRealtime>['talkSessionCreate']
  | Loaded<typeof talkRealtime>['talkSessionAppendAudio']
  | Loaded<typeof talkRealtime>['talkSessionCancelOutput']
  | Loaded<typeof talkRealtime>['talkSessionAcknowledgeMark']
  | Loaded<typeof talkRealtime>['talkSessionSubmitToolResult']
  | Loaded<typeof talkRealtime>['talkSessionSteer']
  | Loaded<typeof talkRealtime>['talkSessionClose']
  | Loaded<typeof talk>['talkConfig']
  | Loaded<typeof talk>['talkCatalog']
  | Loaded<typeof talk>['talkSpeak']
  | Loaded<typeof talk>['talkMode']
  | Loaded<typeof tasks>['tasksList']
  | Loaded<typeof tasks>['tasksGet']
  | Loaded<typeof tasks>['tasksCancel']
  | Loaded<typeof tools>['toolsCatalog']
  | Loaded<typeof tools>['toolsEffective']
  | Loaded<typeof tools>['toolsInvoke']
  | Loaded<typeof tts>['ttsStatus']
  | Loaded<typeof tts>['ttsProviders']
  | Loaded<typeof tts>['ttsPersonas']
  | Loaded<typeof tts>['ttsEnable']
  | Loaded<typeof tts>['ttsDisable']
  | Loaded<typeof tts>['ttsSetProvider']
  | Loaded<typeof tts>['ttsSetPersona']
  | Loaded<typeof tts>['ttsConvert']
  | Loaded<typeof tts>['ttsSpeak']
  | Loaded<typeof update>['updateStatus']
  | Loaded<typeof update>['updateRun']
  | Loaded<typeof update>['updateHold']
  | Loaded<typeof usage>['usageStatus']
  | Loaded<typeof usage>['usageCost']
  | Loaded<typeof users>['usersSelf']
  | Loaded<typeof users>['usersPrefsGet']
  | Loaded<typeof users>['usersPrefsSet']
  | Loaded<typeof voicewake>['voicewakeGet']
  | Loaded<typeof voicewake>['voicewakeSet']
  | Loaded<typeof voicewake>['voicewakeRoutingGet']
  | Loaded<typeof wizard>['wizardStart']
  | Loaded<typeof wizard>['wizardNext']
  | Loaded<typeof wizard>['wizardCancel']
  | Loaded<typeof wizard>['wizardStatus']
>
