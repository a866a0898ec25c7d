// What people are told of the keys of the configuration: labels, a sentence of help, and which of them one sets first.

export interface ConfigHint {
  readonly label?: string
  readonly help?: string
  readonly group?: string
  readonly order?: number
  readonly advanced?: boolean
  readonly sensitive?: boolean
  readonly placeholder?: string
}

/** By path, with `*` for the names of maps and for the places of lists. What is not here gets a label out of its key. */
export const CONFIG_HINTS: Readonly<Record<string, ConfigHint>> = {
  gateway: { label: 'Gateway', group: 'Gateway', order: 10, help: 'Where the gateway listens, and who gets in.' },
  'gateway.mode': { label: 'Mode', help: '"local" runs a gateway here; "remote" describes a client of another one.' },
  'gateway.port': { label: 'Port', help: 'The TCP port of the gateway. 18789 unless set.', placeholder: '18789', advanced: false },
  'gateway.bind': { label: 'Network', help: '"loopback" for this machine only, "lan" for the network, "custom" for the address in customBindHost.', advanced: false },
  'gateway.customBindHost': { label: 'Address', help: 'The address to listen on where bind is "custom".', placeholder: '192.168.1.5' },
  'gateway.auth': { label: 'Access', help: 'The shared secret that clients connect with.', advanced: false },
  'gateway.auth.mode': { label: 'Kind of access', help: '"token", "password", or "none" on loopback.', advanced: false },
  'gateway.auth.token': { label: 'Token', help: 'Whoever has it can do everything. A change takes effect at once, and ends connections that used the old one.', advanced: false },
  'gateway.auth.password': { label: 'Password', help: 'As the token, where the kind of access is "password".', advanced: false },
  'gateway.controlUi': { label: 'Control UI', help: 'The pages that the gateway serves.' },
  'gateway.controlUi.allowedOrigins': { label: 'Allowed origins', help: 'Pages of other hosts that may connect, as full origins.', placeholder: 'https://panel.example.com' },
  'gateway.http': { label: 'HTTP API', help: 'The endpoints for OpenAI clients.' },
  'gateway.reload': { label: 'Changes while it runs', help: 'How edits of this file take effect.' },
  'gateway.reload.mode': { label: 'Changes', help: '"hybrid" applies what can change at once and restarts for the rest; "off" waits for a restart.' },
  'gateway.nodes': { label: 'Nodes', help: 'Devices that do things for agents.' },
  'gateway.nodes.pairing.autoApproveLocal': { label: 'Approve this machine', help: 'Devices on this machine that hold the shared secret are paired without asking.' },
  'gateway.maxPayloadBytes': { label: 'Largest message', help: 'Bytes of the largest message after connect, 65536 to 104857600.' },
  agents: { label: 'Agents', group: 'Agents', order: 20, help: 'Who answers, and with which model.' },
  'agents.defaults': { label: 'Defaults', help: 'What holds for all agents that do not say otherwise.', advanced: false },
  'agents.defaults.model': { label: 'Model', help: 'The model of all agents as "provider/model", perhaps with fallbacks.', placeholder: 'openai/gpt-5.5', advanced: false },
  'agents.defaults.workspace': { label: 'Workspace', help: 'The directory of the files of the default agent.', placeholder: '~/agent' },
  'agents.defaults.timeoutSeconds': { label: 'Time limit', help: 'Seconds that one run may take.' },
  'agents.defaults.maxConcurrent': { label: 'Runs at once', help: 'Runs of all sessions that go on side by side.' },
  'agents.list': { label: 'Agents', help: 'The agents in order; the first, or the one marked as default, answers where none is named.' },
  'agents.entries': { label: 'Agents by id', help: 'The agents, each under its id.' },
  models: { label: 'Models', group: 'Models', order: 30, help: 'Providers of language models.' },
  'models.providers': { label: 'Providers', help: 'By the name that models are called with: "name/model".', advanced: false },
  'models.providers.*.baseUrl': { label: 'Address', help: 'The address up to /v1.', placeholder: 'https://api.openai.com/v1', advanced: false },
  'models.providers.*.apiKey': { label: 'API key', help: 'The key, or "${NAME}" for a variable of the environment.', placeholder: '${OPENAI_API_KEY}', advanced: false },
  'models.providers.*.api': { label: 'Wire', help: 'The protocol that the provider speaks: "openai-completions" unless set, "openai-responses", "anthropic-messages", "google-generative-ai", …' },
  'models.providers.*.region': { label: 'Region', help: 'Of Bedrock, such as "eu-north-1"; else AWS_REGION.' },
  'models.providers.*.resourceName': { label: 'Azure resource', help: 'The name in front of .openai.azure.com; else AZURE_RESOURCE_NAME.' },
  'models.embeddings': { label: 'Embeddings', help: 'The model of POST /v1/embeddings where none is named, as "provider/model".', placeholder: 'openai/text-embedding-3-small' },
  'models.transcription': { label: 'Transcription', help: 'The model of POST /v1/audio/transcriptions where none is named, as "provider/model".', placeholder: 'openai/whisper-1' },
  'models.providers.*.models': { label: 'Models', help: 'What is known of its models.' },
  session: { label: 'Sessions', group: 'Sessions', order: 40, help: 'Conversations and their keys.' },
  logging: { label: 'Log', group: 'Log', order: 50, help: 'What is logged.' },
  'logging.level': { label: 'Level', help: '"error", "warn", "info" or "debug".', advanced: false },
  cron: { label: 'Jobs', group: 'Automation', order: 60, help: 'What runs at set times.' },
  tools: { label: 'Tools', group: 'Agents', order: 22, help: 'What agents may do.' },
  'tools.profile': { label: 'Profile', help: '"minimal", "coding", "messaging" or "full": the tools that are selected before the lists below.', advanced: false },
  'tools.allow': { label: 'Allowed', help: 'Only these tools, by name, with "*", or as "group:fs", "group:web", …' },
  'tools.alsoAllow': { label: 'Beside the profile', help: 'Tools that are selected in addition to the profile.' },
  'tools.deny': { label: 'Denied', help: 'Never these tools, whatever else allows them.' },
  'tools.exec.security': { label: 'Programs', help: '"deny": none; "allowlist": those on the list of approvals; "full": any.' },
  'tools.exec.ask': { label: 'Ask first', help: '"on-miss": a person is asked about what is not on the list; "always", or "off".' },
  mcp: { label: 'MCP servers', group: 'Agents', order: 23, help: 'Servers of tools, by HTTP or as programs of this machine.' },
  'mcp.servers.*.url': { label: 'Address', help: 'Of a server that is reached by HTTP.', placeholder: 'https://example.com/mcp' },
  'mcp.servers.*.command': { label: 'Program', help: 'Of a server that is a program of this machine.', placeholder: 'npx' },
  'gateway.tools': { label: 'Tools from outside', help: 'Which tools programs may call without a run: POST /tools/invoke, /mcp and tools.invoke.' },
  hooks: { label: 'Hooks', group: 'Automation', order: 61, help: 'Calls from outside that wake an agent.' },
  channels: { label: 'Channels', group: 'Channels', order: 70, help: 'Where people write from: messengers and the like.' },
  tts: { label: 'Speech', group: 'Voice', order: 80, help: 'How answers are spoken.' },
  talk: { label: 'Talk', group: 'Voice', order: 81, help: 'Conversations by voice.' },
}
