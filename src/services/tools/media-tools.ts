// Tools that make pictures and speech. What they make lies in the workspace of the agent, below media/.

import * as z from 'zod'
import { fromBase64 } from '../../kit/bytes.ts'
import { uuid } from '../../kit/ids.ts'
import { invalid } from '../../protocol/errors.ts'
import { mayUseModel } from '../../protocol/scopes.ts'
import { splitSessionKey } from '../../protocol/shapes.ts'
import type { AgentFiles } from '../conversation/agent-files.ts'
import type { Models } from '../conversation/models.ts'
import { defineTool, Shown, type Tool } from '../conversation/tools.ts'
import type { ConfigService } from '../operations/config.ts'
import type { Speech } from '../voice/speech.ts'

const text = z.string().min(1)

export interface MediaToolsDeps {
  readonly agentFiles: AgentFiles
  readonly models: Models
  readonly speech: Speech
  readonly config: Pick<ConfigService, 'current'>
}

export function createMediaTools({ agentFiles, models, speech, config }: MediaToolsDeps): readonly Tool[] {
  async function keep(sessionKey: string, ending: string, bytes: Uint8Array): Promise<string> {
    const path = `media/${uuid()}.${ending}`
    await agentFiles.open(splitSessionKey(sessionKey)?.agentId ?? 'main').write(path, bytes)
    return path
  }

  function imageModel(): string | null {
    const choice = config.current.agents?.defaults?.imageGenerationModel
    return (typeof choice === 'string' ? choice : choice?.primary) ?? null
  }

  const imageGenerate = defineTool({
    name: 'image_generate',
    description: 'Makes a picture after a description, and keeps it in your workspace.',
    group: 'media',
    scope: 'operator.write',
    timeoutMs: 5 * 60 * 1000,
    isThere: () => imageModel() !== null,
    params: z.strictObject({ prompt: text.max(32_000), size: z.string().regex(/^\d{2,4}x\d{2,4}$|^auto$/).optional(), model: text.optional().describe('provider/model') }),
    async run({ prompt, size, model }, { principal, sessionKey, signal }) {
      const named = model ?? imageModel()
      if (named === null) throw invalid('no model makes pictures here: set agents.defaults.imageGenerationModel')
      if (!mayUseModel(principal, named)) throw invalid(`this key may not use ${named}`)
      const { base64, mimeType } = await models.image(named).draw({ prompt, ...(size !== undefined && { size }) }, { signal })
      const bytes = fromBase64(base64)
      if (!bytes) throw invalid(`${named} answered something that is no picture`)
      const path = await keep(sessionKey, mimeType.slice('image/'.length), bytes)
      const details = { path, mimeType, bytes: bytes.byteLength, model: named }
      return new Shown(JSON.stringify(details), { images: [{ mimeType, base64 }], details })
    },
  })

  const tts = defineTool({
    name: 'tts',
    description: 'Says a text, and keeps the audio in your workspace.',
    group: 'media',
    scope: 'operator.write',
    timeoutMs: 5 * 60 * 1000,
    isThere: () => speech.active()?.missing === null,
    params: z.strictObject({ text, voice: text.optional() }),
    async run({ text: said, voice }, { sessionKey, signal }) {
      const { bytes, format, provider } = await speech.speak(said, { voice }, signal)
      return { path: await keep(sessionKey, format, bytes), format, bytes: bytes.byteLength, provider }
    },
  })

  return [imageGenerate, tts]
}
