// How the built-in operator puts the results of the gateway's tools into words. It says nothing that is not in them.

interface Result {
  readonly name: string
  readonly text: string
}

export function answerFrom({ name, text }: Result): string {
  const data = parse(text)
  const say = ANSWERS[name]
  return (data !== null && say?.(data)) || text
}

type Data = Record<string, unknown>

function parse(text: string): Data | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? (value as Data) : null
  } catch {
    return null
  }
}

const ANSWERS: Readonly<Record<string, (data: Data) => string | null>> = {
  gateway_status(data) {
    const sessions = data['sessions'] as { count?: number; defaults?: { modelProvider?: string; model?: string } } | undefined
    const model = `${sessions?.defaults?.modelProvider}/${sessions?.defaults?.model}`
    const uptime = duration(Number(data['uptimeMs']))
    return (
      `This is edgeclaw ${String(data['runtimeVersion'])} on ${String(data['runtime'])}, up for ${uptime}. ` +
      `Sessions: ${sessions?.count ?? 0}. Connections: ${Number(data['connections'])}. Running: ${Number(data['activeRuns'])}. Model: ${model}.`
    )
  },
  gateway_health(data) {
    const agents = (data['agents'] as { agentId: string }[] | undefined)?.map((agent) => agent.agentId) ?? []
    return `The gateway is ${data['ok'] === true ? 'healthy' : 'not healthy'}. Agents: ${agents.join(', ')}.`
  },
  sessions_list(data) {
    const rows = (data['sessions'] as { key: string; title?: string; label?: string }[] | undefined) ?? []
    const lines = rows.map(({ key, title, label }) => `- ${key}${label ? ` (${label})` : ''}${title ? `: ${title}` : ''}`)
    return [`There are ${Number(data['total'])} sessions.`, ...lines].join('\n')
  },
  models_list(data) {
    if (!Array.isArray(data)) return null
    const rows = data as { provider: string; model: string; isDefault: boolean }[]
    const lines = rows.map((row) => `- ${row.provider}/${row.model}${row.isDefault ? ' (in use)' : ''}`)
    return ['These models are there:', ...lines].join('\n')
  },
  gateway_confirm({ decision }) {
    return decision === 'approved' ? 'It was approved.' : `It was not approved: ${String(decision)}.`
  },
  session_status(data) {
    const { key, modelProvider, model, totalTokens } = data
    return `Session ${String(key)}: model ${String(modelProvider)}/${String(model)}, ${Number(totalTokens ?? 0)} tokens so far.`
  },
}

function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return `${Math.floor(ms / 1000)} s`
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`
}
