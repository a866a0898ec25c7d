// The paths of embeddings, speech and transcriptions. What is done for them is loaded when the first request comes.

import { Hono, type Context } from 'hono'
import { requireJson } from './body.ts'
import type { HttpDeps, HttpEnv } from './env.ts'
import { methodNotAllowed } from './errors.ts'
import { guard } from './guard.ts'
import { assertChatEnabled } from './openai-chat.ts'

type Answer = (c: Context<HttpEnv>, deps: HttpDeps) => Promise<Response>

export function openaiMedia(deps: HttpDeps): Hono<HttpEnv> {
  const may = guard(deps, 'operator.write')
  const opened = (load: () => Promise<Answer>) => async (c: Context<HttpEnv>) => {
    assertChatEnabled(deps)
    return (await load())(c, deps)
  }
  const app = new Hono<HttpEnv>()
  app.post('/v1/embeddings', may, requireJson, opened(async () => (await import('./openai-embeddings.ts')).embed))
  app.all('/v1/embeddings', methodNotAllowed('POST'))
  app.post('/v1/audio/speech', may, requireJson, opened(async () => (await import('./openai-speech.ts')).speak))
  app.all('/v1/audio/speech', methodNotAllowed('POST'))
  app.post('/v1/audio/transcriptions', may, opened(async () => (await import('./openai-transcription.ts')).transcribe))
  app.all('/v1/audio/transcriptions', methodNotAllowed('POST'))
  return app
}
